from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import path

from airline.api import api

urlpatterns = [path("api/", api.urls), *staticfiles_urlpatterns()]
