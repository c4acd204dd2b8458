import warnings

from django.conf import settings
from django.contrib import admin
from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import path

from airline.api import api, versions
from ninja_boost.metrics import metrics_view

urlpatterns = [
    *[path(f"api/{version}/", each.urls) for version, each in versions.items()],
    path("api/", api.urls),
    path("admin/", admin.site.urls),
    path("metrics", metrics_view),
]

if settings.DEBUG:
    # The files of the admin. Django streams static files in a way that ASGI servers warn of.
    warnings.filterwarnings("ignore", "StreamingHttpResponse must consume synchronous iterators")
    urlpatterns += staticfiles_urlpatterns()
