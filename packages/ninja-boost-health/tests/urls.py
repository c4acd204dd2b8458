"""Probes on a plain NinjaAPI and on an AutoAPI."""

import os
import time

from django.urls import path
from ninja import NinjaAPI

from ninja_boost_core import AutoAPI
from ninja_boost_health import health_router, new_health_router

api = NinjaAPI(urls_namespace="plain")
api.add_router("/health", health_router)


@api.get("/work")
def work(request):
    time.sleep(0.02)
    return {"pid": os.getpid()}


auto = AutoAPI(urls_namespace="auto")
auto.add_router("/health", new_health_router())

urlpatterns = [path("api/", api.urls), path("auto/", auto.urls)]
