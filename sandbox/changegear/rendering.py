"""Comments of history records as HTML: everything escaped but links and a few plain tags."""

import re
from html.parser import HTMLParser

from markupsafe import Markup, escape

_ADDRESS = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]", re.IGNORECASE)
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_PLAIN_TAGS = frozenset({"b", "strong", "em", "p"})


def render(comment: str, note_format: str) -> Markup:
    """Render a comment; with the format ``html`` anchors to http(s) addresses and plain tags stay."""
    if note_format != "html":
        return linked(comment)
    parser = _AllowList()
    parser.feed(comment)
    parser.close()
    return parser.rendered()


def linked(text: str) -> Markup:
    """Escape a text and make its bare addresses clickable."""
    parts, at = Markup(), 0
    for match in _ADDRESS.finditer(text):
        parts += escape(text[at : match.start()]) + _anchor(match[0]) + escape(match[0]) + Markup("</a>")
        at = match.end()
    return parts + escape(text[at:])


def _anchor(address: str) -> Markup:
    return Markup('<a href="{}" rel="noopener noreferrer">').format(address)


class _AllowList(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[Markup] = []
        self._open: list[str] = []

    def rendered(self) -> Markup:
        ends = [Markup("</{}>").format(tag) for tag in reversed(self._open)]
        return Markup().join([*self._parts, *ends])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = dict(attrs).get("href") or ""
        if tag == "br":
            self._parts.append(Markup("<br>"))
        elif tag in _PLAIN_TAGS:
            self._start(tag, Markup("<{}>").format(tag))
        elif tag == "a" and "a" not in self._open and _SCHEME.match(address):
            self._start(tag, _anchor(address))
        else:
            self._parts.append(escape(self.get_starttag_text() or ""))

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1] == tag:
            self._open.pop()
            self._parts.append(Markup("</{}>").format(tag))
        elif tag != "br":
            self._parts.append(escape(f"</{tag}>"))

    def handle_data(self, data: str) -> None:
        if self._parts and self._parts[-1] == Markup("<br>"):
            data = data.removeprefix("\n")
        self._parts.append(escape(data) if "a" in self._open else linked(data))

    def _start(self, tag: str, markup: Markup) -> None:
        self._open.append(tag)
        self._parts.append(markup)
