from django.urls import path
from ninja import NinjaAPI, Redoc, Schema
from ninja.security import HttpBearer

from ninja_boost_core import AutoAPI
from ninja_boost_docs import add_rate_limit_headers_to_schema, add_security_scheme, harden_docs


class Token(HttpBearer):
    def authenticate(self, request, token):
        return {"user_id": 1} if token == "letmein" else None


class AsyncToken(HttpBearer):
    async def authenticate(self, request, token):
        return {"user_id": 1} if token == "letmein" else None


class Seat(Schema):
    row: int


class Secret(Schema):
    margin: int


def routes(api):
    @api.get("/seats", tags=["Seats"], response=list[Seat], auth=None)
    def seats(request):
        return [{"row": 1}]

    @api.get("/mine", tags=["Seats"], response=Seat)
    def mine(request):
        return {"row": 7}

    @api.get("/margins", tags=["Internal"], response=Secret, auth=None)
    def margins(request):
        return {"margin": 3}


auto = AutoAPI(auth=Token(), title="Seats <&> more", urls_namespace="auto")
routes(auto)
add_security_scheme(auto, "Partner", bearer_format="JWT")
add_rate_limit_headers_to_schema(auto)

plain = harden_docs(NinjaAPI(auth=AsyncToken(), docs=Redoc(), urls_namespace="plain"))
routes(plain)

untouched = NinjaAPI(urls_namespace="untouched")
routes(untouched)

urlpatterns = [
    path("auto/", auto.urls),
    path("plain/<slug:tenant>/", plain.urls),
    path("untouched/", untouched.urls),
]
