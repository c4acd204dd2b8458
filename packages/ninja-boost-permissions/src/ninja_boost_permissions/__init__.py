"""Declarative permissions for Django Ninja: one expression, one decision"""

from typing import TYPE_CHECKING

from ninja_boost_core.lazy import lazy_attributes

if TYPE_CHECKING:
    from .decorators import acheck_permission as acheck_permission
    from .decorators import async_require as async_require
    from .decorators import check_permission as check_permission
    from .decorators import require as require
    from .expressions import BasePermission as BasePermission
    from .standard import AllowAny as AllowAny
    from .standard import DenyAll as DenyAll
    from .standard import HasPermission as HasPermission
    from .standard import IsAuthenticated as IsAuthenticated
    from .standard import IsOwner as IsOwner
    from .standard import IsStaff as IsStaff
    from .standard import IsSuperuser as IsSuperuser

_HOMES = {
    "AllowAny": "ninja_boost_permissions.standard",
    "BasePermission": "ninja_boost_permissions.expressions",
    "DenyAll": "ninja_boost_permissions.standard",
    "HasPermission": "ninja_boost_permissions.standard",
    "IsAuthenticated": "ninja_boost_permissions.standard",
    "IsOwner": "ninja_boost_permissions.standard",
    "IsStaff": "ninja_boost_permissions.standard",
    "IsSuperuser": "ninja_boost_permissions.standard",
    "acheck_permission": "ninja_boost_permissions.decorators",
    "async_require": "ninja_boost_permissions.decorators",
    "check_permission": "ninja_boost_permissions.decorators",
    "require": "ninja_boost_permissions.decorators",
}

__all__ = [
    "AllowAny",
    "BasePermission",
    "DenyAll",
    "HasPermission",
    "IsAuthenticated",
    "IsOwner",
    "IsStaff",
    "IsSuperuser",
    "acheck_permission",
    "async_require",
    "check_permission",
    "require",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
