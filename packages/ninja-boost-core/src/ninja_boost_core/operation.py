"""Operations that run in the pipeline."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import ImproperlyConfigured
from ninja.constants import NOT_SET
from ninja.operation import AsyncOperation, Operation

from .callables import drive, is_async, typed_signature
from .conf import boost_settings
from .contract import Hook, OperationDocs, OperationSpec
from .dependencies import inject_context
from .features import feature_hooks
from .pipeline import Plan
from .security import default_auth, resolve
from .views import PassContext, attachment_of, pass_context, unwrapped

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase
    from ninja import NinjaAPI, Router

__all__ = ["BoostAsyncOperation", "BoostOperation", "adopt"]

REGISTRATION = "_boost_registration"
_PATH_PARAMS = "_boost_path_params"


@dataclass(frozen=True, slots=True)
class Registration:
    """What was decided when an operation was registered.

    Attributes:
        view: what the pipeline calls.
        given: the function that was given to Ninja.
        how: how ``view`` takes its context.
        hooks: the hooks as attached and as features gave them, not bound yet.
        spec: what features saw.
        observed: whether the features have been asked for their hooks.
    """

    view: Callable[..., Any]
    given: Callable[..., Any]
    how: PassContext
    hooks: tuple[Hook, ...]
    spec: OperationSpec
    observed: bool = False


_planned: weakref.WeakSet[BoostOperation] = weakref.WeakSet()


@boost_settings.on_change
def _forget_plans() -> None:
    for operation in list(_planned):
        operation._plan = None
    _planned.clear()


class BoostOperation(Operation):
    """Ninja's operation, run by the pipeline.

    Ninja creates its own class; ``adopt`` swaps it for this one, which also survives the
    cloning by which Ninja mounts a router more than once.
    """

    _registration: Registration
    _plan: Plan | None = None
    _router_auth: Any = NOT_SET

    def run(self, request: HttpRequest, **kw: Any) -> HttpResponseBase:
        return drive((self._plan or self.plan()).run(request, kw))

    def _run_checks(self, request: HttpRequest) -> Any:
        # Only the run of Ninja's class calls this, and only a decorator still calls that one;
        # see ``_keep_run``. The answer of the pipeline ends it.
        return BoostOperation.run(self, request, **getattr(request, _PATH_PARAMS))

    def clone(self) -> Operation:
        cloned = cast(BoostOperation, super().clone())
        cloned._registration = self._registration
        # The property below reads the merged value; a clone starts from what was declared.
        cloned.openapi_extra = self.__dict__.get("openapi_extra")
        return cloned

    def set_api_instance(self, api: NinjaAPI, router: Router) -> None:
        # Ninja 1.5 binds operations in place and keeps no record of the router's auth.
        self._router_auth = router.auth
        super().set_api_instance(api, router)  # type: ignore[misc]

    @property
    def openapi_extra(self) -> dict[str, Any] | None:
        """What was declared; on a plain NinjaAPI also what the hooks add.

        AutoAPI's own schema builder asks the hooks itself; Ninja's reads this.
        """
        declared: dict[str, Any] | None = self.__dict__.get("openapi_extra")
        # A template has no API; Ninja types it as if it always had one.
        if getattr(self.api, "documents_hooks", self.api is None):
            return declared
        return _merged(declared, self.docs())

    @openapi_extra.setter
    def openapi_extra(self, value: dict[str, Any] | None) -> None:
        self.__dict__["openapi_extra"] = value

    @property
    def hooks(self) -> tuple[Hook, ...]:
        """The hooks bound to this operation."""
        bound = (hook.bind(self) for hook in self._registration.hooks)
        return tuple(hook for hook in bound if hook is not None)

    @property
    def authentication(self) -> tuple[Callable[..., Any], ...]:
        """The callbacks that run before this operation.

        An operation of an AutoRouter that nothing decided about uses the AUTH setting,
        whichever API it is mounted on.
        """
        if not self._registration.spec.auto or self.auth_param is not NOT_SET:
            return resolve(self.auth_callbacks)
        if self._auth_of_router() is not NOT_SET or getattr(self.api, "documents_hooks", False):
            return resolve(self.auth_callbacks)
        return resolve(self.auth_callbacks) if self.auth_callbacks else tuple(default_auth())

    def docs(self) -> OperationDocs:
        """Return what the hooks add to the OpenAPI operation."""
        docs = OperationDocs(self)
        for hook in self.hooks:
            hook.document(docs)
        return docs

    def plan(self) -> Plan:
        """Compile the operation for the settings as they are.

        Raises:
            ImproperlyConfigured: naming what is wrong with a setting or a hook.
        """
        registration = self._registration
        decorated = self.view_func is not registration.given
        hooks = self.hooks
        injects = registration.how != "no" or any(hook.acts() for hook in hooks)
        injector = boost_settings.DI if injects else None
        if injector is inject_context:
            injector = None
        plan = Plan(
            self,
            view=self.view_func if decorated else registration.view,
            how="no" if decorated else registration.how,
            hooks=hooks,
            owned=registration.hooks,
            auth=self.authentication,
            injector=injector,
        )
        self._plan = plan
        _planned.add(self)
        return plan

    def _auth_of_router(self) -> Any:
        for bound in getattr(self.api, "_bound_routers_cache", None) or ():
            for path_view in bound.path_operations.values():
                if self in path_view.operations:
                    return bound.auth
        return self._router_auth


class BoostAsyncOperation(BoostOperation, AsyncOperation):
    """The same for a view that is a coroutine function."""

    async def run(self, request: HttpRequest, **kw: Any) -> HttpResponseBase:  # type: ignore[override]
        return await (self._plan or self.plan()).run(request, kw)

    async def _run_checks(self, request: HttpRequest) -> Any:  # type: ignore[override]
        return await BoostAsyncOperation.run(self, request, **getattr(request, _PATH_PARAMS))


def adopt(operation: Operation) -> None:
    """Make ``operation`` ours; Ninja calls this when it has created the operation."""
    given = operation.view_func
    registration: Registration | None = getattr(given, REGISTRATION, None)
    if registration is None or registration.given is not given:
        registration = _registration_of(operation)
    _swap(operation, registration)
    _replace_responses(operation, registration.hooks)


def adopt_plain(operation: Operation, decorators: Sequence[tuple[Any, str]] | None) -> None:
    """Make an operation of a plain router on an AutoAPI ours.

    Args:
        operation: the bound operation.
        decorators: Ninja's ``add_decorator`` decorators that apply to it, with their mode. Those
            around ``run`` hold on to the run of Ninja's class, so they are put on again.
            None where Ninja does not note them (1.5), so that they have to stay.
    """
    if isinstance(operation, BoostOperation):
        registration = operation._registration
    else:
        registration = _registration_of(operation)
        if decorators is None:
            _swap(operation, registration)
            _keep_run(operation)
        else:
            run_decorators = list(getattr(operation, "_run_decorators", ()))
            run_decorators += [decorator for decorator, mode in decorators if mode == "view"]
            operation.__dict__.pop("run", None)
            _swap(operation, registration)
            for decorator in run_decorators:
                operation.run = decorator(operation.run)  # type: ignore[method-assign]
    if not registration.observed:
        spec = replace(registration.spec, attached=registration.hooks)
        added = feature_hooks(spec)
        for hook in added:
            if hook.arguments:
                raise ImproperlyConfigured(
                    f"{hook.describe()} adds request parameters to an operation of a plain "
                    "router; a feature may do so on an AutoRouter only."
                )
        registration = replace(registration, hooks=(*registration.hooks, *added), observed=True)
    cast(BoostOperation, operation)._registration = registration


def _keep_run(operation: Operation) -> None:
    """Let decorators that hold on to the run of Ninja's class reach the pipeline through it."""
    decorated = operation.__dict__.get("run")
    if decorated is None:
        return

    def run(request: HttpRequest, **kw: Any) -> Any:
        setattr(request, _PATH_PARAMS, kw)
        return decorated(request, **kw)

    operation.run = run  # type: ignore[method-assign]


