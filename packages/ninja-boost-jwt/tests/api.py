"""A plain NinjaAPI and an AutoAPI, each with sync and async operations behind JWTAuth."""

import threading

from django.urls import path
from ninja import NinjaAPI

from ninja_boost_core import AutoAPI, AutoRouter
from ninja_boost_jwt import JWTAuth, jwks, token_router

plain = NinjaAPI(auth=JWTAuth(), urls_namespace="jwt-plain")


@plain.get("/me")
def plain_me(request):
    return request.auth


@plain.get("/native")
async def plain_native(request):
    return request.auth


class Customer(JWTAuth):
    """Looks something up, as a project would in its database."""

    def authenticate(self, request, token):
        claims = super().authenticate(request, token)
        return claims and {"customer": claims["user_id"], "thread": threading.get_ident()}


class AsyncCustomer(JWTAuth):
    async def authenticate(self, request, token):
        claims = super().authenticate(request, token)
        return claims and {"customer": claims["user_id"], "thread": threading.get_ident()}


@plain.get("/customer", auth=Customer())
def customer(request):
    return request.auth


@plain.get("/native-customer", auth=Customer())
async def native_customer(request):
    return {**request.auth, "view_thread": threading.get_ident()}


@plain.get("/async-customer", auth=AsyncCustomer())
async def async_customer(request):
    return {**request.auth, "view_thread": threading.get_ident()}


plain.add_router("/token", token_router())

router = AutoRouter()


@router.get("/me")
def me(request, ctx):
    return ctx["user"]


@router.get("/native")
async def native(request, ctx):
    return ctx["user"]


@router.get("/open", auth=None)
def open_to_all(request, ctx):
    return {"user": ctx["user"]}


@router.get("/native-customer", auth=Customer())
async def boosted_native_customer(request, ctx):
    return {**ctx["user"], "view_thread": threading.get_ident()}


api = AutoAPI(urls_namespace="jwt-boosted")
api.add_router("", router)
api.add_router("/token", token_router())

urlpatterns = [
    path("plain/", plain.urls),
    path("api/", api.urls),
    path(".well-known/jwks.json", jwks),
]
