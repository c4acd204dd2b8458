from django.contrib import admin
from django.http import HttpResponse
from django.urls import path
from ninja import NinjaAPI

from ninja_boost_core import ApiError, AutoAPI, AutoRouter
from ninja_boost_security_headers import with_headers

EMBED = {"X-Frame-Options": "ALLOWALL", "X-Widget": "1", "Referrer-Policy": None}

auto = AutoAPI(auth=None, urls_namespace="auto")
router = AutoRouter(auth=None)


@router.get("/plain")
def plain(request, ctx):
    return {"fine": True}


@router.get("/fails")
def fails(request, ctx):
    raise ZeroDivisionError


@router.get("/embed")
@with_headers(EMBED)
def embed(request, ctx):
    return {"fine": True}


@router.get("/aembed")
@with_headers(EMBED)
async def aembed(request, ctx):
    raise ApiError(409, "Not now.")


auto.add_router("", router)
ninja = NinjaAPI(urls_namespace="ninja")


@ninja.get("/embed")
@with_headers(EMBED)
def embed_of_ninja(request):
    return {"fine": True}


def own_policy(request):
    return HttpResponse(headers={"Content-Security-Policy": "default-src https:"})


urlpatterns = [
    path("admin/", admin.site.urls),
    path("auto/", auto.urls),
    path("ninja/", ninja.urls),
    path("page", lambda request: HttpResponse("<p>")),
    path("own-policy", own_policy),
]
