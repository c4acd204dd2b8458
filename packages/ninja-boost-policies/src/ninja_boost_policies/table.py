"""The policies by resource: those registered in code and those of the settings."""

from __future__ import annotations

import difflib
import threading
from collections.abc import Iterable, Iterator, Mapping

from ninja_boost_core.conf import boost_settings
from ninja_boost_core.problems import Misconfigured

from .base import BasePolicy, CompiledPolicy
from .settings import PoliciesSettings

__all__ = ["Table", "configured_policies", "nearest"]


class Table:
    """What is registered; readers never wait. Without ``follows`` it knows no settings."""

    def __init__(self, *, follows: bool) -> None:
        self._follows = follows
        self._loaded: Mapping[str, CompiledPolicy] | None = None if follows else {}
        self._registered: dict[str, CompiledPolicy] = {}
        self._all: Mapping[str, CompiledPolicy] = {}
        self._lock = threading.Lock()

    @property
    def all(self) -> Mapping[str, CompiledPolicy]:
        """All of them; those of the settings are loaded when this is first asked.

        Raises:
            ImproperlyConfigured: naming POLICIES and what is wrong with it.
        """
        if self._loaded is None:
            self._load()
        return self._all

    def add(self, compiled: CompiledPolicy) -> None:
        """Register a policy; the same object again changes nothing.

        Raises:
            ValueError: if the resource has a policy.
        """
        with self._lock:
            known = self._registered.get(compiled.resource)
            if known is None and self._loaded is not None:
                known = self._loaded.get(compiled.resource)
                if known is not None and type(known.policy) is type(compiled.policy):
                    known = None  # the settings name the class of what is registered
            if known is not None and known.policy is not compiled.policy:
                raise ValueError(" ".join(taken(compiled.resource, known.policy)))
            if known is None:
                self._registered[compiled.resource] = compiled
                self._merge()

    def remove(self, resource: str) -> None:
        """Forget a policy that was registered in code.

        Raises:
            KeyError: if there is none.
        """
        with self._lock:
            del self._registered[resource]
            self._merge()

    def unload(self) -> None:
        """Forget those of the settings."""
        if self._follows:
            with self._lock:
                self._loaded = None
                self._merge()

    def _load(self) -> None:
        # This imports modules of the project, which may register policies, in other threads too.
        found = dict(configured_policies())
        with self._lock:
            if self._loaded is not None:
                return
            for resource, (where, compiled) in found.items():
                known = self._registered.get(resource)
                if known is not None and type(known.policy) is not type(compiled.policy):
                    problem, hint = taken(resource, known.policy)
                    raise Misconfigured(f"{where}: {problem}", hint)
            loaded = {resource: compiled for resource, (_, compiled) in found.items()}
            # A reader looks at the second only if there is the first.
            self._all = {**loaded, **self._registered}
            self._loaded = loaded

    def _merge(self) -> None:
        self._all = {**(self._loaded or {}), **self._registered}


def configured_policies() -> Iterator[tuple[str, tuple[str, CompiledPolicy]]]:
    """Yield the policies of the settings by resource, each with the place that names it.

    Raises:
        ImproperlyConfigured: naming the key, the path and what is wrong with it.
    """
    section = boost_settings.section(PoliciesSettings)
    found: dict[str, BasePolicy] = {}
    for path, named in zip(section.POLICIES, section.resolve("POLICIES"), strict=True):
        text = f"'{path}'" if isinstance(path, str) else repr(path)
        where = f"NINJA_BOOST: POLICIES names {text}"
        try:
            compiled = CompiledPolicy.of(policy_of(named))
        except TypeError as error:
            raise Misconfigured(
                f"{where}: {error}", "Correct the class, or remove it from POLICIES."
            ) from error
        known = found.setdefault(compiled.resource, compiled.policy)
        if type(known) is not type(compiled.policy):
            problem, hint = taken(compiled.resource, known)
            raise Misconfigured(f"{where}: {problem}", hint)
        yield compiled.resource, (where, compiled)


def policy_of(given: object) -> BasePolicy:
    """Return the policy that a class or an instance is.

    Raises:
        TypeError: if it is neither.
    """
    if isinstance(given, type) and issubclass(given, BasePolicy):
        given = given()
    if not isinstance(given, BasePolicy):
        name = given.__qualname__ if isinstance(given, type) else f"a {type(given).__name__}"
        raise TypeError(f"{name} is no policy: give a subclass of BasePolicy, or an instance.")
    return given


def taken(resource: str, known: BasePolicy) -> tuple[str, str]:
    """Return that a resource has a policy already, and what to do."""
    kind = type(known)
    name = f"{kind.__module__}.{kind.__qualname__}"
    problem = f"The resource {resource!r} has a policy already: {name}."
    hint = (
        "Put the rules into one class, give one of them another resource_name, or "
        f"policy_registry.unregister({resource!r}) first."
    )
    return problem, hint


def nearest(name: str, known: Iterable[str], otherwise: str) -> str:
    """Return a hint that names the nearest of ``known``."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"Did you mean {found[0]!r}?" if found else otherwise
