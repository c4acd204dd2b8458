"""What an AutoRouter does with lists by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from typing import Any, ClassVar

from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured
from ninja.constants import NOT_SET

from ninja_boost_core import Feature, Hook, OperationSpec
from ninja_boost_core.conf import boost_settings
from ninja_boost_core.problems import Misconfigured, as_error

from ._annotations import is_success, item_type, own_parameters
from ._base import Pagination
from ._hook import AutoPageHook, ForeignPageHook, PageHook, PagingHook
from .settings import PaginationSettings

__all__ = ["feature"]

_HOME = "ninja_boost_pagination"


class PaginationFeature(Feature):
    """Claims ``paginate=``: True, False or a pagination.

    Without it, the GET operations of an AutoRouter are paginated whose response is a list
    type, or that declare none and return a list.
    """

    name: ClassVar[str] = "pagination"
    distribution: ClassVar[str] = "ninja-boost-pagination"
    settings = PaginationSettings
    options: ClassVar[frozenset[str]] = frozenset({"paginate"})
    aliases: ClassVar[Mapping[str, str]] = {
        "ninja_boost.pagination.auto_paginate": f"{_HOME}.auto_paginate",
        "ninja_boost.pagination.cursor_paginate": f"{_HOME}.cursor_paginate",
        "ninja_boost.pagination.paginate": f"{_HOME}.paginate",
        "ninja_boost.async_support.async_paginate": f"{_HOME}.auto_paginate",
    }

    def hooks(self, spec: OperationSpec) -> Iterable[Hook]:
        option = spec.options.get("paginate")
        if not (option is None or isinstance(option, bool | Pagination)):
            raise TypeError(
                f"{_name(spec)}: paginate is {option!r}; give True, False, or a pagination such "
                "as OffsetPagination(size=50)."
            )
        decorated = any(isinstance(hook, PagingHook) for hook in spec.attached)
        if not spec.auto or option is False or decorated:
            return ()
        if _paginated_by_ninja(spec.view):
            return ()
        undeclared = spec.response is NOT_SET
        if option is None and "GET" not in spec.methods:
            return ()
        pagination = option if isinstance(option, Pagination) else configured()
        # A page that the view declares may be one that it makes itself, so it takes a word.
        schema = pagination.schema if option and isinstance(pagination, Pagination) else None
        if not undeclared and not _returns_list(spec.response, schema):
            return ()
        if not isinstance(pagination, Pagination):
            return (ForeignPageHook(pagination),)
        return self._ours(spec, pagination, certain=option is not None or not undeclared)

    def _ours(self, spec: OperationSpec, pagination: Pagination, certain: bool) -> Iterable[Hook]:
        hook: PagingHook = PageHook(pagination) if certain else AutoPageHook(pagination)
        taken = set(pagination.query_model().model_fields).intersection(own_parameters(spec.view))
        if not taken:
            return (hook,)
        if not certain:
            return ()  # the view makes its pages by itself
        raise ImproperlyConfigured(
            f"{_name(spec)}: the view and the pagination both have a parameter {min(taken)!r}. "
            "Rename it, or give paginate=False."
        )

    def checks(self, deploy: bool) -> Iterable[CheckMessage]:
        if deploy:
            return
        try:
            configured()
        except ImproperlyConfigured as exc:
            yield as_error(exc, "ninja_boost_pagination.E001")


feature = PaginationFeature()


def configured() -> Pagination | Callable[..., Any]:
    """Return what the PAGINATION setting names: a pagination of ours, or a decorator.

    Raises:
        ImproperlyConfigured: it is neither.
    """
    value = boost_settings.PAGINATION
    pagination = getattr(value, "pagination", value)
    if isinstance(pagination, Pagination):
        return pagination
    if isinstance(value, type) or not callable(value):
        raise Misconfigured(
            f"NINJA_BOOST: PAGINATION is {value!r}.",
            "Make it a pagination such as OffsetPagination(size=50), a decorator over "
            "func(request, ctx, ...), or a dotted path to either.",
        )
    decorator: Callable[..., Any] = value
    return decorator


def _paginated_by_ninja(view: Callable[..., Any]) -> bool:
    # Ninja 1.5.0 sets no mark, later versions need not add arguments.
    arguments = getattr(view, "_ninja_contribute_args", ())
    return getattr(view, "_ninja_is_paginated", False) or any(
        name == "ninja_pagination" for name, *_ in arguments
    )


def _returns_list(response: Any, schema: type | None) -> bool:
    """Return whether one of the declared responses is a list, or a page of type `schema`."""
    if not isinstance(response, Mapping):
        response = {200: response}
    for statuses, annotation in response.items():
        codes = statuses if isinstance(statuses, Set) else {statuses}
        if any(is_success(code) for code in codes):
            if item_type(annotation) is not None:
                return True
            if schema and isinstance(annotation, type) and issubclass(annotation, schema):
                return True
    return False


def _name(spec: OperationSpec) -> str:
    return f"{'/'.join(spec.methods)} {spec.path}"
