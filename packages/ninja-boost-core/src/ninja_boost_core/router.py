"""AutoRouter: Ninja's Router whose operations have context, auth and the features' hooks."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, TypedDict, TypeVar, Unpack

from ninja import Router
from ninja.constants import NOT_SET

from .callables import is_async, typed_signature
from .contract import OperationSpec
from .features import claimed_options, feature_hooks, is_enabled, nearest
from .operation import REGISTRATION, Registration, adopt
from .views import attachment_of, facade, pass_context, unwrapped

__all__ = ["AutoRouter"]

ViewT = TypeVar("ViewT", bound=Callable[..., Any])


class OperationOptions(TypedDict, total=False):
    """Ninja's keywords for an operation, and ours."""

    auth: Any
    throttle: Any
    response: Any
    operation_id: str | None
    summary: str | None
    description: str | None
    tags: list[str] | None
    deprecated: bool | None
    by_alias: bool | None
    exclude_unset: bool | None
    exclude_defaults: bool | None
    exclude_none: bool | None
    url_name: str | None
    include_in_schema: bool
    openapi_extra: dict[str, Any] | None
    audit: Any
    inject: bool
    paginate: Any
    permissions: Any
    queries: Any


_OURS = frozenset({"audit", "inject", "paginate", "permissions", "queries"})
_NINJA_KEYWORDS = frozenset(OperationOptions.__annotations__) - _OURS


class AutoRouter(Router):
    """A router whose operations are wired by the installed features.

    Takes every keyword of Ninja's Router, and operation options as defaults for all its
    operations: ``AutoRouter(tags=["Items"], paginate=False)``.

    A view gets the context as ``ctx`` if it has a parameter of that name (``inject=False``
    leaves it alone). Without ``auth=None`` somewhere, the AUTH setting guards each operation,
    on a plain NinjaAPI too.

    Raises:
        TypeError: for an option that neither Ninja nor a feature knows.
    """

    def __init__(self, **options: Any) -> None:
        claimed = claimed_options()
        self.operation_defaults: dict[str, Any] = {
            name: options.pop(name) for name in list(options) if name in claimed
        }
        known = {*_ROUTER_KEYWORDS, *claimed}
        for name in options:
            if name not in known:
                raise TypeError(f"AutoRouter() has no option {name!r}.{nearest(name, known)}")
        _check_options("of every path", self.operation_defaults)
        super().__init__(**options)

    def get(self, path: str, **options: Unpack[OperationOptions]) -> Callable[[ViewT], ViewT]:
        return self.api_operation(["GET"], path, **options)

    def post(self, path: str, **options: Unpack[OperationOptions]) -> Callable[[ViewT], ViewT]:
        return self.api_operation(["POST"], path, **options)

    def delete(self, path: str, **options: Unpack[OperationOptions]) -> Callable[[ViewT], ViewT]:
        return self.api_operation(["DELETE"], path, **options)

    def patch(self, path: str, **options: Unpack[OperationOptions]) -> Callable[[ViewT], ViewT]:
        return self.api_operation(["PATCH"], path, **options)

    def put(self, path: str, **options: Unpack[OperationOptions]) -> Callable[[ViewT], ViewT]:
        return self.api_operation(["PUT"], path, **options)

    def api_operation(
        self, methods: Sequence[str], path: str, **options: Unpack[OperationOptions]
    ) -> Callable[[ViewT], ViewT]:
        _check_options(path, options)

        def decorator(view: ViewT) -> ViewT:
            self.add_api_operation(path, methods, view, **options)
            return view

        return decorator

    def add_api_operation(
        self,
        path: str,
        methods: Sequence[str],
        view_func: Callable[..., Any],
        **options: Unpack[OperationOptions],
    ) -> None:
        """Register ``view_func``; see Ninja's method of this name for the keywords."""
        _check_options(path, options)
        given = {**self.operation_defaults, **options}
        ours = {name: given.pop(name) for name in list(given) if name not in _NINJA_KEYWORDS}
        inject = bool(ours.pop("inject", True))
        attachment = attachment_of(view_func)
        attached = attachment.hooks if attachment else ()
        view = unwrapped(view_func)
        spec = OperationSpec(
            methods=tuple(methods),
            path=path,
            view=view,
            is_async=is_async(view),
            auto=True,
            response=given.get("response", NOT_SET),
            options=ours,
            attached=attached,
        )
        hooks = (*attached, *feature_hooks(spec))
        function = facade(view, hooks, inject=inject)
        registration = Registration(
            view=view,
            given=function,
            how=pass_context(typed_signature(view)) if inject else "no",
            hooks=hooks,
            spec=spec,
            observed=True,
        )
        setattr(function, REGISTRATION, registration)
        others = getattr(view_func, "_ninja_contribute_to_operation", ())
        function._ninja_contribute_to_operation = [  # type: ignore[attr-defined]
            adopt,
            *(callback for callback in others if callback is not adopt),
        ]
        super().add_api_operation(path, list(methods), function, **given)
        # Ninja leaves the operation on the view, where its ``decorate_view`` looks for it.
        with contextlib.suppress(AttributeError):  # a bound method takes no attributes
            view_func._ninja_operation = function._ninja_operation  # type: ignore[attr-defined]


_ROUTER_KEYWORDS = frozenset(
    ("auth", "throttle", "tags", "by_alias", "exclude_unset", "exclude_defaults", "exclude_none")
)


def _check_options(path: str, options: Any) -> None:
    claimed = claimed_options()
    known = {*_NINJA_KEYWORDS, *claimed}
    for name, value in options.items():
        if name not in known:
            raise TypeError(f"The operation {path!r} has no option {name!r}.{nearest(name, known)}")
        feature = claimed.get(name)
        if value is not None and feature is not None and feature.guards and not is_enabled(feature):
            raise TypeError(
                f"The operation {path!r} has the option {name!r}, which guards nothing while "
                f"DISABLED_FEATURES names {feature.name!r}. Take one of the two away."
            )
