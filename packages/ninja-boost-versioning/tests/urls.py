"""One implementation behind several versions, by URL, header, query and Accept."""

from django.urls import path
from ninja import NinjaAPI, Router, Schema
from pydantic import Field

from ninja_boost_core import ApiError, AutoAPI, AutoRouter
from ninja_boost_versioning import (
    VersionChange,
    VersionedRouter,
    deprecated,
    require_version,
    version_of,
    versioned_api,
)

MOUNTS_AGAIN = hasattr(NinjaAPI, "_get_bound_routers")
VERSIONS = ["v1", "v2", "v3"]


class Address(Schema):
    street: str
    city: str


class AddressV1(Schema):
    line: str


class Person(Schema):
    first: str
    last: str
    address: Address | None = None


class PersonV2(Schema):
    name: str
    address: Address | None = None


class Order(Schema):
    number: int
    buyer: Person
    others: dict[str, Person] = Field(default={})


def split(body):
    first, _, last = body.pop("name").partition(" ")
    return {**body, "first": first, "last": last}


def joined(data):
    # The new fields are left in on purpose.
    return {**data, "name": f"{data['first']} {data['last']}"}


CHANGES = [
    VersionChange("v3", newer=Person, older=PersonV2, upgrade=split, downgrade=joined),
    VersionChange(
        "v2",
        newer=Address,
        older=AddressV1,
        upgrade=lambda body: dict(zip(("street", "city"), body["line"].split(", "), strict=True)),
        downgrade=lambda data: {"line": f"{data['street']}, {data['city']}"},
    ),
]
ADA = {"first": "Ada", "last": "Byron", "address": {"street": "Square 1", "city": "London"}}


def fill(router, prefix=""):
    @router.get("/people", response=list[Person], operation_id=f"{prefix}people")
    def people(request):
        return [ADA]

    @router.get("/orders/{number}", response=Order, operation_id=f"{prefix}order")
    async def order(request, number: int):
        return {"number": number, "buyer": ADA, "others": {"x": ADA}}

    @router.post("/people", response={201: Person}, operation_id=f"{prefix}create")
    def create(request, payload: Person):
        return payload

    @router.post("/twins", response=list[Person], operation_id=f"{prefix}twins")
    async def twins(request, a: Person, b: Person):
        return [a, b]

    @router.get("/fails", response=Person, operation_id=f"{prefix}fails")
    def fails(request):
        raise ApiError(409, "Not now.")

    return router


apis = versioned_api(VERSIONS, title="Shop", auth=None, changes=CHANGES)


def people_router():
    router = fill(AutoRouter(auth=None))

    @router.get("/version")
    def which(request, ctx):
        return {"ctx": ctx["api_version"], "request": version_of(request)}

    return router


people, plain = people_router(), fill(Router())
for api in apis.values():
    # Ninja 1.5 mounts a router only once.
    api.add_router("", people if MOUNTS_AGAIN else people_router())
    api.add_router("plain", plain if MOUNTS_AGAIN else fill(Router()))
apis["v3"].add_router("finer", both := AutoRouter(auth=None))


@both.get("/")
@require_version("3.1", header="X-Minor")
def finer(request, ctx):
    return ctx["api_version"]


dated = fill(VersionedRouter(VERSIONS, changes=CHANGES, default="v1", auth=None), "dated-")
auto = AutoAPI(auth=None, urls_namespace="auto")
auto.add_router("", dated)
by_ninja = NinjaAPI(urls_namespace="ninja")
by_ninja.add_router(
    "versioned", fill(VersionedRouter(VERSIONS, query="v", changes=CHANGES, auth=None))
)


def routes(router):
    @router.get("/header")
    @require_version("2.0", header="X-API-Version")
    def header(request):
        return version_of(request)

    @router.get("/query")
    @require_version("1.0", "2.0", query="version")
    async def query(request):
        return version_of(request)

    @router.get("/accept")
    @require_version("1.0", "2.0", accept=True, default="1.0")
    def accept(request):
        return version_of(request)

    @router.get("/legacy")
    @deprecated(since="2025-01-01", sunset="2026-12-01", replacement="/api/v2/items/")
    def legacy(request):
        return []

    @router.get("/alegacy")
    @deprecated(
        sunset="2026-12-01T12:00:00+02:00", link="https://example.org/old", sunset_link="/bye"
    )
    async def alegacy(request):
        raise ApiError(409, "Not now.")

    @router.get("/crash")
    @deprecated()
    def crash(request):
        raise ZeroDivisionError

    @router.get("/gone")
    @deprecated(sunset="2020-01-01", replacement="/new", gone=True)
    async def gone(request):
        return []

    @router.get("/late")
    @deprecated(sunset="2020-01-01")
    def late(request):
        return []

    return router


auto.add_router("routes", routes(AutoRouter(auth=None)))
by_ninja.add_router("routes", routes(Router()))

urlpatterns = [
    *(path(f"api/{version}/", api.urls) for version, api in apis.items()),
    path("auto/", auto.urls),
    path("ninja/", by_ninja.urls),
]
