"""Permissions, and what the operators ``&``, ``|`` and ``~`` make of them."""

from __future__ import annotations

from abc import ABCMeta
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

    from ninja_boost_core import Context

__all__ = ["AllOf", "AnyOf", "BasePermission", "Expression", "Inverse", "as_expression"]

# ``A and B`` would silently be B.
_NO_TRUTH = "{} is neither true nor false; write &, | and ~, not and, or, not."
_SHARED = "_shared_instance"


class Expression:
    """A permission, or several of them joined by operators.

    Its text is the expression as one would write it.
    """

    def __and__(self, other: Any) -> AllOf:
        return AllOf.of(self, other) if is_permission(other) else NotImplemented

    def __or__(self, other: Any) -> AnyOf:
        return AnyOf.of(self, other) if is_permission(other) else NotImplemented

    def __invert__(self) -> Inverse:
        return Inverse(self)

    def __bool__(self) -> bool:
        raise TypeError(_NO_TRUTH.format(self))


class Joined(Expression):
    """Operands with one operator between them.

    Args:
        operands: at least two expressions.
    """

    sign: ClassVar[str]

    def __init__(self, *operands: Expression) -> None:
        self.operands: tuple[Expression, ...] = operands

    @classmethod
    def _flat(cls, *operands: Any) -> tuple[Expression, ...]:
        expressions = [as_expression(operand) for operand in operands]
        return tuple(
            part
            for expression in expressions
            for part in (expression.operands if isinstance(expression, cls) else (expression,))
        )

    def __repr__(self) -> str:
        return f" {self.sign} ".join(
            f"({each})" if isinstance(each, Joined) else str(each) for each in self.operands
        )


class AllOf(Joined):
    """Permits what every operand permits."""

    sign = "&"

    @classmethod
    def of(cls, *operands: Any) -> AllOf:
        return cls(*cls._flat(*operands))


class AnyOf(Joined):
    """Permits what one of the operands permits."""

    sign = "|"

    @classmethod
    def of(cls, *operands: Any) -> AnyOf:
        return cls(*cls._flat(*operands))


class Inverse(Expression):
    """Permits what the operand denies; an abstention stays one."""

    def __init__(self, operand: Expression) -> None:
        self.operand: Expression = operand

    def __repr__(self) -> str:
        return f"~({self.operand})" if isinstance(self.operand, Joined) else f"~{self.operand}"


class PermissionType(ABCMeta):
    """Lets classes be used like their instances: ``IsStaff | ~IsBanned``."""

    def __and__(cls, other: Any) -> AllOf:
        return AllOf.of(cls, other) if is_permission(other) else NotImplemented

    def __or__(cls, other: Any) -> Any:
        if is_permission(other):
            return AnyOf.of(cls, other)
        return super().__or__(other)  # ``IsStaff | None`` in an annotation

    def __invert__(cls) -> Inverse:
        return Inverse(as_expression(cls))

    def __bool__(cls) -> bool:
        raise TypeError(_NO_TRUTH.format(cls.__qualname__))


class BasePermission(Expression, metaclass=PermissionType):
    """One question about a request, answered by a subclass.

    A subclass gives ``has_permission``, plain or ``async def``; or both that and
    ``ahas_permission``, which async operations then use. One that also has parameters behind
    ``ctx`` is asked after validation and gets the view's arguments of these names, ``**values``
    all of them; ``obj`` is what ``require(obj=...)`` loaded.

    Only True permits and only False denies. None abstains: it permits nothing, not even under
    ``~``. Whatever else comes back, and whatever is raised, is logged and counts as None.
    """

    nonblocking: bool = False
    """Whether a plain ``has_permission`` does no I/O; if not, async operations use a thread."""

    message: str | None = None
    """What a refused caller is told, if it is this permission that was missing."""

    code: str | None = None
    """The code of that error, for programs."""

    def has_permission(self, request: HttpRequest, ctx: Context, *args: Any, **kwargs: Any) -> Any:
        """Return True to permit, False to deny, None to abstain."""
        raise NotImplementedError

    async def ahas_permission(
        self, request: HttpRequest, ctx: Context, *args: Any, **kwargs: Any
    ) -> Any:
        """See ``has_permission``."""
        raise NotImplementedError

    def _readers(self) -> tuple[Callable[..., Any], ...]:
        """Return the functions whose parameters say which values the permission needs."""
        names = ("has_permission", "ahas_permission")
        return tuple(getattr(self, name) for name in names if self._has(name))

    def _has(self, name: str) -> bool:
        given = getattr(self, name)
        return getattr(given, "__func__", given) is not getattr(BasePermission, name)

    def __repr__(self) -> str:
        return type(self).__name__


def _shared(cls: PermissionType) -> Expression:
    """Return the one instance that stands for a class, so that it is asked once a decision."""
    instance: Expression | None = cls.__dict__.get(_SHARED)
    if instance is None:
        try:
            instance = cls()
        except TypeError as error:
            raise TypeError(
                f"{cls.__qualname__} needs arguments; give an instance, {cls.__qualname__}(...). "
                f"({error})"
            ) from error
        setattr(cls, _SHARED, instance)
    return instance


def is_permission(thing: Any) -> bool:
    """Return whether ``thing`` is an expression or the class of a permission."""
    return isinstance(thing, Expression | PermissionType)


def as_expression(thing: Any) -> Expression:
    """Return ``thing`` if it is an expression; the shared instance if it is a class.

    Raises:
        TypeError: if it is no permission, or a class that needs arguments.
    """
    if isinstance(thing, PermissionType):
        return _shared(thing)
    if isinstance(thing, Expression):
        return thing
    raise TypeError(
        f"{thing!r:.120} is no permission. Give a subclass of BasePermission, an instance of one, "
        "or an expression of them with &, | and ~."
    )
