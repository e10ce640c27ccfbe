"""What a verdict asks of the days before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from deskward.core.verification import Run


@dataclass(frozen=True)
class Since:
    """Since when it is asked for runs `opened`, for those that had not `ended`, and for people `reached`."""

    opened: datetime
    ended: datetime
    reached: datetime


@dataclass(frozen=True)
class Lately:
    """The person's other runs that were open lately, and how many other people share an address of the proofs.

    `others` counts whom else a link or a code reached where a proof comes from: the most of one root (SR-41).
    """

    runs: Sequence[Run] = ()
    others: int = 0
