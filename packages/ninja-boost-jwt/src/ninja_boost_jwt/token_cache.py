"""Tokens that were verified a moment ago, so that the same one is not verified at each request."""

from __future__ import annotations

import threading
import time
from hashlib import blake2b

from .verifying import Verified

__all__ = ["MOST_TOKENS", "TokenCache"]

MOST_TOKENS = 10_000
"""Entries; the oldest goes first."""


class TokenCache:
    """What tokens say, by a digest of theirs: the tokens themselves are kept nowhere.

    It belongs to one state of keys and settings, and goes with it. Only what was accepted is in
    it, and whether that is current is asked at each use. How long a look-up takes tells nothing
    about tokens: they are compared by their digests alone, which nobody can choose.

    Args:
        seconds: for which a token is not verified again.
    """

    __slots__ = ("_entries", "_lock", "_seconds")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._entries: dict[bytes, tuple[Verified, float]] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, token: str) -> Verified | None:
        """Return what was found; None for a token that is not known or not current.

        Callers share it, so that each takes a copy of the claims.
        """
        found, until = self._entries.get(_digest(token), _UNKNOWN)
        if found is None or time.monotonic() >= until or not found.is_current():
            return None
        return found

    def put(self, token: str, found: Verified) -> None:
        """Keep what was found; the caller must not change it any more."""
        now = time.monotonic()
        name = _digest(token)
        with self._lock:
            entries = self._entries
            entries.pop(name, None)
            # All are kept equally long, so that they stand in the order in which they go.
            while entries:
                oldest = next(iter(entries))
                if len(entries) < MOST_TOKENS and now < entries[oldest][1]:
                    break
                del entries[oldest]
            entries[name] = (found, now + self._seconds)


_UNKNOWN: tuple[Verified | None, float] = (None, 0.0)


def _digest(token: str) -> bytes:
    # As strong as SHA-256, and without OpenSSL, which takes longer to begin than to hash.
    return blake2b(token.encode(errors="surrogatepass"), digest_size=32).digest()
