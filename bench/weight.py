"""Weight of the requester's first screen, packed as a browser gets it."""

import gzip
import re

from bench.walk import Browser

_APART = re.compile(r"<script\b.*?</script>|<style\b.*?</style>|<link\b[^>]*>|<meta\b[^>]*>", re.DOTALL)
_DRESS = re.compile(r' (?:class|nonce|data-[a-z-]+|aria-[a-z-]+|id|role)="[^"]*"')


def first_screen(screens: tuple[str, str], browser: Browser) -> tuple[int, int]:
    """Give the bytes of both pages with their CSS and JS, and of the same text without them."""
    paths = sorted({path for page in screens for path in re.findall(r'(?:src|href)="(/static/[^"]+)"', page)})
    whole = [*screens, *(browser.get(path) for path in paths)]
    plain = [_DRESS.sub("", _APART.sub("", page)) for page in screens]
    return sum(map(packed, whole)), sum(map(packed, plain))


def packed(text: str) -> int:
    """Give the length after gzip -9."""
    return len(gzip.compress(text.encode(), 9, mtime=0))
