"""An AutoAPI and a plain NinjaAPI in one project."""

from django.urls import path
from ninja import NinjaAPI

from ninja_boost_core import AutoAPI, AutoRouter

router = AutoRouter(auth=None)


@router.get("/item")
def item(request, ctx):
    return {"ctx": ctx["trace_id"]}


@router.get("/broken")
def broken(request, ctx):
    raise RuntimeError("broken on purpose")


@router.get("/native")
async def native(request, ctx):
    return {"ctx": ctx["trace_id"]}


api = AutoAPI(title="boosted", urls_namespace="tracing-boosted")
api.add_router("/things", router)
plain = NinjaAPI(title="plain", urls_namespace="tracing-plain")


@plain.get("/item")
def plain_item(request):
    return {"trace_id": request.trace_id}


urlpatterns = [path("api/", api.urls), path("plain/", plain.urls)]
