"""What an operation was told, and what follows with the settings as they are."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from string import Formatter
from typing import TYPE_CHECKING, Any, Literal

from django.core.exceptions import ImproperlyConfigured
from ninja.renderers import JSONRenderer
from ninja.security import APIKeyHeader

from ninja_boost_core.durations import Duration, no_or_seconds, seconds
from ninja_boost_core.principals import Identity, parts_of

from .backends import Backend, current_backend
from .keys import Names, names_of
from .principals import tenant_of
from .settings import current_options

if TYPE_CHECKING:
    from ninja.operation import Operation

    from ninja_boost_core import Call

__all__ = ["READS", "Key", "Options", "Policy", "Tags"]

Key = Literal["user", "shared"] | Callable[..., Any]
Tags = Sequence[str] | Callable[..., Iterable[str]]

LONGEST_WAIT = 60.0

READS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Options:
    """The arguments of ``cache_response``; None is the setting, for ``key`` it is shared."""

    ttl: Duration | None = None
    key: Key | None = None
    tags: Tags = ()
    vary: tuple[str, ...] = ()
    stale: Duration | None = None
    max_age: Duration | None = None
    lease: Duration | None = None
    wait: Duration | None = None
    client_no_cache: bool | None = None

    def __post_init__(self) -> None:
        for required in (self.ttl, self.lease):
            if required is not None:
                seconds(required)
        for value in (self.stale, self.max_age, self.wait):
            if value is not None:
                no_or_seconds(value)
        if self.wait is not None and no_or_seconds(self.wait) > LONGEST_WAIT:
            raise ValueError(f"wait={self.wait!r}: at most {LONGEST_WAIT:g} seconds.")
        if self.key not in (None, "user", "shared") and not callable(self.key):
            raise ValueError(
                f"key={self.key!r}: 'user', 'shared', or a callable over (request, ctx)."
            )
        if isinstance(self.tags, str) or not (callable(self.tags) or _are_texts(self.tags)):
            raise ValueError(
                f"tags={self.tags!r}: a sequence of texts, or a callable over "
                "(request, ctx, **values)."
            )
        if not _are_texts(self.vary) or "*" in self.vary:
            raise ValueError(f"vary={self.vary!r}: a sequence of names of request headers.")


@dataclass(frozen=True, slots=True)
class Policy:
    """How one operation is cached. Durations are seconds.

    Attributes:
        view: ``<module>.<view>``.
        private: whether an answer is only for callers who passed authentication.
        vary: the request headers that keep answers apart.
        sent_vary: those that an answer names in Vary.
        covered: their lower-case names, and those that ``key`` covers.
        cookies: the cookies that the view declares.
        templates: whether tags have fields to fill in.
        fixed_tags: the tags, if they are the same for each request.
        meta: ``vary`` as names in ``request.META``.
    """

    view: str
    backend: Backend
    key: Key
    tags: tuple[str, ...] | Callable[..., Iterable[str]]
    templates: bool
    private: bool
    vary: tuple[str, ...]
    sent_vary: tuple[str, ...]
    covered: frozenset[str]
    cookies: tuple[str, ...]
    ttl: float
    stale: float
    jitter: float
    max_age: float
    lease: int
    wait: float
    max_body: int
    client_no_cache: bool
    closed: bool
    dropped: frozenset[str]
    fixed_tags: tuple[str, ...] | None = field(init=False)
    meta: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        fixed = None if self.templates or callable(self.tags) else self.tags
        object.__setattr__(self, "fixed_tags", fixed)
        object.__setattr__(self, "meta", tuple(_meta_name(name) for name in self.vary))

    @classmethod
    def of(cls, options: Options, operation: Operation, view: str) -> Policy:
        """Return what follows for an operation.

        Raises:
            ImproperlyConfigured: naming the setting or argument that is wrong.
        """
        settings = current_options()
        _check_tags(options.tags, operation)
        declared_headers, cookies = _declared_parameters(operation)
        vary = list(options.vary)
        vary += [name for name in declared_headers if name.lower() not in map(str.lower, vary)]
        if not isinstance(operation.api.renderer, JSONRenderer) and "accept" not in map(
            str.lower, vary
        ):
            # A renderer of the project's own may choose by it.
            vary.append("Accept")
        key: Key = options.key or "shared"
        authenticated = needs_auth(operation)
        covered = {name.lower() for name in vary}
        if key == "user":
            covered |= {"authorization", "cookie"}
        lease = settings.LEASE if options.lease is None else seconds(options.lease)
        client_no_cache = options.client_no_cache
        private = authenticated or key != "shared"
        max_age = settings.MAX_AGE if options.max_age is None else no_or_seconds(options.max_age)
        # Otherwise a browser would use the answer for whoever logs in next.
        credentials = _credentials(operation) if private and max_age else ()
        return cls(
            view=view,
            backend=current_backend(),
            key=key,
            tags=options.tags if callable(options.tags) else tuple(options.tags),
            templates=not callable(options.tags) and any("{" in tag for tag in options.tags),
            private=private,
            vary=tuple(vary),
            sent_vary=(*vary, *credentials),
            covered=frozenset(covered),
            cookies=cookies,
            ttl=settings.TTL if options.ttl is None else seconds(options.ttl),
            stale=settings.STALE if options.stale is None else no_or_seconds(options.stale),
            jitter=settings.JITTER,
            max_age=max_age,
            lease=max(1, math.ceil(lease)),
            wait=settings.WAIT if options.wait is None else no_or_seconds(options.wait),
            max_body=settings.MAX_BODY,
            client_no_cache=(
                settings.CLIENT_NO_CACHE if client_no_cache is None else client_no_cache
            ),
            closed=settings.ON_ERROR == "closed",
            dropped=frozenset(name.lower() for name in settings.PER_REQUEST_HEADERS),
        )

    @property
    def shared(self) -> bool:
        """Whether several callers may get an answer."""
        return self.key != "user"

    @property
    def lifetime(self) -> float:
        """Seconds for which an answer is kept at most."""
        return self.ttl + self.stale

    def names(self, call: Call, whose: Identity | None) -> Names | None:
        """Return the names to look up; None if nobody knows whose answer it would be.

        Args:
            whose: what identifies the caller, where ``key`` is "user".
        """
        request = call.request
        if callable(self.key):
            given = self.key(request, call.ctx)
            whose = None if given is None else parts_of(given, "cache_response(): key= returned")
        if whose is None and self.key != "shared":
            return None
        variant: tuple[Any, ...] = (whose, tenant_of(call))
        if self.meta:
            variant += (tuple(map(request.META.get, self.meta)),)
        if self.cookies:
            variant += (tuple(map(request.COOKIES.get, self.cookies)),)
        tags = self._tags_of(call) if self.fixed_tags is None else self.fixed_tags
        return names_of(request, self.view, tags, variant)

    def freshness(self, ttl: float) -> float:
        """Return ``ttl`` with the jitter taken off."""
        # What expires when is no secret.
        return ttl * (1 - self.jitter * random.random())  # noqa: S311

    def cache_control(self, age: float, left: float) -> str:
        """Return the Cache-Control of an answer that says nothing itself.

        Without ``max_age`` clients keep it and ask each time whether it is still current, because
        an invalidation does not reach them.
        """
        who = "private" if self.private else "public"
        if self.max_age and left > 0:
            # A client takes the age off (RFC 9111, section 4.2).
            return f"{who}, max-age={int(age) + int(min(self.max_age, left))}"
        return f"{who}, no-cache"

    def _tags_of(self, call: Call) -> tuple[str, ...]:
        if callable(self.tags):
            tags = tuple(self.tags(call.request, call.ctx, **call.values))
            if not _are_texts(tags):
                raise ImproperlyConfigured(f"cache_response(): tags= returned {tags!r:.80}.")
            return tags
        return tuple(tag.format_map(call.values) for tag in self.tags)


def needs_auth(operation: Operation) -> bool:
    # Operations of ours know what the AUTH setting adds.
    return bool(getattr(operation, "authentication", operation.auth_callbacks))


def _credentials(operation: Operation) -> tuple[str, ...]:
    """Return the request headers that say who the caller is."""
    callbacks = getattr(operation, "authentication", operation.auth_callbacks)
    own = [each.param_name for each in callbacks if isinstance(each, APIKeyHeader)]
    return ("Authorization", "Cookie", *own)


def _are_texts(values: Any) -> bool:
    return isinstance(values, Sequence) and all(isinstance(each, str) and each for each in values)


def _meta_name(header: str) -> str:
    name = header.upper().replace("-", "_")
    return name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"


def _declared_parameters(operation: Operation) -> tuple[list[str], tuple[str, ...]]:
    """Return the request headers and the cookies that the view has as arguments."""
    found: dict[str, list[str]] = {"header": [], "cookie": []}
    for model in operation.models:
        if (source := model.__ninja_param_source__) in found:
            found[source] += model.__ninja_flatten_map__
    headers = [name.replace("_", "-").title() for name in found["header"]]
    return headers, tuple(found["cookie"])


def _check_tags(tags: Tags, operation: Operation) -> None:
    if callable(tags):
        return
    known = operation.signature.signature.parameters
    for tag in tags:
        try:
            fields = [name for _, name, _, _ in Formatter().parse(tag) if name is not None]
        except ValueError as error:
            raise ImproperlyConfigured(f"cache_response(): the tag {tag!r}: {error}.") from error
        for name in fields:
            if name.partition(".")[0].partition("[")[0] not in known:
                raise ImproperlyConfigured(
                    f"cache_response(): the tag {tag!r} names {name!r}, which is no argument of "
                    f"the view; it has {', '.join(known) or 'none'}."
                )
