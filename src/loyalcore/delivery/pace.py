"""How fast a channel is used, how often a message is tried, and how long it then waits."""

from __future__ import annotations

from hashlib import blake2b
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(gt=0, le=7 * 86_400, allow_inf_nan=False)]


class Pace(BaseModel):
    """How a channel is used."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    workers: int = Field(4, ge=1, le=100, description="how many sends go on at once")
    rate: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="messages a second at most; without it, any"
    )
    timeout: Seconds = Field(60.0, description="seconds after which a send is given up")
    attempts: int = Field(8, ge=1, le=1_000, description="tries before a message is a dead letter")
    backoff: Seconds = Field(
        30.0, description="seconds before the second try; twice as many before each that follows"
    )
    longest: Seconds = Field(6 * 3_600.0, description="seconds between two tries at most")
    lease: Seconds = Field(
        120.0,
        description="seconds after which another deliverer takes over what one that was killed "
        "had taken",
    )


def backoff(pace: Pace, key: str, attempt: int) -> int:
    """Microseconds to wait after the `attempt`-th try of the message `key` has failed.

    Exponential, and between half of it and all: what failed together is not tried again
    together. How much is made of the key, so that it takes no chance to know.
    """
    whole = min(pace.backoff * 2.0 ** min(attempt - 1, 60), pace.longest)
    digest = blake2b(f"{key} {attempt}".encode(), digest_size=4).digest()
    return int(whole * (0.5 + int.from_bytes(digest) / 2**33) * 1_000_000)


class Meter:
    """Lets so many through a second, evenly: none is saved up. Times are in seconds."""

    def __init__(self, rate: float | None) -> None:
        self._rate = rate
        self._free = float("-inf")  # from when on the next may go

    def allows(self, now: float, most: int) -> int:
        """How many of `most` may go now."""
        if self._rate is None:
            return most
        return min(most, max(1, int(self._rate))) if now >= self._free else 0

    def spend(self, now: float, count: int) -> None:
        """So many go now."""
        if self._rate is not None:
            self._free = max(self._free, now) + count / self._rate

    def wait(self, now: float) -> float:
        """Seconds until any may go."""
        return max(0.0, self._free - now)
