"""Touch, screen, cores and memory against the kind of device that the browser claims to be."""

from collections.abc import Iterable, Iterator

from deskward.core.risk import Finding, Section, unknown
from deskward.core.signals import Seen
from deskward.core.surroundings import Visit

CONTRADICTS = 1.0
WIDEST_PHONE = 1_000
MOST_PHONE_CORES = 16
SOURCE = "browser"
HAND_HELD = ("mobile", "tablet")


class Signal:
    """Finds what the claimed device cannot have; however much of it, it counts once."""

    name = "screen"
    section = Section.ENDPOINT
    title = "Screen and device"
    about = "Screen size, touch, processor cores and memory, to see whether they fit your kind of device."
    reads: tuple[str, ...] = ("touch_points", "cores", "memory", "screen_width", "screen_height")

    def look(self, seen: Seen) -> Iterable[Finding]:
        """Say whether the device is what it claims to be."""
        told = {name: number for name in self.reads if (number := seen.visit.number(name)) is not None}
        if not told or seen.device.kind not in {"desktop", *HAND_HELD}:
            text = "The browser told nothing of its device that could be compared."
            return [unknown(self.name, self.section, text, SOURCE)]
        raw = {name: f"{number:g}" for name, number in told.items()} | {"kind": seen.device.kind}
        odd = "; ".join(_odd(seen.visit, seen.device.kind, seen.device.system))
        if odd:
            text = f"The device is not what it claims to be: {odd}."
            return [Finding(self.name, self.section, CONTRADICTS, text, SOURCE, raw=raw)]
        text = f"Screen, touch and memory fit the claimed kind of device ({seen.device.kind})."
        return [Finding(self.name, self.section, 0.0, text, SOURCE, raw=raw)]


def _odd(visit: Visit, kind: str, system: str) -> Iterator[str]:
    sizes = [n for n in (visit.number("screen_width"), visit.number("screen_height")) if n is not None]
    if sizes and min(sizes) < 1:
        yield "the screen has no size"
    if kind in HAND_HELD and visit.number("touch_points") == 0:
        yield f"a {'phone' if kind == 'mobile' else kind} without touch"
    if kind == "mobile" and sizes and min(sizes) > WIDEST_PHONE:
        yield "the screen is too large for a phone"
    if kind == "mobile" and (visit.number("cores") or 0) > MOST_PHONE_CORES:
        yield "more processor cores than phones have"
    if system == "iOS" and visit.number("memory") is not None:
        yield "browsers of this system do not tell the memory"