def _swap(operation: Operation, registration: Registration) -> None:
    # Ninja sets is_async only after its callbacks have run.
    is_async_operation = isinstance(operation, AsyncOperation)
    operation.__class__ = BoostAsyncOperation if is_async_operation else BoostOperation
    cast(BoostOperation, operation)._registration = registration


def _registration_of(operation: Operation) -> Registration:
    """Describe an operation that was registered on a plain router."""
    given = operation.view_func
    attachment = attachment_of(given)
    view = unwrapped(given)
    return Registration(
        view=view,
        given=given,
        # Without an attachment the view is Ninja's alone, and a ``ctx`` is its own parameter.
        how=pass_context(typed_signature(view)) if attachment else "no",
        hooks=attachment.hooks if attachment else (),
        spec=OperationSpec(
            methods=tuple(operation.methods),
            path=operation.path,
            view=view,
            is_async=is_async(view),
            auto=False,
            response=_declared(operation.response_models.get(200, NOT_SET)),
        ),
    )


def _replace_responses(operation: Operation, hooks: tuple[Hook, ...]) -> None:
    if getattr(operation, "stream_format", None) is not None:
        return
    for status, model in list(operation.response_models.items()):
        annotation = _declared(model)
        if annotation in (None, NOT_SET) or not isinstance(status, int):
            continue
        replaced = annotation
        for hook in hooks:
            replaced = hook.response_annotation(replaced, status)
        if replaced is not annotation:
            operation.response_models[status] = operation._create_response_model(replaced)


def _declared(model: Any) -> Any:
    """Return the response annotation from which Ninja made ``model``."""
    if model is None or model is NOT_SET:
        return model
    return model.__annotations__["response"]


def _merged(declared: Mapping[str, Any] | None, docs: OperationDocs) -> dict[str, Any] | None:
    extra = dict(declared or {})
    if docs.parameters:
        extra["parameters"] = [*extra.get("parameters", ()), *docs.parameters]
    responses: dict[Any, Any] = dict(extra.get("responses", {}))
    for status, description in docs.errors.items():
        responses.setdefault(status, {"description": description})
    everywhere = docs.headers.get(None, {})
    statuses = {*docs.headers, *responses, *docs.operation.response_models} - {None, Ellipsis}
    for status in statuses:
        headers = {**everywhere, **docs.headers.get(status, {})}
        if headers:
            known = dict(responses.get(status, {}))
            known["headers"] = {**headers, **known.get("headers", {})}
            responses[status] = known
    if responses:
        extra["responses"] = responses
    return extra or None
