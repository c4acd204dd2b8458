"""Three values: only True, and an allowing Decision, is a permission."""

import pytest
from django.utils.translation import gettext_lazy

from ninja_boost_policies import BasePolicy, Decision, PolicyRegistry, allow, deny
from ninja_boost_policies.decisions import PolicyDenied, PolicyHidden

from .support import a_request

ERROR = ValueError("secret")


def answers(value, *, is_async=False):
    """A policy whose rule and ``before`` answer as told."""

    def give(given):
        if isinstance(given, Exception):
            raise given
        return given

    class Sync(BasePolicy):
        resource_name = "thing"

        def before(self, request, ctx, action, obj=None):
            return give(self.first)

        def view(self, request, ctx, obj=None):
            return give(value)

    class Async(BasePolicy):
        resource_name = "thing"

        async def before(self, request, ctx, action, obj=None):
            return give(self.first)

        async def view(self, request, ctx, obj=None):
            return give(value)

    return Async() if is_async else Sync()


# what a rule answers: allowed, cause, code
TABLE = [
    (True, True, "rule", ""),
    (False, False, "rule", "policy_denied"),
    (None, False, "abstained", "policy_abstained"),
    (allow("since it is public"), True, "rule", ""),
    (deny("not yours"), False, "rule", "policy_denied"),
    (deny("closed", code="closed"), False, "rule", "closed"),
    (Decision("yes"), False, "rule", "policy_denied"),  # a truth is not True
    (1, False, "error", "policy_error"),
    (0, False, "error", "policy_error"),
    ("yes", False, "error", "policy_error"),
    ([], False, "error", "policy_error"),
    (object(), False, "error", "policy_error"),
    (ERROR, False, "error", "policy_error"),
    (StopIteration(), False, "error", "policy_error"),
    (deny, False, "error", "policy_error"),
]


def names(value):
    return repr(value)[:40] if not callable(value) else "a function"


@pytest.mark.parametrize("is_async", [False, True], ids=["sync rules", "async rules"])
@pytest.mark.parametrize("first", [None, True, False, ERROR, "yes"], ids=names)
@pytest.mark.parametrize(("answer", "allowed", "cause", "code"), TABLE, ids=names)
async def test_the_table(answer, allowed, cause, code, first, is_async):
    """``before`` decides if it says anything; the rest is the rule's answer."""
    registry = PolicyRegistry()
    policy = registry.register(answers(answer, is_async=is_async))
    policy.first = first
    decision = await registry.adecide(a_request(), {}, "thing", "view")
    rule = "thing.view"
    if first is not None:
        rule = "thing.before"
        allowed = first is True
        cause = "rule" if isinstance(first, bool) else "error"
        code = {True: "", False: "policy_denied"}.get(first, "policy_error")
        if isinstance(first, ValueError):
            assert decision.error is first
    assert (decision.allowed, bool(decision)) == (allowed, allowed)
    assert (decision.cause, decision.code, decision.rule) == (cause, code, rule)
    assert (decision.resource, decision.action) == ("thing", "view")
    assert await registry.acan(a_request(), {}, "thing", "view") is allowed


@pytest.mark.parametrize(("answer", "allowed", "cause", "code"), TABLE, ids=names)
@pytest.mark.parametrize("is_async", [False, True], ids=["sync rules", "async rules"])
def test_sync_code_decides_alike(answer, allowed, cause, code, is_async):
    registry = PolicyRegistry()
    registry.register(answers(answer, is_async=is_async)).first = None
    decision = registry.decide(a_request(), {}, "thing", "view")
    if not (is_async and isinstance(answer, StopIteration)):
        assert (decision.allowed, decision.cause, decision.code) == (allowed, cause, code)
    assert decision.allowed is allowed


def test_a_coroutine_is_no_permission(caplog):
    """Of a function that does not look async."""

    class Policy(BasePolicy):
        resource_name = "thing"

        def view(self, request, ctx, obj=None):
            async def answer():
                return False

            return answer()

    registry = PolicyRegistry()
    registry.register(Policy())
    decision = registry.decide(a_request(), {}, "thing", "view")
    assert not decision
    assert decision.cause == "error"
    assert "async def" in str(decision.error)


