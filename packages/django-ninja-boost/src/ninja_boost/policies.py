"""Policies for resources: one class says who may do what, and what a list shows."""

from ninja_boost_policies import (
    BasePolicy,
    Decision,
    PolicyDenied,
    PolicyRegistry,
    allow,
    assert_policies_asked,
    assert_scope_agrees,
    decisions_of,
    deny,
    policy,
    policy_objects,
    policy_registry,
)

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
