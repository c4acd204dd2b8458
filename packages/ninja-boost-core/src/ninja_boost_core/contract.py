"""The contract between core and the feature packages: Hook, Feature, and Call, which they see.

A feature never wraps a view. It gives hooks, and the one pipeline of core runs them at
the points below, for sync and async operations alike:

=====  ================  ==========================================================
  1    before_auth       limits by address, webhook signatures, requested version
  2    (Ninja's auth)    sets ``request.auth``
  3    (context)         ``call.ctx``; the ``DI`` setting wraps all that follows
  4    after_auth        limits by user, permissions that need no arguments
  5    (validation)      ``call.values``
  6    before_view       object permissions, policies, idempotency, cache look-up
  7    (the view)
  8    after_view        pagination
  9    (rendering)       schema to JSON, envelope
 10    on_response       store, headers, audit, measure; runs on every outcome
=====  ================  ==========================================================

An authentication callback with the attribute ``nonblocking = True`` does no I/O: an async
operation calls it inline, where Ninja would use a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from django.core.checks import CheckMessage
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase
    from ninja import NinjaAPI
    from ninja.operation import Operation

    from .call import Call
    from .conf import SettingsSection
    from .observers import RequestObserver
    from .pings import Ping

__all__ = [
    "Argument",
    "Context",
    "Feature",
    "Hook",
    "OperationDocs",
    "OperationSpec",
    "Order",
]

Context = dict[str, Any]
"""What a view gets as ``ctx``: ``user``, ``ip``, ``trace_id``, ``services`` and what a
custom ``DI`` decorator adds."""


class Order(IntEnum):
    """Where a hook stands inside a point.

    Lower runs first in the ``before_*`` and ``after_auth`` points; ``after_view`` and
    ``on_response`` run in the reverse order, so that a hook closes what it opened. The
    order of decorators in the source never matters. Whatever can refuse a caller stands
    before whatever can answer from a store: a cached or replayed response never reaches
    a caller who would be refused.
    """

    OBSERVE = 100
    AUDIT = 200
    HEADERS = 300
    VERSION = 400
    VERIFY = 500
    RATE_LIMIT = 600
    PERMISSION = 700
    POLICY = 800
    CUSTOM = 850
    IDEMPOTENCY = 900
    CACHE = 1000
    SERVICES = 1100
    PAGINATION = 1200
    QUERIES = 1300


@dataclass(frozen=True, slots=True)
class Argument:
    """A request parameter that a hook adds to an operation.

    Attributes:
        name: key in ``Call.arguments``; must not collide with a parameter of the view.
        annotation: a type or pydantic model. A model's fields become the parameters.
        source: Ninja's parameter source, for example ``ninja.Query(...)``.
    """

    name: str
    annotation: Any
    source: Any


class Hook:
    """What a feature does to a call.

    A subclass overrides the points it needs. Points are plain sync methods; a hook that
    does I/O in a point also overrides its ``a``-prefixed twin, which async operations
    then await. A point without the twin must not block: async operations call it inline.

    A ``before_*`` or ``after_auth`` point may return a response to answer early. To refuse,
    raise ``ninja_boost_core.exceptions.ApiError`` (or any exception that the API handles).
    """

    order: int = Order.CUSTOM
    """Where the hook stands inside each point; see ``Order``. An instance may set its own."""

    arguments: Sequence[Argument] = ()
    """Request parameters that the hook adds; read once, when the operation is registered."""

    def bind(self, operation: Operation) -> Hook | None:
        """Return the hook as it runs for one bound operation.

        Called when the operation is compiled: once after the start, and again after the
        settings changed. Return self, a specialised copy, or None to stay out.

        Raises:
            django.core.exceptions.ImproperlyConfigured: naming the setting or argument
                that is wrong. The system checks report it.
        """
        return self

    def response_annotation(self, annotation: Any, status: int) -> Any:
        """Return the response annotation that replaces the declared one of ``status``."""
        return annotation

    keeps_items: bool = False
    """Whether ``after_view`` leaves the items of a list alone, neither reading nor changing them.
    If all hooks of an operation do, rows may come as columns in the place of model instances."""

    def wrap_view(self, view: Callable[..., Any]) -> Callable[..., Any]:
        """Return a replacement for ``view(request, ctx, **values)``, once, when bound."""
        return view

    def before_auth(self, call: Call) -> HttpResponseBase | None: ...

    async def abefore_auth(self, call: Call) -> HttpResponseBase | None: ...

    def after_auth(self, call: Call) -> HttpResponseBase | None: ...

    async def aafter_auth(self, call: Call) -> HttpResponseBase | None: ...

    def before_view(self, call: Call) -> HttpResponseBase | None: ...

    async def abefore_view(self, call: Call) -> HttpResponseBase | None: ...

    def after_view(self, call: Call, result: Any) -> Any:
        """Return the view's result, changed or not; ``result`` is not rendered yet."""
        return result

    async def aafter_view(self, call: Call, result: Any) -> Any:
        """See ``after_view``."""
        return result

    def on_response(self, call: Call) -> None:
        """See ``call.response`` and ``call.error``; may replace ``call.response``.

        ``call.response`` is None when the error leaves the API unhandled.
        """

    async def aon_response(self, call: Call) -> None:
        """See ``on_response``."""

    def document(self, docs: OperationDocs) -> None:
        """Say what the hook adds to the OpenAPI operation."""

    def describe(self) -> str:
        """Return one line for the route inventory."""
        return type(self).__name__

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for point in POINTS:
            if cls.implements(f"a{point}") and not cls.implements(point):
                raise TypeError(
                    f"{cls.__qualname__} overrides a{point} without {point}: "
                    "a sync operation would skip the hook. Override both."
                )

    @classmethod
    def acts(cls) -> bool:
        """Return whether the hook takes part in calls, and does not just document something."""
        return any(cls.implements(point) for point in (*POINTS, "wrap_view"))

    @classmethod
    def implements(cls, point: str) -> bool:
        """Return whether the class overrides the method named ``point``."""
        return getattr(cls, point) is not getattr(Hook, point)


