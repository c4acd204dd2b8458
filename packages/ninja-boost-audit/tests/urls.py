"""The admin; a test brings its APIs with ``support.serving``."""

from django.contrib import admin
from django.urls import path

urlpatterns = [path("admin/", admin.site.urls)]
