"""Whose request it is, and how it came: the client behind proxies that the settings trust.

A forwarding header is a list to which each proxy appends the address that it was called from.
What its right end says is as trustworthy as the peer that sent it, and each entry further left
as the proxy that the entry before it names. So both headers are read from the right, and
reading stops at the first address that is no trusted proxy: that one is the client.
"""

from __future__ import annotations

import ipaddress
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal

from django.conf import settings
from django.http import HttpRequest

from .conf import CoreSettings, boost_settings
from .django_settings import made_of

__all__ = ["client_address", "is_secure", "is_trusted_peer"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Characters of a header that are looked at, from its right end. Some forty proxies fit.
_MAX_LENGTH = 2048
_UNIX: Final = "unix"
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")

logger: logging.Logger = logging.getLogger("ninja_boost.client_address")


def client_address(request: HttpRequest) -> str | None:
    """The client's IP address in canonical form, or None if it has none that can be known.

    That is ``REMOTE_ADDR``, unless the peer is in ``NINJA_BOOST["TRUSTED_PROXIES"]``: then it
    is the right-most address of ``X-Forwarded-For`` or ``Forwarded`` (RFC 7239) that is not, or
    the last one within ``TRUSTED_PROXY_HOPS`` proxies. An entry that is no address (``unknown``,
    an obfuscated ``_name``, garbage) ends the search with the address found before it. An
    IPv4-mapped IPv6 address counts as the IPv4 address.

    ``TRUSTED_PROXY_HEADER`` says which header the proxies write. Without it ``X-Forwarded-For``
    is read, and ``Forwarded`` where the other is missing. It is the safer order: hardly any
    proxy writes ``Forwarded``, and most let through what a client sends in its place.
    """
    policy = _current or _policy()
    if policy.trusts_nobody:
        return _peer_text(request.META.get("REMOTE_ADDR") or "")
    address = _peer(request)
    if policy.trusts(address):
        for hop, entry in enumerate(_entries(request, policy), start=1):
            if entry is None:
                break
            address = entry
            if hop == policy.hops or not policy.trusts(address):
                break
    return None if address is None or address == _UNIX else str(address)


def is_trusted_peer(request: HttpRequest) -> bool:
    """Whether the request was sent by a trusted proxy, whose other headers may be believed."""
    policy = _current or _policy()
    return not policy.trusts_nobody and policy.trusts(_peer(request))


def is_secure(request: HttpRequest) -> bool:
    """Whether the request came over HTTPS: ``request.is_secure()``, in a third of the time.

    Django asks its settings each time for the header that a proxy would send.
    """
    scheme = None if _proxy_tells() else request.META.get("wsgi.url_scheme")
    return request.is_secure() if scheme is None else bool(scheme == "https")


@made_of("SECURE_PROXY_SSL_HEADER")
def _proxy_tells() -> bool:
    return bool(settings.SECURE_PROXY_SSL_HEADER)


@dataclass(slots=True)
class _Policy:
    """The settings, parsed."""

    settings: CoreSettings
    unix: bool = field(init=False)
    networks: tuple[Network, ...] = field(init=False)
    hops: int | None = field(init=False)
    header: Literal["x-forwarded-for", "forwarded"] | None = field(init=False)
    trusts_nobody: bool = field(init=False)
    warned: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        proxies = self.settings.TRUSTED_PROXIES
        self.unix = _UNIX in proxies
        self.networks = tuple(_network(item) for item in proxies if item != _UNIX)
        self.trusts_nobody = not proxies
        self.hops = self.settings.TRUSTED_PROXY_HOPS
        self.header = self.settings.TRUSTED_PROXY_HEADER

    def trusts(self, address: Address | Literal["unix"] | None) -> bool:
        if address is None:
            return False
        if address == _UNIX:
            return self.unix
        return any(address in network for network in self.networks)


_current: _Policy | None = None


def _policy() -> _Policy:
    global _current
    _current = policy = _Policy(boost_settings.section(CoreSettings))
    return policy


@boost_settings.on_change
def _forget() -> None:
    global _current
    _current = None


def _network(text: str) -> Network:
    network = ipaddress.ip_network(text)
    if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(_MAPPED):
        mapped = network.network_address.ipv4_mapped
        return ipaddress.IPv4Network(f"{mapped}/{network.prefixlen - 96}")
    return network


def _peer(request: HttpRequest) -> Address | Literal["unix"] | None:
    """The address of whoever opened the connection, None if the server gives none we know."""
    return _peer_address(request.META.get("REMOTE_ADDR") or "")


# Few peers send most requests, and parsing an address is most of the work here.
@lru_cache(maxsize=4096)
def _peer_address(remote: str) -> Address | Literal["unix"] | None:
    # What servers give for a Unix socket: nothing (gunicorn, uvicorn), nginx's and waitress's own.
    if remote in ("", "unix:", "localhost"):
        return _UNIX
    # An IPv6 link-local address comes with its interface, which no network contains.
    return _address(remote.partition("%")[0])


@lru_cache(maxsize=4096)
def _peer_text(remote: str) -> str | None:
    address = _peer_address(remote)
    return None if address is None or address == _UNIX else str(address)


def _entries(request: HttpRequest, policy: _Policy) -> Iterator[Address | None]:
    """The addresses of the forwarding header, last first; None for an entry that is none."""
    listed: str = request.META.get("HTTP_X_FORWARDED_FOR", "").strip()
    forwarded: str = request.META.get("HTTP_FORWARDED", "").strip()
    if policy.header is None and listed and forwarded and not policy.warned:
        policy.warned = True
        logger.warning(
            "A request came with both X-Forwarded-For and Forwarded, of which the first is used. "
            "Say in NINJA_BOOST['TRUSTED_PROXY_HEADER'] which one your proxies write."
        )
    if policy.header == "forwarded" or (policy.header is None and not listed):
        return map(_address, _forwarded_nodes(forwarded))
    return map(_address, _listed_nodes(listed))


def _listed_nodes(header: str) -> Iterator[str]:
    nodes = header[-_MAX_LENGTH:].split(",")
    if len(header) > _MAX_LENGTH:
        nodes[0] = ""  # It was cut.
    return (node.strip() for node in reversed(nodes))


# One ``name=value`` of RFC 7239 with what separates it from its left neighbour, reversed. Read
# from the left, a client's unbalanced quote would swallow what the proxies appended to it.
# Unquoted values are taken more widely than the RFC has it, as proxies leave out the quotes.
_REVERSED_PAIR = re.compile(
    r"""
    [ \t]*+
    (?: "(?P<quoted>(?:[^"]|"(?=\\))*+)" | (?P<plain>[^\s",;=\\]*+) )
    = (?P<name>[!\#$%&'*+.^_`|~0-9A-Za-z-]++)
    [ \t]*+ (?P<end>[;,]|\Z)
    """,
    re.VERBOSE,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_NOTHING = re.compile(r"[ \t,;]*+")


def _forwarded_nodes(header: str) -> Iterator[str]:
    """The ``for`` of each element of a Forwarded header, last first; "" where it has none."""
    text = header[: -_MAX_LENGTH - 1 : -1]
    position = 0
    nodes: list[str] = []
    while (pair := _REVERSED_PAIR.match(text, _skip(text, position))) is not None:
        position = pair.end()
        if pair["name"][::-1].lower() == "for":
            nodes.append(_value(pair))
        if pair["end"] == ";":
            continue
        yield nodes[0] if len(nodes) == 1 else ""
        nodes = []


def _skip(text: str, position: int) -> int:
    skipped = _NOTHING.match(text, position)
    return position if skipped is None else skipped.end()


def _value(pair: re.Match[str]) -> str:
    quoted = pair["quoted"]
    if quoted is None:
        return pair["plain"][::-1]
    return _ESCAPED.sub(r"\1", quoted[::-1])


# An address with or without port: in brackets, IPv4, or bare IPv6, which has no port.
_NODE = re.compile(
    r"(?:\[(?P<six>[^\]]*)\]|(?P<four>[\d.]+))(?::[\w.-]+)?|(?P<bare>[0-9A-Fa-f:.]+)"
)


@lru_cache(maxsize=1024)
def _address(node: str) -> Address | None:
    """The address in ``node``, with brackets and port taken off; None if there is none."""
    match = _NODE.fullmatch(node)
    text = match and (match["six"] or match["four"] or match["bare"])
    # A zone would be free text of the sender's.
    if not text or "%" in text:
        return None
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
