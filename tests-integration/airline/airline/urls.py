import warnings

from django.conf import settings
from django.contrib import admin
from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import path

from airline.api import api

urlpatterns = [path("api/", api.urls), path("admin/", admin.site.urls)]

if settings.DEBUG:
    # The files of the admin. Django streams static files in a way that ASGI servers warn of.
    warnings.filterwarnings("ignore", "StreamingHttpResponse must consume synchronous iterators")
    urlpatterns += staticfiles_urlpatterns()
