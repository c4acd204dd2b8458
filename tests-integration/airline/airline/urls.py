import warnings

from django.conf import settings
from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import path

from airline.api import api

urlpatterns = [path("api/", api.urls)]

if settings.DEBUG:
    # The scripts of the docs. Django streams static files in a way that ASGI servers warn of.
    warnings.filterwarnings("ignore", "StreamingHttpResponse must consume synchronous iterators")
    urlpatterns += staticfiles_urlpatterns()
