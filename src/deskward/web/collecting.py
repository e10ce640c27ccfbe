"""What the browser is asked to tell: one script of the signals that are on, and what came back (SR-120)."""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from deskward.core.signals import ReadsProxy, Signal
from deskward.core.surroundings import HEADERS, LONGEST_TEXT, Consent, Visit, readings_of
from deskward.web.guard import proxy_header
from deskward.web.pages import HERE, Asset, sent
from deskward.web.pinning import signed

READERS = HERE / "static" / "signals"
CHOICE, DECLINE = "choice", "decline"
KEY, SIGNATURE = "device_key", "device_signature"
ROUTE, PING = "/collect/{mark}.js", "/collect/ping"


@dataclass(frozen=True)
class Collector:
    """The readers of the signals that are on, in one file; None where no signal needs one."""

    asset: Asset | None
    names: tuple[str, ...]
    proxy_headers: tuple[str, ...] = ()

    @classmethod
    def of(cls, signals: Mapping[str, Signal]) -> "Collector":
        """Put the scripts together; a signal that is off has no code in it (SR-120)."""
        scripts = [READERS / f"{name}.js" for name, signal in signals.items() if signal.reads]
        parts = [path.read_text(encoding="utf-8") for path in scripts if path.is_file()]
        names = tuple(dict.fromkeys(name for signal in signals.values() for name in signal.reads))
        set_by_proxy = tuple(one.proxy_header for one in signals.values() if isinstance(one, ReadsProxy))
        return cls(_asset("\n".join(parts)) if parts else None, names, set_by_proxy)

    @property
    def url(self) -> str:
        """Give the address of the file; it changes with the content. Empty where there is none."""
        return ROUTE.format(mark=self.asset.mark) if self.asset else ""

    def serve(self, request: Request) -> Response:
        """Answer the file, 404 for any other mark."""
        if self.asset is None or request.path_params["mark"] != self.asset.mark:
            return PlainTextResponse("Not found", 404)
        return sent(request, self.asset)

    @staticmethod
    async def ping() -> Response:
        """Answer nothing, at once: the browser measures how long that takes."""
        return Response(status_code=204)

    def visit(
        self, request: Request, form: Mapping[str, str], *, address: str, hops: int, nonce: str, at: datetime
    ) -> Visit:
        """Give what the signals may look at; `nonce` is that of the page, `address` the client's.

        `hops` is the number of our own proxies, whose headers count (SR-81).

        Whoever declines tells nothing of the browser: neither readings nor headers (SR-119).
        """
        if form.get(CHOICE) == DECLINE:
            return Visit(at, address, consent=Consent.DECLINED)
        headers = headers_told(request) | self._of_proxies(request, hops)
        return Visit(at, address, headers, self._readings(form, nonce))

    def _of_proxies(self, request: Request, hops: int) -> dict[str, str]:
        told = {name: proxy_header(request, name, hops) for name in self.proxy_headers}
        return {name: _clean(value) for name, value in told.items() if value}

    def _readings(self, form: Mapping[str, str], nonce: str) -> Mapping[str, Any]:
        """Take the readings that were asked for; a device key counts only if the browser signs with it now."""
        told = readings_of(form.get("readings", ""), (*self.names, SIGNATURE))
        key, signature = told.get(KEY), told.pop(SIGNATURE, "")
        if key is not None and not signed(str(key), f"device|{nonce}", str(signature)):
            del told[KEY]
        return told


def headers_told(request: Request) -> dict[str, str]:
    """Give the headers that signals may look at, cut and without what cannot be printed."""
    return {name: _clean(request.headers[name]) for name in HEADERS if name in request.headers}


def _clean(value: str) -> str:
    return "".join(c for c in value if c.isprintable())[:LONGEST_TEXT]


def _asset(scripts: str) -> Asset:
    body = f'"use strict";\n(() => {{\nconst readers = (window.readers = {{}});\n{scripts}}})();\n'.encode()
    mark = hashlib.sha256(body).hexdigest()[:16]
    return Asset("collector.js", mark, body, gzip.compress(body, 9, mtime=0), "text/javascript")
