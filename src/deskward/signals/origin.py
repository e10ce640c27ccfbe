"""The address that the browser shows the page under: another one than ours means that somebody is in between."""

import hmac
from collections.abc import Iterable

from deskward.core.risk import HIGH_FROM, Finding, Section, unknown
from deskward.core.signals import Seen

SOURCE = "browser, bound to this page"
ELSEWHERE = "The page was shown under another address than ours."


class Signal:
    """Compares the echo of the page's address; whoever rewrites the page's script too is not seen (A-10)."""

    name = "origin"
    section = Section.ENDPOINT
    title = "Address of this page"
    about = "The address that your browser shows this page under, to protect you from copies of it."
    reads: tuple[str, ...] = ("origin_echo", "origin_plain")

    def look(self, seen: Seen) -> Iterable[Finding]:
        """Say whether the page was shown under our own address."""
        echo = seen.visit.text("origin_echo")
        if seen.visit.flag("origin_plain"):
            return [self._elsewhere("The page came over a connection without encryption, which ours never does.")]
        if not echo or not seen.origin_echo:
            return [
                unknown(self.name, self.section, "The browser did not tell the address of the page.", "browser")
            ]
        if not hmac.compare_digest(echo.encode(), seen.origin_echo.encode()):
            return [self._elsewhere("")]
        text = "The page was shown under our own address. A copy that changes the page's script could say so too."
        return [Finding(self.name, self.section, 0.0, text, SOURCE)]

    def _elsewhere(self, why: str) -> Finding:
        text = f"{ELSEWHERE} {why}".strip()
        return Finding(self.name, self.section, HIGH_FROM, text, SOURCE, critical=True)
