"""What a browser says of itself in headers and in its script: contradictions show a made-up one."""

import re
from collections.abc import Iterable, Iterator

from deskward.core.risk import Finding, Section, unknown
from deskward.core.signals import Seen
from deskward.core.surroundings import LONGEST_TEXT

CONTRADICTS, MOST = 1.5, 3.0
SOURCE = "browser and its headers"
SYSTEMS = {
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "macOS": "macOS",
    "Chrome OS": "Chrome OS",
    "Chromium OS": "Chrome OS",
    "Android": "Android",
    "iOS": "iOS",
    "Linux": "Linux",
    "Ubuntu": "Linux",
    "Fedora": "Linux",
    "Debian": "Linux",
}
# What navigator.platform begins with, and the systems that say so; an iPad may call itself a Mac.
PLATFORMS = {
    "Win": ("Windows",),
    "Mac": ("macOS",),
    "iP": ("iOS", "macOS"),
    "Linux": ("Linux", "Android", "Chrome OS"),
    "Android": ("Android",),
    "CrOS": ("Chrome OS",),
}
BRANDS = re.compile(r'"(?:Chromium|Google Chrome|HeadlessChrome|Microsoft Edge)";\s*v="(\d+)')
VERSION = re.compile(r"Chrome/(\d+)")


class Signal:
    """Weighs each contradiction between User-Agent, Client Hints and script, up to 3 points."""

    name = "client_hints"
    section = Section.ENDPOINT
    title = "Browser and system"
    about = "Which browser and system yours says it is, to see whether it says the same everywhere."
    reads: tuple[str, ...] = ("script_agent", "script_platform", "hinted_platform", "hinted_mobile")

    def look(self, seen: Seen) -> Iterable[Finding]:
        """Say where the browser contradicts itself."""
        read = {n: str(seen.visit.readings[n]) for n in self.reads if n in seen.visit.readings}
        hints = {n: v for n, v in seen.visit.headers.items() if n.startswith("sec-ch-ua")}
        agent = seen.visit.headers.get("user-agent", "")
        if not agent or not (read or hints):
            text = "The browser told too little of itself to compare."
            return [unknown(self.name, self.section, text, SOURCE)]
        raw = {"user-agent": agent, **hints, **read}
        odd = list(_odd(seen, agent))
        weight = min(MOST, CONTRADICTS * len(odd))
        text = (
            f"The browser contradicts itself: {'; '.join(odd)}."
            if odd
            else "The browser says the same everywhere."
        )
        return [Finding(self.name, self.section, weight, text, SOURCE, raw=raw)]


def _odd(seen: Seen, agent: str) -> Iterator[str]:
    """List the contradictions; each compares two things that were told."""
    script = seen.visit.text("script_agent")
    if script is not None and script[:LONGEST_TEXT] != agent[:LONGEST_TEXT]:
        yield "its script gives another name than its headers"
    yield from _systems(seen)
    yield from _mobiles(seen)
    yield from _versions(agent, seen.visit.headers.get("sec-ch-ua", ""))


def _systems(seen: Seen) -> Iterator[str]:
    claimed = SYSTEMS.get(seen.device.system, "")
    hinted = seen.visit.headers.get("sec-ch-ua-platform", "").strip('"')
    if claimed and hinted and SYSTEMS.get(hinted, hinted) != claimed:
        yield f"it claims {claimed}, but its hints say {_named(hinted)}"
    by_script = seen.visit.text("hinted_platform")
    if by_script and hinted and by_script != hinted:
        yield f"its hints say {_named(hinted)}, but its script says {_named(by_script)}"
    platform = seen.visit.text("script_platform") or ""
    fits = next((systems for start, systems in PLATFORMS.items() if platform.startswith(start)), ())
    if claimed and fits and claimed not in fits:
        yield f"it claims {claimed}, but runs on {fits[0]}"
    elif claimed == "Android" and "x86" in platform:
        yield f"it claims {claimed}, but runs on a computer's processor, as emulators do"


def _named(told: str) -> str:
    """Name a system; words of a browser's own choice never reach the people who read a finding."""
    return SYSTEMS.get(told, "a system that is not known")


def _mobiles(seen: Seen) -> Iterator[str]:
    hinted = {"?0": False, "?1": True}.get(seen.visit.headers.get("sec-ch-ua-mobile", ""))
    claimed = {"mobile": True, "tablet": False, "desktop": False}.get(seen.device.kind)
    if hinted is not None and claimed is not None and hinted is not claimed:
        yield f"it claims to be a {'phone' if claimed else 'computer'}, but its hints say otherwise"
    by_script = seen.visit.flag("hinted_mobile")
    if hinted is not None and by_script is not None and hinted is not by_script:
        yield "its hints and its script do not agree whether it is a phone"


def _versions(agent: str, hinted: str) -> Iterator[str]:
    brands, version = BRANDS.findall(hinted), VERSION.search(agent)
    if brands and version is None:
        yield "its hints are Chromium's, but it claims to be another browser"
    elif brands and version and version.group(1) not in brands:
        yield "its hints give another version than its name"