def test_unknown_is_denied_and_before_is_not_asked(caplog):
    class Policy(BasePolicy):
        resource_name = "thing"

        def before(self, request, ctx, action, obj=None):
            return True

        def view(self, request, ctx, obj=None):
            return True

        def _secret(self, request, ctx, obj=None):
            return True

        def helper(self, something):
            return True

        def lacks_obj(self, request, ctx):
            return True

        def scope(self, request, ctx, obj=None):
            return True

        @property
        def flag(self):
            raise AssertionError

        class Meta:
            def __init__(self, request, ctx, obj=None): ...

    registry = PolicyRegistry()
    registry.register(Policy)
    known = registry.decide(a_request(), {}, "thing", "view")
    assert known
    others = ("veiw", "_secret", "helper", "lacks_obj", "flag", "Meta", "before", "scope")
    for action in (*others, "hide", "nonblocking", "resource_name", "__class__", "", "__init__"):
        decision = registry.decide(a_request(), {}, "thing", action)
        assert not decision, action
        assert (decision.cause, decision.code) == ("unknown", "policy_unknown")
    decision = registry.decide(a_request(), {}, "think", "view")
    assert (decision.allowed, decision.cause) == (False, "unknown")
    assert "think.view is denied: No policy is registered for 'think'." in caplog.text


def test_a_raising_rule_is_logged_with_its_error(caplog):
    registry = PolicyRegistry()
    registry.register(answers(ERROR)).first = None
    assert not registry.can(a_request(), {}, "thing", "view")
    [record] = caplog.records
    assert record.name == "ninja_boost.policies"
    assert record.exc_info[1] is ERROR
    assert record.policy["error"] == "ValueError"
    assert "secret" not in record.getMessage()


def test_a_decision_is_plain_data():
    decision = Decision(False, "Not yours.", "no", "thing", "view", "thing.view", error=ERROR)
    assert decision.as_dict() == {
        "allowed": False,
        "resource": "thing",
        "action": "view",
        "rule": "thing.view",
        "cause": "rule",
        "reason": "Not yours.",
        "code": "no",
        "error": "ValueError",
    }
    assert "secret" not in repr(decision)


def test_a_reason_may_be_translated():
    class Policy(BasePolicy):
        resource_name = "thing"

        def view(self, request, ctx, obj=None):
            return deny(gettext_lazy("Not yours."))

    registry = PolicyRegistry()
    registry.register(Policy)
    with pytest.raises(PolicyDenied, match=r"^Not yours\.$") as caught:
        registry.authorize(a_request("ann"), {}, "thing", "view")
    assert type(caught.value.decision.as_dict()["reason"]) is str


def test_a_rule_may_ask_another_policy():
    registry = PolicyRegistry()

    @registry.register
    class Order(BasePolicy):
        resource_name = "order"

        def view(self, request, ctx, obj=None):
            return deny("Not yours.", code="not_yours")

    @registry.register
    class Line(BasePolicy):
        resource_name = "line"

        def view(self, request, ctx, obj=None):
            return registry.decide(request, ctx, "order", "view", obj)

    decision = registry.decide(a_request(), {}, "line", "view")
    assert (decision.rule, decision.code) == ("line.view", "not_yours")


def test_the_client_is_told_what_a_rule_says_and_no_more():
    told = PolicyDenied(Decision(False, "Not yours.", "no", "thing", "view"))
    assert (told.status_code, str(told), told.code) == (403, "Not yours.", "no")
    assert told.details == {"code": "no", "resource": "thing", "action": "view"}
    broken = PolicyDenied(Decision(False, "It raised.", "policy_error", "a", "view", cause="error"))
    assert (str(broken), broken.code) == ("Permission denied.", "policy_denied")
    nobody = PolicyDenied(told.decision, known_caller=False, challenge="Bearer")
    assert (nobody.status_code, str(nobody)) == (401, "Authentication required.")
    assert nobody.headers == {"WWW-Authenticate": "Bearer"}
    hidden = PolicyHidden(told.decision)
    assert (hidden.status_code, str(hidden), hidden.code, hidden.details) == (
        404,
        "Not found.",
        None,
        None,
    )
    assert hidden.decision is told.decision
