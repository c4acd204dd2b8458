"""Resource policies for Django Ninja: who may do what, and see what."""

from typing import TYPE_CHECKING

from ninja_boost_core.lazy import lazy_attributes

if TYPE_CHECKING:
    from .base import BasePolicy as BasePolicy
    from .decisions import Decision as Decision
    from .decisions import PolicyDenied as PolicyDenied
    from .decisions import allow as allow
    from .decisions import deny as deny
    from .decorators import policy as policy
    from .registry import PolicyRegistry as PolicyRegistry
    from .registry import policy_registry as policy_registry
    from .testing import assert_policies_asked as assert_policies_asked
    from .testing import assert_scope_agrees as assert_scope_agrees
    from .trail import decisions_of as decisions_of
    from .trail import policy_objects as policy_objects

_HOMES = {
    "BasePolicy": "ninja_boost_policies.base",
    "Decision": "ninja_boost_policies.decisions",
    "PolicyDenied": "ninja_boost_policies.decisions",
    "PolicyRegistry": "ninja_boost_policies.registry",
    "allow": "ninja_boost_policies.decisions",
    "assert_policies_asked": "ninja_boost_policies.testing",
    "assert_scope_agrees": "ninja_boost_policies.testing",
    "decisions_of": "ninja_boost_policies.trail",
    "deny": "ninja_boost_policies.decisions",
    "policy": "ninja_boost_policies.decorators",
    "policy_objects": "ninja_boost_policies.trail",
    "policy_registry": "ninja_boost_policies.registry",
}

__all__ = [
    "BasePolicy",
    "Decision",
    "PolicyDenied",
    "PolicyRegistry",
    "allow",
    "assert_policies_asked",
    "assert_scope_agrees",
    "decisions_of",
    "deny",
    "policy",
    "policy_objects",
    "policy_registry",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
