"""What can be wrong with a project's set-up, and what to do about it."""

from __future__ import annotations

from django.core import checks
from django.core.exceptions import ImproperlyConfigured

__all__ = ["Misconfigured", "MissingDependency", "as_error"]


class Misconfigured(ImproperlyConfigured):
    """A setting or an argument that cannot work; the text is the problem and the hint.

    Args:
        problem: what is wrong, naming the setting or the argument.
        hint: what to do about it; doing it to the letter is enough.
    """

    def __init__(self, problem: str, hint: str) -> None:
        super().__init__(f"{problem} {hint}")
        self.problem = problem
        self.hint = hint


class MissingDependency(ImproperlyConfigured, ImportError):
    """An optional library is not installed; the text is the command that installs it."""

    problem = "A library that this needs is not installed."

    @property
    def hint(self) -> str:
        """The command."""
        return str(self)


def as_error(error: ImproperlyConfigured, check_id: str, where: str = "") -> checks.Error:
    """Return the exception as the error of a system check.

    Args:
        error: if it has a hint, that is the hint of the check.
        check_id: such as ``ninja_boost_core.E002``.
        where: what it is about, put in front of the message.
    """
    problem: str = getattr(error, "problem", str(error))
    message = f"{where}: {problem}" if where else problem
    return checks.Error(message, hint=getattr(error, "hint", None), id=check_id)