def in_order(hooks: Iterable[Hook]) -> list[Hook]:
    """Return ``hooks`` as ``Order`` has them, outermost first."""
    return sorted(hooks, key=lambda hook: hook.order)


Point = Literal["before_auth", "after_auth", "before_view", "after_view", "on_response"]
POINTS: tuple[Point, ...] = (
    "before_auth",
    "after_auth",
    "before_view",
    "after_view",
    "on_response",
)


@dataclass(slots=True)
class OperationSpec:
    """What a feature sees of an operation that is being registered.

    Attributes:
        methods: the HTTP methods.
        path: the path as written in the decorator.
        view: the view function.
        is_async: whether the view is a coroutine function.
        auto: whether it stands on an AutoRouter; False for a plain router's operation
            on an AutoAPI, which features observe but whose signature they leave alone.
        response: the declared response annotation, or Ninja's ``NOT_SET``.
        options: the feature options given to the decorator or the router.
        attached: the hooks that decorators attached.
    """

    methods: Sequence[str]
    path: str
    view: Callable[..., Any]
    is_async: bool
    auto: bool
    response: Any
    options: Mapping[str, Any] = field(default_factory=dict)
    attached: Sequence[Hook] = ()


class Feature:
    """What a package contributes as a whole; found through the entry-point group
    ``ninja_boost.features``, whose entry points name a Feature instance.

    ``NINJA_BOOST["DISABLED_FEATURES"]`` switches a feature off by its name.
    """

    name: ClassVar[str]
    """Short name, as in DISABLED_FEATURES: ``"pagination"``."""

    distribution: ClassVar[str]
    """Name of the package, for messages: ``"ninja-boost-pagination"``."""

    settings: ClassVar[type[SettingsSection] | None] = None
    """Typed settings; its fields are top-level keys of ``NINJA_BOOST``."""

    options: ClassVar[frozenset[str]] = frozenset()
    """Keywords that the feature adds to AutoRouter and its operation decorators."""

    guards: ClassVar[bool] = False
    """Whether its options keep callers out: then giving one while the feature is disabled is an
    error, where an option of another feature would have no effect."""

    aliases: ClassVar[Mapping[str, str]] = {}
    """Dotted paths of the umbrella (``ninja_boost.…``) to the package's own objects, so that
    settings written for the umbrella also work without it."""

    def hooks(self, spec: OperationSpec) -> Iterable[Hook]:
        """Yield the hooks that the feature wires into an operation by itself.

        Called once per operation, when it is registered. A hook that depends on a setting
        decides in ``Hook.bind``, which follows changes of the settings.

        Raises:
            TypeError: when an option's value makes no sense.
        """
        return ()

    def context(self) -> Mapping[str, Callable[[HttpRequest], Any]]:
        """Return what the feature adds to ``ctx``: key to a cheap factory."""
        return {}

    def checks(self, deploy: bool) -> Iterable[CheckMessage]:
        """Yield system check messages: with ``deploy`` those of ``check --deploy`` alone."""
        return ()

    def observers(self) -> Iterable[RequestObserver]:
        """Return what follows every request when LifecycleMiddleware is installed.

        Always the same objects: an observer follows a request once, whichever middlewares run it.
        """
        return ()

    def pings(self) -> Iterable[Ping]:
        """Yield what ``boost_doctor`` asks; see ``ninja_boost_core.pings``.

        Only what this project uses, as its settings and operations tell. It does no I/O itself.
        """
        return ()

    def api_created(self, api: NinjaAPI) -> None:
        """Called at the end of ``AutoAPI.__init__``."""


class OperationDocs:
    """Collects what hooks add to one OpenAPI operation.

    Attributes:
        operation: the documented operation.
        parameters: OpenAPI parameter objects.
        errors: status to description.
        headers: status (or None for every response) to header objects by name.
    """

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self.parameters: list[dict[str, Any]] = []
        self.errors: dict[int, str] = {}
        self.headers: dict[int | None, dict[str, dict[str, Any]]] = {}

    def parameter(
        self,
        name: str,
        location: Literal["query", "header", "path", "cookie"],
        schema: Mapping[str, Any],
        *,
        description: str = "",
        required: bool = False,
    ) -> None:
        """Add a parameter that the hook reads from the request by itself."""
        self.parameters.append(
            {
                "in": location,
                "name": name,
                "schema": dict(schema),
                "required": required,
                **({"description": description} if description else {}),
            }
        )

    def error(self, status: int, description: str) -> None:
        """Add an error response, whose body has the API's error shape."""
        known = self.errors.get(status)
        if known is None:
            self.errors[status] = description
        elif description not in known:
            self.errors[status] = f"{known} {description}"

    def header(
        self,
        name: str,
        schema: Mapping[str, Any],
        *,
        description: str = "",
        status: int | None = None,
        required: bool = False,
    ) -> None:
        """Add a response header; to every response when ``status`` is None."""
        self.headers.setdefault(status, {})[name] = {
            "schema": dict(schema),
            "required": required,
            **({"description": description} if description else {}),
        }
