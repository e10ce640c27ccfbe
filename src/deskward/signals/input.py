"""How the requester pressed “Continue”: by hand or by a script, with what, and how soon."""

from collections.abc import Iterable, Iterator

from deskward.core.risk import Finding, Section, unknown
from deskward.core.signals import Seen

MOST, BY_SCRIPT, AT_ONCE, MOUSE_ON_PHONE = 0.5, 0.5, 0.3, 0.3
SOONEST_SECONDS = 1.0
SOURCE = "browser"
UNSEEN = "A hardware remote control (KVM) cannot be seen by a web page."


class Signal:
    """Looks at one press only, and weighs little: assistive tools look unusual, and nobody is to suffer for it."""

    name = "input"
    section = Section.ENDPOINT
    title = "How you press Continue"
    about = (
        "With what and how soon you press “Continue”, to recognise remote control. What you type is not looked at."
    )
    reads: tuple[str, ...] = ("press_trusted", "press_by", "press_seconds")

    def look(self, seen: Seen) -> Iterable[Finding]:
        """Say what was unusual about the press."""
        trusted, by = seen.visit.flag("press_trusted"), seen.visit.text("press_by")
        seconds = seen.visit.number("press_seconds")
        if trusted is None and by is None and seconds is None:
            text = f"The browser told nothing of the press. {UNSEEN}"
            return [unknown(self.name, self.section, text, SOURCE)]
        signs = list(_signs(trusted, by, seconds, seen.device.kind))
        raw = {name: str(seen.visit.readings[name]) for name in self.reads if name in seen.visit.readings}
        weight = min(MOST, sum(points for points, _ in signs))
        words = "; ".join(words for _, words in signs) or "Nothing unusual about how “Continue” was pressed"
        return [Finding(self.name, self.section, weight, f"{words}. {UNSEEN}", SOURCE, raw=raw)]


def _signs(trusted: bool | None, by: str | None, seconds: float | None, kind: str) -> Iterator[tuple[float, str]]:
    if trusted is False:
        yield BY_SCRIPT, "“Continue” was pressed by a script, not by a person"
    if seconds is not None and seconds < SOONEST_SECONDS:
        yield AT_ONCE, "“Continue” was pressed sooner than the page can be read"
    if kind == "mobile" and by == "mouse":
        yield MOUSE_ON_PHONE, "A phone was used with a mouse, as under remote control"
