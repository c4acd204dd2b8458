"""Rates as they are written: ``"30/minute"``."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .gcra import Quota

__all__ = ["PERIODS", "parse_rate"]

PERIODS: Mapping[str, int] = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
"""The periods and their seconds, shortest first."""

MAXIMUM = 10_000_000
"""The largest count and burst; Redis reckons in doubles, exactly up to 2**53."""

LONGEST = 10 * 366 * 86400
"""Seconds in which a bucket must fill, for the same reason."""

_RATE = re.compile(r"([0-9]{1,9})/(second|minute|hour|day)")


def parse_rate(rate: object, burst: object = None) -> Quota:
    """Return the quota that ``rate`` and ``burst`` describe.

    Args:
        rate: ``"<count>/<period>"``, the period being second, minute, hour or day.
        burst: units that an idle client may take at once; the count if it is None.

    Raises:
        ValueError: saying what is wrong.
    """
    match = _RATE.fullmatch(rate) if isinstance(rate, str) else None
    if match is None:
        raise ValueError(
            f"{rate!r} is no rate: write a count and a period such as '30/minute', "
            f"the period being one of {', '.join(PERIODS)}"
        )
    count = int(match[1])
    if not 1 <= count <= MAXIMUM:
        raise ValueError(f"the rate {rate!r} has a count that is not from 1 to {MAXIMUM}")
    if burst is None:
        burst = count
    elif not isinstance(burst, int) or isinstance(burst, bool) or not 1 <= burst <= MAXIMUM:
        raise ValueError(f"the burst {burst!r} is no whole number from 1 to {MAXIMUM}")
    quota = Quota(count, PERIODS[match[2]], burst)
    if quota.window > LONGEST:
        raise ValueError(f"the burst {burst} takes more than ten years to come back at {rate!r}")
    return quota
