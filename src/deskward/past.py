"""What past verifications tell, from the command line: risk calibration · policy shadow · policy replay."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from deskward.core.feedback import BINS, Calibration
from deskward.core.replay import Replayed, decided_as, differ, shadow_of
from deskward.core.verification import Mark, Verification
from deskward.policies import policies
from deskward.settings import read
from deskward.staff import File, house_of

risk = App(name="risk", help="How well the risk scores foretell.")

Day = Annotated[date | None, Parameter(name="--since", help="Only what was opened on this day or later, in UTC.")]
Live = Annotated[Path | None, Parameter(name="--live", help="The settings in force (or DESKWARD_SETTINGS).")]
Other = Annotated[Path, Parameter(name="--settings", help="The settings file with the other rules.")]
Again = Callable[[Verification], Replayed | None]
_NO_MARKS = "Nothing is marked yet. Approvers, auditors and administrators mark results on the details page."


@risk.command
def calibration(*, since: Day = None, settings: File = None) -> None:
    """Set the scores of decided verifications against what analysts marked them as."""
    house, counted = house_of(settings), Calibration()
    try:
        for verification in house.opened.console.decided(_midnight(since)):
            counted.add(verification)
    finally:
        house.close()
    for line in calibrated(counted):
        print(line)


def calibrated(counted: Calibration) -> Iterator[str]:
    """Write the table: for each score how many, how many are labelled, and the share that was somebody else."""
    yield f"{counted.count} decided verifications with a score, {counted.labelled} of them with a telling mark."
    yield "Marks: " + ", ".join(
        f"{counted.marks[mark]} {words}"
        for mark, words in ((Mark.RIGHT, "right"), (Mark.FALSE_ALARM, "false alarm"), (Mark.MISSED, "missed"))
    )
    yield ""
    yield f"{'score':>8}  {'decided':>8}  {'marked':>8}  {'bad':>8}  {'share bad':>9}"
    for one in counted.bins:
        span = f"{one.lower} to {'' if one.lower == BINS - 1 else '<'}{one.lower + 1}"
        share = "–" if one.share is None else f"{one.share:.0%}"
        yield f"{span:>8}  {one.count:>8}  {one.labelled:>8}  {one.bad:>8}  {share:>9}"
    yield ""
    if counted.brier is None:
        yield _NO_MARKS
        return
    yield f"Brier score {counted.brier:.3f} (0 is perfect; a score of 10 is read as certain, 0 as impossible)."
    yield "What is marked was chosen by people, not drawn by lot: read the shares with that in mind."


@policies.command
def shadow(*, since: Day = None, settings: File = None) -> None:
    """Count what the shadow policy would have decided differently, and list it."""
    house = house_of(settings)
    try:
        if house.house.shadow is None:
            print("No shadow policy is set; see [shadow] in docs/settings.md. What was kept before is counted.")
        _told(house.opened.console.decided(_midnight(since)), shadow_of)
    finally:
        house.close()


@policies.command
def replay(*, settings: Other, since: Day = None, live: Live = None) -> None:
    """Decide past verifications again under the thresholds and weights of another settings file.

    Signals that the other file adds cannot be seen afterwards; a signal it switches off is left out.
    """
    rules = read(settings).rules()
    house = house_of(live)
    try:
        _told(house.opened.console.decided(_midnight(since)), rules.decided)
    finally:
        house.close()


def _told(verifications: Iterable[Verification], again: Again) -> None:
    """Print each one that would have been decided differently as it is found, then the counts."""
    looked = changed = skipped = 0
    for verification in verifications:
        now, then = again(verification), decided_as(verification)
        if now is None:
            skipped += 1
            continue
        looked += 1
        if not differ(now, then):
            continue
        changed += 1
        print(f"{verification.id}  {verification.ticket_number}: {then.words} → {now.words}")
    print(f"{changed} of {looked} would have been decided differently.")
    if skipped:
        print(f"{skipped} more were not looked at: the other rules say nothing of them.")


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), UTC) if day else None
