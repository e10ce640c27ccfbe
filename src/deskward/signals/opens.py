"""How often the link was opened before: for information only, it never has a weight (SR-07)."""

from collections.abc import Iterable

from deskward.core.destinations import Kind
from deskward.core.risk import Finding, Section
from deskward.core.signals import Seen

SCANNERS = {Kind.EMAIL.value: "a mail scanner", Kind.SMS.value: "a link preview"}


class Signal:
    """Tells the count and what may be behind it."""

    name = "opens"
    section = Section.CHALLENGE
    title = "Opens of the link"
    about = "We count how often the link was opened. The count is for information only."
    reads: tuple[str, ...] = ()

    def look(self, seen: Seen) -> Iterable[Finding]:
        """Say how often the link was opened before, without weight."""
        raw = {"opens": str(seen.opens)}
        return [Finding(self.name, self.section, 0.0, _words(seen), "portal", raw=raw)]


def _words(seen: Seen) -> str:
    if seen.opens <= 0:
        return "The link was not opened before."
    times = "once" if seen.opens == 1 else f"{seen.opens} times"
    scanner = SCANNERS.get(seen.link_kind, "a scanner")
    return f"The link was opened {times} before, perhaps by {scanner}."
