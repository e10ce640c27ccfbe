"""The key of the browser: whether this device was used in verifications that passed. It is no proof."""

from collections.abc import Iterable

from deskward.core.risk import Finding, Section, unknown
from deskward.core.signals import Seen
from deskward.core.surroundings import MOST_VISITS

KNOWN, FIRST_TIME = -2.0, 0.5
SOURCE = "earlier verifications"


class Signal:
    """Compares with the person's earlier visits; the key itself is checked elsewhere."""

    name = "device_key"
    section = Section.ENDPOINT
    title = "Known device"
    about = "Your browser keeps a key for this portal, so that we know it again the next time."
    reads: tuple[str, ...] = ("device_key",)

    def look(self, seen: Seen) -> Iterable[Finding]:
        """Say whether the device is known."""
        if not seen.visit.text("device_key"):
            return [unknown(self.name, self.section, "The browser gave no device key.", "browser")]
        weight, text = _weighed(seen.past.device_passed, seen.past.visits)
        raw = {"device_passed": str(seen.past.device_passed), "visits": str(seen.past.visits)}
        return [Finding(self.name, self.section, weight, text, SOURCE, raw=raw)]


def _weighed(passed: int, visits: int) -> tuple[float, str]:
    if passed:
        return KNOWN, f"This device was used in {_times(passed)} that passed."
    if visits:
        return FIRST_TIME, f"This device is new: {_times(visits)} of this person passed with other devices."
    return 0.0, "This is the first verification of this person, so no device is known yet."


def _times(count: int) -> str:
    more = " or more" if count >= MOST_VISITS else ""
    return f"{count}{more} earlier verification{'s' if count > 1 else ''}"
