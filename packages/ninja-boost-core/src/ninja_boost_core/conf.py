"""Typed, validated access to the one Django setting of ours, `NINJA_BOOST`.

Every feature declares its keys as a `SettingsSection`. `boost_settings` validates the whole
dictionary against all registered sections at once, so that a misspelt key is found wherever it
is, and nothing is ever read from a dictionary that has an error in it.
"""

from __future__ import annotations

import ipaddress
import threading
import weakref
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from pydantic import Field, ValidationError, ValidationInfo, field_validator

from ._section_errors import Problem, problems_of, suggestion
from ._sections import (
    SETTING,
    ObjectOrPath,
    SettingsSection,
    bind,
    dotted_aliases,
    field_name,
    import_path,
    installed,
    join,
    keys,
    sections_in,
)

__all__ = [
    "BoostSettings",
    "CoreSettings",
    "ObjectOrPath",
    "Problem",
    "SettingsSection",
    "boost_settings",
]

# Where each key lives, so that a key of a package that is not there can be explained.
KEY_OWNERS: Mapping[str, str] = {
    "AUDIT": "ninja-boost-audit",
    "CACHE": "ninja-boost-caching",
    "DOCS": "ninja-boost-docs",
    "HEALTH": "ninja-boost-health",
    "IDEMPOTENCY": "ninja-boost-idempotency",
    "JWT": "ninja-boost-jwt",
    "LOGGING": "ninja-boost-logging",
    "METRICS": "ninja-boost-metrics",
    "MAX_PAGE_SIZE": "ninja-boost-pagination",
    "PAGE_SIZE": "ninja-boost-pagination",
    "PAGINATION": "ninja-boost-pagination",
    "PLUGINS": "ninja-boost-plugins",
    "POLICIES": "ninja-boost-policies",
    "QUERIES": "ninja-boost-queries",
    "RATE_LIMIT": "ninja-boost-rate-limiting",
    "SECURITY_HEADERS": "ninja-boost-security-headers",
    "SERVICES": "ninja-boost-services",
    "TRACING": "ninja-boost-tracing",
    "VERSIONING": "ninja-boost-versioning",
    "WEBHOOKS": "ninja-boost-webhooks",
}


