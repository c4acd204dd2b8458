"""What every line of a request has in common, and what the project adds to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils.functional import LazyObject, empty

from ninja_boost_core.client_address import client_address
from ninja_boost_core.routes import route_template

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["bind_context", "bound_context", "clear_context", "get_context", "unbind_context"]

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class RequestFields:
    """The fields of one request, read when a line is written: who the caller is and which route
    serves him turns out while the request is handled."""

    __slots__ = ("_known", "_values", "json", "request")

    def __init__(self, request: HttpRequest) -> None:
        self.request: HttpRequest = request
        self.json: tuple[object, object, str] | None = None
        """Room for the formatter: encoder, values, and their JSON."""
        self._known: tuple[Any, ...] = ()
        self._values: dict[str, Any] = {}

    def values(self) -> dict[str, Any]:
        """Return the fields; the same object for as long as nothing has changed."""
        attributes = self.request.__dict__
        # Compared by identity: whoever the caller is, he is not asked.
        auth, user = attributes.get("auth"), _loaded_user(attributes)
        trace_id, match = attributes.get("trace_id"), attributes.get("resolver_match")
        known = self._known
        if not (
            known
            and known[0] is auth
            and known[1] is user
            and known[2] is trace_id
            and known[3] is match
        ):
            self._values = self._read(auth, user, trace_id)
            self._known = (auth, user, trace_id, match)
        return self._values

    def _read(self, auth: object, user: object, trace_id: object) -> dict[str, Any]:
        request = self.request
        user_id = None if auth is None else _guarded(principal_id, auth)
        if user_id is None and user is not None:
            user_id = _guarded(principal_id, user)
        return {
            "trace_id": trace_id if isinstance(trace_id, str) else None,
            "method": request.method,
            "path": request.path,
            "route": _guarded(route_template, request),
            "user_id": user_id,
            "ip": _guarded(client_address, request),
        }


def _guarded(read: Any, source: object) -> Any:
    """Return what ``read`` returns, or the name of what it raised: it must not end the line."""
    try:
        return read(source)
    except Exception as error:  # noqa: BLE001 - a principal's own code may raise anything
        return f"[{type(error).__name__}]"


def _loaded_user(attributes: Mapping[str, Any]) -> object:
    """Return Django's user if it was loaded; a line in a log must not load it."""
    user = attributes.get("user")
    if user is not None and issubclass(type(user), LazyObject):
        user = user.__dict__.get("_wrapped", empty)
        if user is not empty:
            return user
    elif user is not None:
        return user
    return attributes.get("_acached_user") or attributes.get("_cached_user")


def principal_id(principal: Any) -> str | int | None:
    """Return the id of whoever is authenticated.

    Of a dictionary ``user_id``, ``sub`` or ``id``, of another object ``pk``, ``id``, ``user_id``
    or ``sub``. A number is an id itself; a text is none, because it may be the caller's token.
    """
    kind = type(principal)
    if principal is None or kind is bool:
        return None
    if issubclass(kind, LazyObject):
        wrapped = principal.__dict__.get("_wrapped", empty)
        return None if wrapped is empty else principal_id(wrapped)
    if kind is int:
        return int(principal)
    if kind is dict or issubclass(kind, Mapping):
        found: Iterator[Any] = map(principal.get, ("user_id", "sub", "id"))
    else:
        found = (getattr(principal, name, None) for name in ("pk", "id", "user_id", "sub"))
    value = next((each for each in found if each is not None), None)
    return value if value is None or type(value) in (int, str) else str(value)


class State(NamedTuple):
    """The context of a task or thread."""

    request: RequestFields | None
    bound: Mapping[str, Any]


EMPTY = State(None, _NOTHING)
state: ContextVar[State] = ContextVar("ninja_boost_log_context", default=EMPTY)


def bind_context(**fields: Any) -> None:
    """Add fields to every line that this task or thread writes from now on.

    In a request, until its end. A task or thread that is started with a copy of the context
    has them too; what it binds itself stays its own.
    """
    current = state.get()
    state.set(State(current.request, {**current.bound, **fields}))


def unbind_context(*names: str) -> None:
    """Take fields away again; a name that is not bound is none that is."""
    current = state.get()
    kept = {name: value for name, value in current.bound.items() if name not in names}
    state.set(State(current.request, kept))


def clear_context() -> None:
    """Take all bound fields away; those of the request stay."""
    state.set(State(state.get().request, _NOTHING))


@contextmanager
def bound_context(**fields: Any) -> Iterator[None]:
    """Add fields to every line within a ``with`` block."""
    before = state.get().bound
    bind_context(**fields)
    try:
        yield
    finally:
        state.set(State(state.get().request, before))


def get_context() -> dict[str, Any]:
    """Return what a line written here carries: the fields of the request, then the bound ones."""
    request, bound = state.get()
    return {**bound, **(request.values() if request is not None else {})}
