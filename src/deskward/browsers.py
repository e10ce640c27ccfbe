"""Reads what a User-Agent claims: browser, operating system, and the kind of device."""

import re
from functools import lru_cache

from ua_parser import Parser
from ua_parser.loaders import load_builtins
from ua_parser.regex import Resolver

from deskward.core.surroundings import Device

LONGEST, MOST_KEPT = 500, 2_000
_BOT = re.compile(r"bot\b|crawl|spider|slurp|preview|^(curl|wget|python|go-http|java|okhttp)", re.IGNORECASE)
_TABLET = re.compile(r"iPad|Tablet|Kindle|Silk/|Android(?!.*Mobile)")
_MOBILE = re.compile(r"Mobi|iPhone|iPod|Android")
_DESKTOPS = frozenset({"Windows", "Mac OS X", "Linux", "Ubuntu", "Fedora", "Debian", "Chrome OS", "FreeBSD"})


class Devices:
    """Reads User-Agents, each spelling once; the patterns are made ready at the first."""

    def read(self, user_agent: str) -> Device:
        """Give what it claims, all empty where nothing is known; long ones are cut; never raises."""
        return _read(user_agent[:LONGEST].encode("ascii", "replace").decode())


@lru_cache(maxsize=1)
def _parser() -> Parser:
    """Make the parser without the models of devices: nobody asks for them, and they fill half the memory."""
    agents, systems, _ = load_builtins()
    return Parser(Resolver((agents, systems, [])))


@lru_cache(maxsize=MOST_KEPT)
def _read(user_agent: str) -> Device:
    found = _parser().parse(user_agent)
    browser, system = found.user_agent, found.os
    name = system.family if system else ""
    return Device(
        browser=browser.family if browser else "",
        browser_version=(browser.major or "") if browser else "",
        system=name,
        system_version=(system.major or "") if system else "",
        kind=_kind(user_agent, name),
    )


def _kind(user_agent: str, system: str) -> str:
    if _BOT.search(user_agent):
        return "bot"
    if _TABLET.search(user_agent):
        return "tablet"
    if _MOBILE.search(user_agent):
        return "mobile"
    return "desktop" if system in _DESKTOPS else "unknown"