class CoreSettings(SettingsSection):
    """Core's own keys.

    `AUTH` None leaves the API without a default authentication; `RESPONSE_WRAPPER` None sends
    plain results. `TRUSTED_PROXIES` holds networks, plain addresses and "unix" (a peer on a Unix
    socket); at most `TRUSTED_PROXY_HOPS` proxies are believed, without limit if it is None, and
    `TRUSTED_PROXY_HEADER` is the header that they write, see `client_address`.

    `DATETIMES` "rfc3339" sends microseconds, where Ninja and Django cut to milliseconds. With
    `VALIDATE_ROWS` off, rows that are read as columns are sent as the database has them. `JSON`
    "orjson" writes results without a response schema with that library, whose JSON differs in
    NaN (null) and in plain enumerations (their values).
    """

    AUTH: ObjectOrPath | None = "ninja_boost_core.security.BearerTokenAuth"
    RESPONSE_WRAPPER: ObjectOrPath | None = "ninja_boost_core.responses.wrap_response"
    DI: ObjectOrPath = "ninja_boost_core.dependencies.inject_context"
    ERRORS: Literal["envelope", "problem", "ninja"] = "envelope"
    ALLOW_DEMO_AUTH: bool = False
    TRUSTED_PROXIES: tuple[str, ...] = ()
    TRUSTED_PROXY_HOPS: int | None = Field(default=None, ge=1)
    TRUSTED_PROXY_HEADER: Literal["x-forwarded-for", "forwarded"] | None = None
    DISABLED_FEATURES: frozenset[str] = frozenset()
    DATETIMES: Literal["milliseconds", "rfc3339"] = "milliseconds"
    VALIDATE_ROWS: bool = True
    JSON: Literal["json", "orjson"] = "json"

    @field_validator("TRUSTED_PROXIES")
    @classmethod
    def _networks_only(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for item in value:
            if item == "unix":
                continue
            try:
                ipaddress.ip_network(item)
            except ValueError as exc:
                raise ValueError(
                    f"networks such as '10.0.0.0/8', addresses or 'unix' ({exc})"
                ) from exc
        return value

    @field_validator("TRUSTED_PROXY_HOPS")
    @classmethod
    def _bounded_if_open(cls, value: int | None, info: ValidationInfo) -> int | None:
        # Believing every address without a limit would let any client choose its own.
        trusted = info.data.get("TRUSTED_PROXIES", ())
        if value is None and any(item.endswith("/0") for item in trusted):
            raise ValueError("the number of proxies, because TRUSTED_PROXIES trusts every address")
        return value


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """The outcome of one validation of the whole dictionary."""

    sections: Mapping[type[SettingsSection], SettingsSection]
    problems: tuple[Problem, ...]


_Section = TypeVar("_Section", bound=SettingsSection)
_Callback = TypeVar("_Callback", bound=Callable[[], object])


class BoostSettings:
    """The validated settings; `boost_settings` is the one instance an application uses.

    `boost_settings.section(CoreSettings)` is the typed way in; `boost_settings.AUTH` gives a
    single value, with dotted paths imported. Both raise ImproperlyConfigured, listing every
    problem, for as long as `NINJA_BOOST` has an error anywhere.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._owners: dict[type[SettingsSection], str] = {}
        self._section_of: dict[str, type[SettingsSection]] = {}
        self._field_of: dict[str, str] = {}
        self._snapshot: _Snapshot | None = None
        self._discover: Callable[[], object] | None = None
        self._callbacks: list[Callable[[], Callable[[], object] | None]] = []
        self._generation = 0
        self.register(CoreSettings, owner="ninja-boost-core")

    @property
    def generation(self) -> int:
        """A number that grows with every reload: what was derived under another one is stale."""
        return self._generation

    def register(
        self,
        section: type[SettingsSection],
        *,
        owner: str,
        aliases: Mapping[str, str] | None = None,
    ) -> None:
        """Make the keys of `section` known; registering it again changes nothing.

        `owner` is the distribution that error messages name. `aliases` maps dotted paths of the
        umbrella to the owner's own, for a project that does not install the umbrella.
        Raises ImproperlyConfigured if another section has one of the keys.
        """
        with self._lock:
            self.add_aliases(aliases or {})
            if section in self._owners:
                return
            section_keys = keys(section)
            for key in section_keys:
                if other := self._section_of.get(key):
                    raise ImproperlyConfigured(
                        f"{SETTING}[{key!r}] is claimed by {self._owners[other]} "
                        f"({_name(other)}) and by {owner} ({_name(section)})."
                    )
            self._owners[section] = owner
            self._section_of.update(dict.fromkeys(section_keys, section))
            self._field_of.update({key: field_name(section, key) for key in section_keys})
            self._snapshot = None

    def add_aliases(self, aliases: Mapping[str, str]) -> None:
        """Map dotted paths of the umbrella to paths that work without it."""
        with self._lock:
            dotted_aliases.update(aliases)

    def discover_with(self, discover: Callable[[], object]) -> None:
        """Call `discover` once, before the first validation, to register installed features."""
        with self._lock:
            self._discover = discover
            self._snapshot = None

    def section(self, section: type[_Section]) -> _Section:
        """The validated instance of a section; an unknown section is registered first."""
        snapshot = self._valid()
        found = snapshot.sections.get(section)
        if found is None:
            self.register(section, owner=section.__module__.partition(".")[0].replace("_", "-"))
            found = self._valid().sections[section]
        # The mapping pairs each class with an instance of it, which its type cannot say.
        return found  # type: ignore[return-value]

    def __getattr__(self, key: str) -> Any:
        if not key.isupper():
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {key!r}")
        snapshot = self._valid()
        section = self._section_of.get(key)
        if section is None:
            raise AttributeError(
                f"{SETTING} has no key {key!r}.{suggestion(key, self._section_of)}"
            )
        return snapshot.sections[section].resolve(self._field_of[key])

    def reload(self) -> None:
        """Forget what was read from Django's settings and tell all `on_change` callbacks."""
        with self._lock:
            self._snapshot = None
            self._generation += 1
            self._callbacks = [hold for hold in self._callbacks if hold() is not None]
            callbacks = [hold() for hold in self._callbacks]
        with ExitStack() as calls:
            # Each is called, whatever the others raise.
            for callback in reversed(callbacks):
                if callback is not None:
                    calls.callback(callback)

    def on_change(self, callback: _Callback) -> _Callback:
        """Call `callback` after each reload, to drop what was derived from the settings.

        A bound method is held weakly, so that it does not keep its object alive.
        """
        with self._lock:
            if all(hold() != callback for hold in self._callbacks):
                if hasattr(callback, "__self__"):
                    self._callbacks.append(weakref.WeakMethod(callback))
                else:
                    self._callbacks.append(lambda: callback)
        return callback

    def find_problems(self, *, imports: bool = False) -> list[Problem]:
        """Every error in `NINJA_BOOST`; with `imports`, also each dotted path that fails."""
        snapshot = self._load()
        problems = list(snapshot.problems)
        if imports:
            for section in snapshot.sections.values():
                problems += _import_problems(section)
        return problems

    def import_path(self, path: str) -> Any:
        """Import what a dotted path names; the umbrella's own paths need no umbrella."""
        return import_path(path)

    def _valid(self) -> _Snapshot:
        snapshot = self._snapshot
        if snapshot is None:
            snapshot = self._load()
        if snapshot.problems:
            raise ImproperlyConfigured(
                f"{SETTING} is wrong:" + "".join(f"\n- {problem}" for problem in snapshot.problems)
            )
        return snapshot

    def _load(self) -> _Snapshot:
        with self._lock:
            if discover := self._discover:
                self._discover = None
                try:
                    discover()
                except BaseException:
                    self._discover = discover
                    raise
            if self._snapshot is None:
                self._snapshot = self._validate(getattr(settings, SETTING, {}))
            return self._snapshot

    def _validate(self, raw: object) -> _Snapshot:
        if not isinstance(raw, Mapping):
            wrong = Problem("", f"{SETTING} is a {type(raw).__name__}; it must be a dictionary.")
            return _Snapshot({}, (wrong,))
        problems = [self._unknown_key(key) for key in raw if key not in self._section_of]
        sections: dict[type[SettingsSection], SettingsSection] = {}
        for section in self._owners:
            mine = {key: value for key, value in raw.items() if key in keys(section)}
            try:
                instance = section.model_validate(mine)
            except ValidationError as exc:
                problems += problems_of(section, mine, exc.errors(include_url=False))
            else:
                bind(instance, "")
                sections[section] = instance
        return _Snapshot(sections, tuple(problems))

    def _unknown_key(self, key: object) -> Problem:
        owner = KEY_OWNERS.get(key) if isinstance(key, str) else None
        if owner is None:
            known = {*self._section_of, *KEY_OWNERS}
            return Problem(
                str(key), "is no known key.", suggestion(key, known).strip() or f"Remove {key}."
            )
        if installed(owner.replace("-", "_")):
            return Problem(
                key=str(key),
                message=f"belongs to {owner}, which is there but does not offer its feature.",
                hint="Install it again, so that its entry point is found.",
            )
        return Problem(
            key=str(key),
            message=f"belongs to {owner}, which is not installed.",
            hint=f"Install {owner}, or remove {key}.",
        )


def _name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def _import_problems(section: SettingsSection) -> list[Problem]:
    problems: list[Problem] = []
    for name in type(section).model_fields:
        try:
            section.resolve(name)
        except ImproperlyConfigured as exc:
            key = join(section._key_path, name)
            problems.append(Problem(key, str(exc).removeprefix(f"{SETTING}: {key} ")))
        for _, nested in sections_in(getattr(section, name), ""):
            problems += _import_problems(nested)
    return problems


boost_settings: BoostSettings = BoostSettings()


@boost_settings.discover_with
def _discover() -> None:
    # Features build on this module, which therefore can name them only when it is used.
    from .features import installed_features

    installed_features()


def _follow(*, setting: str, **kwargs: object) -> None:
    if setting == SETTING:
        boost_settings.reload()


setting_changed.connect(_follow, dispatch_uid="ninja_boost_core.conf")
