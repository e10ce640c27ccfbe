"""The languages of the browser: its script and its headers tell the same ones, unless one of them is made up."""

import re
from collections.abc import Iterable

from deskward.core.risk import Finding, Section, unknown
from deskward.core.signals import Seen

CONTRADICTS = 1.0
SOURCE = "browser and its headers"
CODE = re.compile("[a-z]{2,3}")


class Signal:
    """Compares the first language of both; browsers may leave out the rest in a header."""

    name = "languages"
    section = Section.ENDPOINT
    title = "Languages"
    about = "The languages your browser is set to, to see whether it tells the same ones everywhere."
    reads: tuple[str, ...] = ("languages",)

    def look(self, seen: Seen) -> Iterable[Finding]:
        """Say whether both tell the same first language."""
        told = seen.visit.texts("languages") or ()
        header = seen.visit.headers.get("accept-language", "")
        by_script, by_header = _language("".join(told[:1])), _language(header)
        if not by_script or not by_header:
            return [unknown(self.name, self.section, "The browser told no languages.", "browser")]
        raw = {"languages": ", ".join(told), "accept-language": header}
        if by_script != by_header:
            text = f"The browser names “{by_script}” as its language, but its headers say “{by_header}”."
            return [Finding(self.name, self.section, CONTRADICTS, text, SOURCE, raw=raw)]
        text = f"The browser and its headers name the same language (“{by_script}”)."
        return [Finding(self.name, self.section, 0.0, text, SOURCE, raw=raw)]


def _language(told: str) -> str:
    """Give the first language without its region: “de-CH,de;q=0.9” is “de”; empty where it is no code of one."""
    first = re.split("[,;-]", told.strip(), maxsplit=1)[0].strip().lower()
    return first if CODE.fullmatch(first) else ""
