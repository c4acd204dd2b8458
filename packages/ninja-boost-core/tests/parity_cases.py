"""What a Ninja project does: each case builds views and says which requests are sent."""

import functools
import io
import json
from typing import Annotated, Literal
from uuid import UUID

import ninja
from asgiref.sync import iscoroutinefunction
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import (
    FileResponse,
    Http404,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt
from ninja import (
    Body,
    Cookie,
    Field,
    File,
    FilterSchema,
    Form,
    Header,
    ModelSchema,
    PatchDict,
    Path,
    Query,
    Schema,
    UploadedFile,
)
from ninja.decorators import decorate_view
from ninja.errors import HttpError, ValidationError
from ninja.pagination import PageNumberPagination, paginate
from ninja.parser import Parser
from ninja.renderers import BaseRenderer
from ninja.responses import codes_4xx
from ninja.security import APIKeyCookie, APIKeyQuery, HttpBearer
from ninja.throttling import BaseThrottle

from . import annotated_views
from .parity import (
    NEEDS_ASYNC_AUTH,
    NEEDS_MOUNTS,
    NEEDS_STATUS,
    NEEDS_STREAMS,
    Req,
    Status,
    case,
    form,
    get,
    post,
)


class Item(Schema):
    name: str
    price: float = 1.5
    note: str | None = None


class Aliased(Schema):
    item_id: int = Field(alias="itemId")
    label: str | None = Field(None, serialization_alias="theLabel")


ITEM = {"name": "map"}
BAD = {"price": "dear"}


@case(
    get("/items"), get("/items/1"), get("/items/x"), get("/missing", own=True), post("/items", ITEM)
)
def several_views_and_unknown_routes(site):
    @site.router.get("/items", response=list[Item])
    def list_items(request):
        return [{"name": "map", "extra": 1}, {"name": "key", "note": "n"}]

    @site.router.get("/items/{number}")
    def show_item(request, number: int):
        return {"number": number}


@case(
    get("/any/none"),
    get("/any/number"),
    get("/any/text"),
    get("/any/list"),
    get("/any/nested"),
    get("/any/bool"),
)
def results_without_a_response_type(site):
    results = {
        "none": None,
        "number": 12.5,
        "text": "plain",
        "list": [],
        "nested": {"a": [1, {"b": None}], "u": UUID(int=5)},
        "bool": False,
    }

    @site.router.get("/any/{name}")
    def show(request, name: str):
        return results[name]


@case(get("/one"), get("/instance"), get("/model"), get("/union?which=1"), get("/union"))
def response_types(site):
    class GroupOut(ModelSchema):
        class Meta:
            model = Group
            fields = ("id", "name")

    @site.router.get("/one", response=Item)
    def one(request):
        return ITEM

    @site.router.get("/instance", response=Item)
    def instance(request):
        return Item(name="made", note="n")

    @site.router.get("/model", response=GroupOut)
    def model(request):
        return Group(id=4, name="crew")

    @site.router.get("/union", response=int | Item)
    def union(request, which: int = 0):
        return which or Item(name="u")


@case(get("/broken"))
def a_result_that_does_not_fit(site):
    @site.router.get("/broken", response=Item)
    def broken(request):
        return {"price": 1}


@case(get("/gone"), get("/lookup"), get("/http"), get("/raise"))
def exceptions(site):
    @site.router.get("/gone")
    def gone(request):
        raise Http404("gone")

    @site.router.get("/lookup")
    def lookup(request):
        return get_object_or_404(Group.objects.none(), pk=1)

    @site.router.get("/http")
    def http(request):
        raise HttpError(409, "conflict")

    @site.router.get("/raise")
    def raise_(request):
        raise KeyError("internal")


@case(get("/stream", own=True), get("/chunks", own=True))
def streaming_responses(site):
    @site.router.get("/stream")
    def stream(request):
        return StreamingHttpResponse(iter([b"a", b"b"]), content_type="text/csv", status=202)

    @site.router.get("/chunks")
    async def chunks(request):
        async def parts():
            for part in (b"1", b"2"):
                yield part

        return StreamingHttpResponse(parts())


@case(
    get("/lines", own=True),
    get("/events", own=True),
    get("/invalid"),
    get("/invalid?count=1", own=True),
    kinds=("sync",),
    skip=NEEDS_STREAMS,
)
def stream_formats(site):
    from ninja.streaming import JSONL, SSE

    @site.router.get("/lines", response=JSONL[Item])
    def lines(request):
        yield {"name": "a", "extra": 1}
        yield Item(name="b")

    @site.router.get("/events", response=SSE[Item], exclude_none=True)
    def events(request, response: HttpResponse):
        response["X-Stream"] = "yes"
        yield {"name": "a"}

    @site.router.get("/invalid", response=JSONL[int])
    def invalid(request, count: int):
        yield count


@case(get("/lines?count=2", own=True), get("/events", own=True), get("/lines"), skip=NEEDS_STREAMS)
def async_generators(site):
    from ninja.streaming import JSONL, SSE

    @site.router.get("/lines", response=JSONL[Item])
    async def lines(request, count: int):
        for number in range(count):
            yield {"name": str(number)}

    @site.router.get("/events", response=SSE[Item])
    async def events(request, response: HttpResponse):
        response["X-Stream"] = "yes"
        response.set_cookie("seen", "1")
        yield {"name": "a"}


@case(
    get("/file", own=True),
    get("/redirect", own=True),
    get("/json", own=True),
    get("/html", own=True),
    get("/refused", own=True),
    get("/empty", own=True),
)
def own_responses(site):
    @site.router.get("/file")
    def file(request):
        return FileResponse(io.BytesIO(b"data"), as_attachment=True, filename="a.bin")

    @site.router.get("/redirect")
    def redirect(request):
        return HttpResponseRedirect("/elsewhere")

    @site.router.get("/json", response=Item)
    def json_response(request):
        return JsonResponse({"is": "mine"}, status=201)

    @site.router.get("/html")
    def html(request):
        response = HttpResponse("<p>", content_type="text/html")
        response["X-Mine"] = "1"
        response.set_cookie("a", "b")
        return response

    @site.router.get("/refused")
    def refused(request):
        return JsonResponse({"ok": True}, status=403)

    @site.router.get("/empty")
    def empty(request):
        return HttpResponse(status=204)


@case(
    *(get(f"/code/{code}") for code in (200, 201, 204, 400, 404, 409, 500)),
    get("/undeclared"),
    skip=NEEDS_STATUS,
)
def status_results(site):
    @site.router.get(
        "/code/{code}", response={200: Item, 201: Item, 204: None, codes_4xx: Item, 500: Item}
    )
    def code(request, code: int):
        return Status(code, None if code == 204 else ITEM)

    @site.router.get("/undeclared", response=Item)
    def undeclared(request):
        return Status(202, ITEM)


@case(get("/tuple"), get("/missing"), get("/three"))
def tuple_results(site):
    @site.router.get("/tuple", response={200: Item, 201: Item})
    def created(request):
        return 201, ITEM

    @site.router.get("/missing", response={200: Item, 404: Item})
    def missing(request):
        return 404, {"name": "nothing"}

    @site.router.get("/three")
    def three(request):
        return 1, 2, 3


@case(
    post("/created", ITEM), post("/created", BAD), Req("put", "/accepted"), Req("delete", "/gone")
)
def one_declared_code(site):
    @site.router.post("/created", response={201: Item})
    def created(request, item: Item):
        return item

    @site.router.put("/accepted", response={202: dict})
    def accepted(request):
        return {"queued": True}

    @site.router.delete("/gone", response={204: None})
    def gone(request):
        return None


@case(get("/200"), get("/418"), get("/503"))
def ellipsis_codes(site):
    class Problem(Schema):
        text: str

    @site.router.get("/{code}", response={200: Item, ...: Problem})
    def answer_with(request, code: int):
        result = ITEM if code == 200 else {"text": "short"}
        return Status(code, result) if Status else (code, result)


@case(get("/none"), get("/none-201"), get("/none-404"), get("/optional"), get("/null"))
def none_responses(site):
    @site.router.get("/none", response=None)
    def none(request):
        return {"ignored": 1}

    @site.router.get("/none-201", response={201: None})
    def none_201(request):
        return None

    @site.router.get("/none-404", response={404: None})
    def none_404(request):
        return None

    @site.router.get("/optional", response=Item | None)
    def optional(request):
        return None

    @site.router.get("/null")
    def null(request):
        return None


@case(get("/headers"), get("/status"), get("/refused"), get("/none"))
def response_argument(site):
    @site.router.get("/headers", response=Item)
    def headers(request, response: HttpResponse):
        response["X-Total"] = "3"
        response["Cache-Control"] = "no-store"
        response.set_cookie("session", "abc", max_age=60, httponly=True)
        response.delete_cookie("old")
        return ITEM

    @site.router.get("/status")
    def status(request, response: HttpResponse):
        response.status_code = 202
        return {"set": 202}

    @site.router.get("/refused", response={200: Item, 403: Item})
    def refused(request, response: HttpResponse):
        response["X-Reason"] = "closed"
        return Status(403, ITEM) if Status else (403, ITEM)

    @site.router.get("/none", response={204: None})
    def none(request, response: HttpResponse):
        response["X-Done"] = "1"


@case(
    form("/form", {"name": "a", "tags": ["x", "y"], "price": "3"}),
    form("/form", {}),
    form("/schema", {"name": "a", "price": "2.5"}),
    form("/schema", {"price": "dear"}),
    post("/form", {"name": "not a form"}),
)
def form_parameters(site):
    @site.router.post("/form")
    def form_fields(request, name: Form[str], tags: Form[list[str]], price: Form[int] = 0):
        return [name, tags, price]

    @site.router.post("/schema")
    def form_schema(request, item: Form[Item]):
        return item


def upload(name, content):
    return lambda: SimpleUploadedFile(name, content, content_type="text/plain")


@case(
    form("/one", {"file": upload("a.txt", b"aa")}),
    form("/one", {}),
    form("/many", {"files": [upload("a.txt", b"a"), upload("b.txt", b"bb")]}),
    form("/mixed", {"file": upload("a.txt", b"a"), "item": json.dumps(ITEM), "flag": "true"}),
    form("/mixed", {"file": upload("a.txt", b"a"), "item": "{", "flag": "true"}),
    form("/mixed", {"item": json.dumps(BAD)}),
    Req("post", "/one", {"data": b"--x\r\nbroken", "content_type": "multipart/form-data"}),
)
def file_parameters(site):
    @site.router.post("/one")
    def one(request, file: File[UploadedFile]):
        return [file.name, file.size, file.content_type]

    @site.router.post("/many")
    def many(request, files: File[list[UploadedFile]]):
        return [file.read().decode() for file in files]

    @site.router.post("/mixed")
    def mixed(request, item: Body[Item], file: File[UploadedFile], flag: Form[bool] = False):
        return {"item": item.dict(), "file": file.name, "flag": flag}


@case(
    post("/one", ITEM),
    post("/one", BAD),
    Req("post", "/one", {"data": "{", "content_type": "application/json"}),
    Req("post", "/one", {"data": b"", "content_type": "application/json"}),
    Req("post", "/one", {"data": b"\xff\xfe", "content_type": "application/json"}),
    post("/two", {"first": ITEM, "second": ITEM}),
    post("/two", {"first": ITEM}),
    post("/list", [ITEM, ITEM]),
    post("/dict", {"a": 1}),
    post("/scalar", {"number": 4}),
)
def bodies(site):
    @site.router.post("/one", response=Item)
    def one(request, item: Item):
        return item

    @site.router.post("/two")
    def two(request, first: Item, second: Item):
        return [first, second]

    @site.router.post("/list")
    def items(request, items: list[Item]):
        return len(items)

    @site.router.post("/dict")
    def mapping(request, values: dict[str, int]):
        return values

    @site.router.post("/scalar")
    def scalar(request, number: Annotated[int, Body(embed=True)] = 1):
        return number


@case(
    Req("patch", "/item", {"data": {"note": None}, "content_type": "application/json"}),
    Req("patch", "/item", {"data": {}, "content_type": "application/json"}),
    Req("patch", "/item", {"data": BAD, "content_type": "application/json"}),
)
def patch_dict(site):
    @site.router.patch("/item")
    def change(request, changes: PatchDict[Item]):
        return changes


# Ninja documents one schema in the shape that came last; AutoAPI makes a component of each.
@case(
    *(
        get(f"/{name}/on{rest}")
        for name in ("none", "unset", "defaults", "alias", "plain")
        for rest in ("", "/list")
    ),
    documents=False,
)
def output_options_of_operations(site):
    options = {
        "none": {"exclude_none": True},
        "unset": {"exclude_unset": True},
        "defaults": {"exclude_defaults": True},
        "alias": {"by_alias": True},
        "plain": {},
    }
    for name, chosen in options.items():
        add_output_views(site.router, f"/{name}/on", **chosen)


def add_output_views(router, path, **options):
    class Both(Item, Aliased):
        pass

    def show(request):
        return {"name": "map", "price": 1.5, "itemId": 3, "label": "l"}

    router.get(path, response=Both, **options)(show)

    @router.get(f"{path}/list", response=list[Both], **options)
    def show_list(request):
        return [{"name": "key", "note": None, "itemId": 4}]


@case(
    *(
        get(f"/{name}/{switch}{rest}")
        for name in ("exclude_none", "exclude_unset", "exclude_defaults", "by_alias")
        for switch in ("on", "off")
        for rest in ("", "/list")
    ),
    documents=False,
)
def output_options_of_routers(site):
    for name in ("exclude_none", "exclude_unset", "exclude_defaults", "by_alias"):
        router = site.Router(**{name: True})
        add_output_views(router, "/on")
        add_output_views(router, "/off", **{name: False})
        site.api.add_router(name, router)


@case(
    get("/int/7"),
    get("/int/-7"),
    get("/int/x"),
    get("/conv/7"),
    get("/conv/x", own=True),
    get("/slug/a-b"),
    get("/path/a/b/c"),
    get("/uuid/12345678-1234-5678-1234-567812345678"),
    get("/uuid/nonsense", own=True),
    get("/uuidtext/12345678-1234-5678-1234-567812345678"),
    get("/limits/11"),
    get("/limits/5"),
    get("/pair/a/3"),
    get("/pair/a/b"),
)
def path_parameters(site):
    router = site.router
    router.get("/int/{value}")(annotated(int))
    router.get("/conv/{int:value}")(annotated(int))
    router.get("/slug/{slug:value}")(annotated(str))
    router.get("/path/{path:value}")(annotated(str))
    router.get("/uuid/{uuid:value}")(annotated(UUID))
    router.get("/uuidtext/{uuid:value}")(annotated(str))
    router.get("/limits/{value}")(annotated(Annotated[int, Path(gt=5, le=10)]))

    class Pair(Schema):
        left: str
        right: int

    @router.get("/pair/{left}/{right}")
    def pair(request, pair: Path[Pair]):
        return pair


def annotated(annotation):
    def show(request, value):
        return [type(value).__name__, value]

    show.__annotations__["value"] = annotation
    return show


class PlaneFilter(FilterSchema):
    name: Annotated[str | None, ninja.FilterLookup(q="name__icontains")] = None
    seats: int | None = None


@case(
    get("/query?number=1&flag=on&tags=a&tags=b"),
    get("/query"),
    get("/query?number=x&flag=perhaps"),
    get("/schema?text=a&page=2&kind=old"),
    get("/schema?kind=wrong"),
    get("/alias?from=3"),
    get("/filter?name=a&seats=2"),
    get("/filter"),
    get("/filter?seats=many"),
    get("/header", headers={"X-Token": "t", "User-Agent": "tests"}),
    get("/header"),
    get("/cookie", headers={"Cookie": "theme=dark"}),
    get("/cookie"),
)
def query_header_and_cookie_parameters(site):
    class Search(Schema):
        text: str | None = None
        page: int = 1
        kind: Literal["new", "old"] = "new"

    @site.router.get("/query")
    def query(request, number: int, tags: Query[list[str]], flag: bool = False):
        return [number, flag, tags]

    @site.router.get("/schema")
    def schema(request, search: Query[Search]):
        return search

    @site.router.get("/alias")
    def alias(request, start: int = Query(0, alias="from", description="The first one.")):
        return start

    @site.router.get("/filter")
    def filter_(request, filters: Query[PlaneFilter]):
        return str(filters.get_filter_expression())

    @site.router.get("/header")
    def header(request, x_token: Header[str], agent: str = Header("none", alias="User-Agent")):
        return [x_token, agent]

    @site.router.get("/cookie")
    def cookie(request, theme: Cookie[str]):
        return theme


def add_header(view):
    """A view decorator: sees the response."""

    @functools.wraps(view)
    def wrapper(request, *args, **kwargs):
        response = view(request, *args, **kwargs)
        response["X-Calls"] = response.get("X-Calls", "") + "v"
        return response

    @functools.wraps(view)
    async def async_wrapper(request, *args, **kwargs):
        response = await view(request, *args, **kwargs)
        response["X-Calls"] = response.get("X-Calls", "") + "v"
        return response

    return async_wrapper if iscoroutinefunction(view) else wrapper


def noting(letter):
    """Return an operation decorator, which sees the result, that appends ``letter`` to it."""

    def decorator(view):
        @functools.wraps(view)
        def wrapper(request, *args, **kwargs):
            return [*view(request, *args, **kwargs), letter]

        @functools.wraps(view)
        async def async_wrapper(request, *args, **kwargs):
            return [*await view(request, *args, **kwargs), letter]

        return async_wrapper if iscoroutinefunction(view) else wrapper

    return decorator


def refusing(view):
    """A view decorator that answers in the view's place without a key."""

    @functools.wraps(view)
    def wrapper(request, *args, **kwargs):
        if "key" not in request.GET:
            return HttpResponse("no key", status=403)
        return view(request, *args, **kwargs)

    @functools.wraps(view)
    async def async_wrapper(request, *args, **kwargs):
        if "key" not in request.GET:
            return HttpResponse("no key", status=403)
        return await view(request, *args, **kwargs)

    return async_wrapper if iscoroutinefunction(view) else wrapper


@case(
    get("/below"),
    get("/above"),
    get("/two"),
    get("/refuse", own=True),
    get("/refuse?key=1"),
    get("/below?n=x"),
)
def decorate_view_around_operations(site):
    @site.router.get("/below")
    @decorate_view(add_header)
    def below(request, n: int = 1):
        return ["below", n]

    @decorate_view(add_header)
    @site.router.get("/above")
    def above(request):
        return ["above"]

    @decorate_view(add_header)
    @site.router.get("/two", response=list[str])
    @decorate_view(add_header, add_header)
    def two(request):
        return ["two"]

    @site.router.get("/refuse")
    @decorate_view(refusing)
    def refuse(request):
        return ["entered"]


@case(get("/own/a?n=2"), get("/own/child/b"), get("/direct"), get("/own/a?n=x"), kinds=("sync",))
def added_decorators(site):
    site.api.add_decorator(noting("api"))
    site.api.add_decorator(add_header, mode="view")
    router, child = site.Router(), site.Router()
    router.add_decorator(noting("router"))
    router.add_decorator(add_header, mode="view")
    child.add_decorator(noting("child"), mode="operation")

    @router.get("/a")
    def a(request, n: int = 1):
        return [n]

    @child.get("/b")
    @decorate_view(add_header)
    def b(request):
        return []

    @site.api.get("/direct")
    def direct(request):
        return []

    router.add_router("/child", child)
    site.api.add_router("/own", router)


@case(get("/a"), get("/b"), get("/refuse", own=True), get("/refuse?key=1"), kinds=("async",))
def added_decorators_on_async_views(site):
    router = site.Router()
    router.add_decorator(noting("one"))
    router.add_decorator(noting("two"))
    router.add_decorator(add_header, mode="view")

    @router.get("/a")
    def a(request, response: HttpResponse):
        response["X-View"] = "a"
        return ["a"]

    site.router.add_decorator(refusing, mode="view")

    @site.router.get("/refuse")
    async def refuse(request):
        return {"entered": True}

    site.api.add_router("", router)

    @router.get("/b")
    async def b(request):
        return ["b"]


class OddRenderer(BaseRenderer):
    media_type = "application/vnd.odd"
    charset = "ascii"

    def render(self, request, data, *, response_status):
        return json.dumps(data, indent=1, default=str).encode()


@case(
    get("/item"),
    get("/list"),
    get("/error"),
    get("/missing", own=True),
    api_options={"renderer": OddRenderer},
)
def custom_renderer(site):
    @site.router.get("/item", response=Item)
    def item(request):
        return ITEM

    @site.router.get("/list")
    def items(request):
        return [1, UUID(int=1)]

    @site.router.get("/error")
    def error(request, number: int):
        return number


class LineParser(Parser):
    def parse_body(self, request):
        return dict(line.split("=") for line in request.body.decode().splitlines())

    def parse_querydict(self, data, list_fields, request):
        parsed = super().parse_querydict(data, list_fields, request)
        return {key: value for key, value in parsed.items() if value != ""}


@case(
    Req("post", "/item?empty=", {"data": b"name=a\nprice=3", "content_type": "text/plain"}),
    Req("post", "/item?empty=", {"data": b"price=3", "content_type": "text/plain"}),
    api_options={"parser": LineParser},
)
def custom_parser(site):
    @site.router.post("/item")
    def item(request, item: Item, empty: str = "unset"):
        return [item, empty]


class Once(BaseThrottle):
    """Allows one request to WSGI and one to ASGI."""

    def __init__(self, wait=7):
        self.seen = set()
        self.seconds = wait

    def allow_request(self, request):
        is_first = type(request) not in self.seen
        self.seen.add(type(request))
        return is_first

    def wait(self):
        return self.seconds


@case(
    *(get(f"/{path}") for path in ("operation", "router/a", "router/child/b", "list") for _ in "12")
)
def throttles(site):
    @site.router.get("/operation", throttle=Once())
    def operation(request):
        return 1

    @site.router.get("/list", throttle=[Once(), Once(None)])
    def several(request):
        return 1

    router, child = site.Router(throttle=Once()), site.Router()

    @router.get("/a")
    def a(request):
        return 1

    @child.get("/b")
    def b(request):
        return 1

    router.add_router("/child", child, throttle=Once())
    site.api.add_router("/router", router)


@case(get("/a"), get("/a"), get("/b"), get("/b"), api_options={"throttle": Once})
def throttle_of_the_api(site):
    @site.router.get("/a")
    def a(request):
        return 1

    @site.router.get("/b", throttle=Once())
    def b(request):
        return 1


class Bearer(HttpBearer):
    def authenticate(self, request, token):
        if token == "odd":
            raise PermissionDenied("odd")
        if token == "stop":
            raise HttpError(418, "stop")
        return token if token == "right" else None


class AsyncBearer(HttpBearer):
    async def authenticate(self, request, token):
        return token if token == "right" else None


class QueryKey(APIKeyQuery):
    def __init__(self, secret):
        super().__init__()
        self.secret = secret

    def authenticate(self, request, key):
        return key == self.secret and key


def bearer(token):
    return {"headers": {"Authorization": f"Bearer {token}"}}


@case(
    *(get("/one", **bearer(token)) for token in ("right", "wrong")),
    get("/one"),
    get("/one", **bearer("stop")),
    get("/several", **bearer("right")),
    get("/several?key=k"),
    get("/several"),
    get("/open"),
    get("/function?who=me"),
    get("/function"),
)
def auth_of_operations(site):
    def who(request):
        return request.GET.get("who")

    def show(request):
        return str(getattr(request, "auth", "nobody"))

    site.router.get("/one", auth=Bearer())(show)
    site.router.get("/several", auth=[Bearer(), QueryKey("k")])(renamed(show, "show_several"))
    site.router.get("/open", auth=None)(renamed(show, "show_open"))
    site.router.get("/function", auth=who)(renamed(show, "show_function"))


@case(get("/a", **bearer("right")), get("/a", **bearer("wrong")), get("/a"), kinds=("async",))
@case(
    get("/a", **bearer("right")),
    get("/a", **bearer("wrong")),
    get("/a"),
    kinds=("sync",),
    skip=NEEDS_ASYNC_AUTH,
)
def async_authentication(site):
    @site.router.get("/a", auth=AsyncBearer())
    def show(request):
        return request.auth


def renamed(view, name):
    @functools.wraps(view)
    def other(request):
        return view(request)

    other.__name__ = name
    return other


@case(
    *(
        get(f"/{path}?key={key}")
        for path in (
            "api",
            "router/a",
            "router/open",
            "router/child/b",
            "router/other/c",
            "mount/d",
        )
        for key in ("api", "router", "other", "mount", "operation", "")
    ),
    api_options={"auth": lambda: QueryKey("api")},
)
def auth_inheritance(site):
    router, child, other = site.Router(auth=QueryKey("router")), site.Router(), site.Router()
    mounted = site.Router()

    def view(name):
        def show(request):
            return [name, str(getattr(request, "auth", None))]

        show.__name__ = name
        return show

    site.router.get("/api")(view("on_api"))
    router.get("/a")(view("a"))
    router.get("/open", auth=None)(view("open_view"))
    child.get("/b")(view("b"))
    other.get("/c")(view("c"))
    mounted.get("/d")(view("d"))
    router.add_router("/child", child)
    router.add_router("/other", other, auth=QueryKey("other"))
    site.api.add_router("/router", router)
    site.api.add_router("/mount", mounted, auth=QueryKey("mount"))


@case(get("/a"), get("/child/b"), get("/child/grand/c"), get("/other/d"))
def tags_and_nesting(site):
    router = site.Router(tags=["outer"])
    child, grand, other = site.Router(tags=["child"]), site.Router(), site.Router(tags=["other"])

    def view(name):
        def show(request):
            return name

        show.__name__ = name
        return show

    router.get("/a", tags=["own"])(view("a"))
    child.get("/b")(view("b"))
    grand.get("/c", tags=[])(view("c"))
    other.get("/d")(view("d"))
    child.add_router("/grand", grand)
    router.add_router("/child", child)
    router.add_router("other", other, tags=["mounted"])
    site.api.add_router("/", router, tags=["top"])


@case(get("/one/x/7"), get("/two/x/7"), get("/two/x/y"), get("/two/x/child"), skip=NEEDS_MOUNTS)
def one_router_mounted_twice(site):
    router, child = site.Router(), site.Router()

    @router.get("/{number}")
    def show(request, number: int):
        return [number, request.resolver_match.url_name]

    @child.get("/child")
    def child_view(request):
        return request.resolver_match.url_name

    router.add_router("", child)
    site.api.add_router("/one/x", router)
    site.api.add_router("/two/x", router, url_name_prefix="second", auth=QueryKey("k"), tags=["t"])


@case(
    get("/kitchen/3", headers={"X-Request": "r"}),
    get("/kitchen/x"),
    api_options={
        "title": lambda: "Kitchen",
        "version": lambda: "9",
        "description": lambda: "Cooks.",
    },
)
def documentation_options(site):
    @site.router.get(
        "/kitchen/{number}",
        response={200: Item, 404: Item},
        operation_id="kitchen_show",
        summary="Shows one",
        description="Longer.",
        tags=["a", "b"],
        deprecated=True,
        url_name="kitchen",
        openapi_extra={
            "x-internal": True,
            "parameters": [{"in": "header", "name": "X-Request", "schema": {"type": "string"}}],
            "responses": {404: {"description": "Not there", "headers": {}}},
        },
    )
    def show(request, number: int):
        """Not this text."""
        return {"name": str(number)}

    @site.router.get("/hidden", include_in_schema=False)
    def hidden(request):
        return "hidden"

    @site.router.get("/documented", response=list[Item])
    def documented(request, item_id: int = Query(..., description="Which.", examples=[3])):
        """Find an item.

        With a second paragraph.
        """
        return []


# One operation of several methods: Ninja documents one operationId for all, AutoAPI one for each.
@case(
    *(Req(method, "/both") for method in ("get", "post", "head", "options", "put", "delete")),
    *(Req(method, "/only") for method in ("get", "head", "options", "trace")),
    *(Req(method, "/many") for method in ("get", "head", "options", "patch")),
    documents=False,
)
def methods(site):
    @site.router.get("/both")
    def read(request):
        return "read"

    @site.router.post("/both")
    def write(request):
        return "written"

    @site.router.get("/only")
    def only(request):
        return "only"

    @site.router.api_operation(["GET", "HEAD", "OPTIONS"], "/many", operation_id="many")
    def many(request):
        return request.method


@case(
    get("/mixed"), post("/mixed", ITEM), Req("delete", "/mixed"), get("/mixed?n=x"), kinds=("sync",)
)
def sync_and_async_on_one_path(site):
    @site.router.get("/mixed")
    def read(request, n: int = 0):
        return ["sync", n]

    @site.router.post("/mixed", auth=None, response={201: Item})
    async def write(request, item: Item):
        return item


@case(get("/direct?n=1"), get("/direct?n=x"), post("/direct", ITEM), get("/async"), kinds=("sync",))
def views_on_the_api_itself(site):
    @site.api.get("/direct")
    def direct(request, n: int):
        return n

    @site.api.post("/direct", response={201: Item})
    def create(request, item: Item):
        return Status(201, item) if Status else item

    @site.api.get("/async", auth=None, tags=["t"])
    async def async_view(request):
        return "async"

    @site.api.api_operation(["PUT", "PATCH"], "/changed", include_in_schema=False)
    def changed(request):
        return "changed"


class OwnError(Exception):
    pass


class ChildError(OwnError):
    pass


@case(
    get("/own", own=True),
    get("/child", own=True),
    get("/invalid?n=x", own=True),
    get("/gone", own=True),
    get("/http", own=True),
    get("/denied", own=True),
    get("/created"),
)
def own_exception_handlers(site):
    @site.api.exception_handler(OwnError)
    def own(request, exc):
        return HttpResponse(f"own: {exc}", status=418)

    @site.api.exception_handler(ValidationError)
    def invalid(request, exc):
        return JsonResponse({"count": len(exc.errors)}, status=400)

    def gone(request, exc):
        return HttpResponse("gone", status=410)

    site.api.add_exception_handler(Http404, gone)

    @site.api.exception_handler(HttpError)
    def http(request, exc):
        return HttpResponse(str(exc), status=exc.status_code)

    @site.api.exception_handler(LookupError)
    def created(request, exc):
        return site.api.create_response(request, {"error": "looked up"}, status=404)

    def raising(name, error):
        def show(request, n: int = 0):
            raise error

        show.__name__ = name
        site.router.get(f"/{name}")(show)

    raising("own", OwnError("a"))
    raising("child", ChildError("b"))
    raising("invalid", AssertionError("never"))
    raising("gone", Http404("x"))
    raising("http", HttpError(409, "busy"))
    raising("denied", HttpError(403, "no"))
    raising("created", KeyError("k"))


class CookieKey(APIKeyCookie):
    def authenticate(self, request, key):
        return key == "right" and key


TOKEN = "a" * 32
WITH_TOKEN = {"Cookie": f"key=right; csrftoken={TOKEN}", "X-CSRFToken": TOKEN}
WITHOUT_TOKEN = {"Cookie": f"key=right; csrftoken={TOKEN}"}


@case(
    *(
        Req(method, path, {"headers": headers})
        for path in ("/checked", "/unchecked", "/exempt")
        for method in ("get", "post")
        for headers in (WITH_TOKEN, WITHOUT_TOKEN, {"Cookie": "key=wrong"}, {})
    ),
    documents=False,
)
def csrf_with_cookie_authentication(site):
    checked, unchecked = CookieKey(), CookieKey(csrf=False)
    checked.param_name = unchecked.param_name = "key"

    def show(request):
        return request.auth

    site.router.api_operation(["GET", "POST"], "/checked", auth=checked)(show)
    site.router.api_operation(["GET", "POST"], "/unchecked", auth=unchecked)(renamed(show, "free"))
    exempt = csrf_exempt(renamed(show, "exempt"))
    site.router.api_operation(["GET", "POST"], "/exempt", auth=checked)(exempt)


@case(
    get("/numbers"),
    get("/numbers?page=2"),
    get("/numbers?page=0"),
    get("/schema?limit=1&offset=1"),
    # Ninja gives a coroutine function async pagination, which a plain list is not made for.
    kinds=("sync",),
)
def ninjas_own_pagination(site):
    @site.router.get("/numbers", response=list[int])
    @paginate(PageNumberPagination, page_size=2)
    def numbers(request):
        return [1, 2, 3]

    @site.router.get("/schema", response=list[Item])
    @paginate
    def items(request):
        return [{"name": "a"}, {"name": "b"}]


@case(
    get("/show/12345678-1234-5678-1234-567812345678?text=a", headers={"Accept-Language": "de"}),
    get("/show/12345678-1234-5678-1234-567812345678"),
    get("/show/nonsense?text=a"),
    post("/change", {"seat": "1A"}),
    post("/change", {}),
    post("/change-async", {"seat": "1A"}),
    kinds=("sync",),
)
def string_annotations(site):
    site.router.get("/show/{number}")(annotated_views.show)
    site.router.post("/change")(annotated_views.change)
    site.router.post("/change-async")(annotated_views.change_async)


@case(get("/partial?n=1"), get("/partial?n=x"), get("/object?n=2"), kinds=("sync",))
def partials_and_callable_objects(site):
    def add(request, n: int, more: int):
        return n + more

    class Adder:
        def __call__(self, request, n: int):
            return n + 100

    names = {"summary": "Adds", "description": "It adds."}
    partial = functools.partial(add, more=10)
    site.router.get("/partial", operation_id="p", url_name="p", **names)(partial)
    site.router.get("/object", operation_id="o", url_name="o", **names)(Adder())


@case(get("/args?a=1&b=2"), get("/args?a=1"), get("/decorated?n=1"), get("/decorated"))
def signatures(site):
    def counting(view):
        @functools.wraps(view)
        def wrapper(request, *args, **kwargs):
            return ["counted", view(request, *args, **kwargs)]

        return wrapper

    @site.router.get("/args")
    def keywords(request, *, a: int, b: int = 5):
        return [a, b]

    @site.router.get("/decorated")
    @counting
    def decorated(request, n: int):
        return n
