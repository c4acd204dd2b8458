"""Permissions for views, with and, or and not."""

from ninja_boost_permissions import (
    AllowAny,
    BasePermission,
    DenyAll,
    HasPermission,
    IsAuthenticated,
    IsOwner,
    IsStaff,
    IsSuperuser,
    acheck_permission,
    async_require,
    check_permission,
    require,
)

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
