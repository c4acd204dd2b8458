"""The generic cell rate algorithm (ITU-T I.371), as a pure function over integers.

A client's whole state is one number, the theoretical arrival time TAT: the moment at which its
bucket will be full again. Each admitted unit moves it on by the emission interval T, which is
the period divided by the count; a unit is admitted as long as TAT does not get further ahead
of the clock than ``burst * T``.

What that means for a limit of ``count`` in a period, with a burst:

* A client that was idle may send ``burst`` units at once.
* From then on one unit comes back every T: ``count`` in each period, without a step at its end.
* In any window of length W, wherever it begins, at most ``burst + floor(W / T)`` units are
  admitted; in any window of one period, its start included and its end not, therefore at most
  ``count + burst - 1``.
* What is refused costs nothing.

To see the bound: the first unit in a window that begins at s moves TAT from s or later, so n
units leave it at ``s + n*T`` or later; the last of them, at time t, was admitted because that is
not beyond ``t + burst*T``.

T is rarely a whole number of nanoseconds. Times are therefore counted in ticks of
``1/count`` ns, in which T is exactly the period's nanoseconds: nothing is rounded, nothing
drifts.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Decision", "Quota", "decide"]

NANOSECONDS = 1_000_000_000


@dataclass(slots=True)
class Decision:
    """Whether a request is admitted, and what a client may do next. Durations are in ticks.

    Attributes:
        allowed: whether the cost was taken.
        tat: the theoretical arrival time to keep; as it was if the request is refused.
        remaining: units that would be admitted now.
        reset: until the whole burst is available again.
        retry_after: until a request of the same cost would be admitted; 0 if it was.
    """

    allowed: bool
    tat: int
    remaining: int
    reset: int
    retry_after: int


def decide(
    tat: int, now: int, emission_interval: int, burst_tolerance: int, cost: int = 1
) -> Decision:
    """Return whether ``cost`` units are admitted at ``now``.

    All times are integers of one unit, whichever that is.

    Args:
        tat: the theoretical arrival time, or anything up to ``now`` for a client not seen yet.
        now: the time.
        emission_interval: how far one unit moves the theoretical arrival time.
        burst_tolerance: how far it may be ahead of ``now`` after an admission; ``burst`` times
            the emission interval.
        cost: units that the request takes, from 0 to ``burst``.
    """
    if tat < now:
        tat = now
    moved = tat + cost * emission_interval
    room = now + burst_tolerance
    if moved <= room:
        return Decision(True, moved, (room - moved) // emission_interval, moved - now, 0)
    return Decision(False, tat, (room - tat) // emission_interval, tat - now, moved - room)


@dataclass(frozen=True, slots=True)
class Quota:
    """A rate and a burst, and the ticks that they are reckoned in.

    Attributes:
        count: units in a period.
        period: seconds.
        burst: units that an idle client may take at once.
        interval: the emission interval, in ticks of ``1/count`` ns.
        tolerance: the burst tolerance, in ticks; also the time in which an empty bucket fills.
        second: ticks in a second.
    """

    count: int
    period: int
    burst: int
    interval: int = field(init=False, repr=False, compare=False)
    tolerance: int = field(init=False, repr=False, compare=False)
    second: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        interval = self.period * NANOSECONDS
        object.__setattr__(self, "interval", interval)
        object.__setattr__(self, "tolerance", interval * self.burst)
        object.__setattr__(self, "second", self.count * NANOSECONDS)

    def decide(self, tat: int, now: int, cost: int) -> Decision:
        """See the function; the times are in this quota's ticks."""
        return decide(tat, now, self.interval, self.tolerance, cost)

    def seconds(self, ticks: int) -> int:
        """Return a duration in whole seconds, rounded up."""
        return -(-ticks // self.second)

    @property
    def window(self) -> int:
        """Seconds, rounded up, in which an empty bucket fills: the period if the burst is the
        count."""
        return self.seconds(self.tolerance)
