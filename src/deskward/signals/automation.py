"""Signs of a browser that a program drives; each is weak or easy to hide, so together they never decide."""

from collections.abc import Iterable, Iterator

from deskward.core.risk import Finding, Section, unknown
from deskward.core.signals import Seen

HEADLESS, DRIVEN, WEAK, MOST = 3.0, 2.0, 0.5, 4.0
SOURCE = "browser and its headers"
FLAGS = ("webdriver", "automation_marks", "permissions_contradict")


class Signal:
    """Adds the signs up to 4 points at most; it is never critical."""

    name = "automation"
    section = Section.ENDPOINT
    title = "Automation"
    about = "Whether a program drives your browser instead of a person."
    reads: tuple[str, ...] = (*FLAGS, "plugins", "outer_width")

    def look(self, seen: Seen) -> Iterable[Finding]:
        """Say which signs of automation there are."""
        signs = list(_signs(seen))
        read = [n for n in self.reads if n in seen.visit.readings]
        if not signs and not read:
            return [unknown(self.name, self.section, "The browser told nothing to see automation by.", "browser")]
        raw = {name: str(seen.visit.readings[name]) for name in read}
        if not signs:
            text = "No sign of an automated browser. A well hidden one shows none."
            return [Finding(self.name, self.section, 0.0, text, SOURCE, raw=raw)]
        weight = min(MOST, sum(points for points, _ in signs))
        text = f"Signs of an automated browser: {'; '.join(words for _, words in signs)}."
        return [Finding(self.name, self.section, weight, text, SOURCE, raw=raw)]


def _signs(seen: Seen) -> Iterator[tuple[float, str]]:
    visit = seen.visit
    if "headless" in visit.headers.get("user-agent", "").lower():
        yield HEADLESS, "it calls itself headless"
    if visit.flag("webdriver"):
        yield DRIVEN, "it says that a program drives it"
    if visit.flag("automation_marks"):
        yield DRIVEN, "a tool for automation left its marks"
    if visit.flag("permissions_contradict"):
        yield WEAK, "it says two things about its permissions"
    if visit.number("plugins") == 0 and seen.device.kind == "desktop" and "Chrome" in seen.device.browser:
        yield WEAK, "it lacks the parts that such browsers have"
    if visit.number("outer_width") == 0:
        yield WEAK, "its window has no size"
