"""Templates and static files: every page comes from here, with the nonce and the hashes it needs."""

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from deskward.core.errors import DeskwardError, LimitError

HERE = Path(__file__).parent
FOREVER = "public, max-age=31536000, immutable"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class Asset:
    """One static file, once as it is and once packed; `mark` is the beginning of its SHA-256."""

    name: str
    mark: str
    body: bytes
    packed: bytes
    media_type: str


@dataclass(frozen=True)
class Trouble:
    """What a page says when something cannot be done; `retry_after` is in seconds, 0 for none."""

    status: int
    title: str
    text: str
    hint: str = ""
    retry_after: int = 0
    field: str = ""


_TITLES = {
    400: "That did not work",
    401: "Not known here",
    403: "Not allowed",
    404: "Not found",
    405: "Not possible here",
    409: "Not possible now",
    410: "Deleted",
    413: "Too large",
    421: "Wrong address",
    422: "Please check",
    429: "Please wait",
    502: "Another system did not answer well",
    503: "Please try again soon",
}


def title_of(status: int) -> str:
    """Give the heading for a status."""
    return _TITLES.get(status, "Something went wrong" if status >= 500 else _TITLES[400])  # noqa: PLR2004 - HTTP


def trouble_of(error: DeskwardError) -> Trouble:
    """Say an expected error as a page says it."""
    retry = error.retry_after if isinstance(error, LimitError) else 0
    field = str(getattr(error, "field", ""))
    return Trouble(error.status, title_of(error.status), error.text, error.hint, retry, field)


@cache
def assets() -> dict[str, Asset]:
    """Read all static files once, but for the readers of signals: they are parts of one file (SR-120)."""
    root = HERE / "static"
    whole = (path for path in sorted(root.rglob("*")) if path.is_file() and path.parent != root / "signals")
    return {a.name: a for a in (_asset(root, path) for path in whole)}


def _asset(root: Path, path: Path) -> Asset:
    body = path.read_bytes()
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    mark = hashlib.sha256(body).hexdigest()[:16]
    return Asset(path.relative_to(root).as_posix(), mark, body, gzip.compress(body, 9, mtime=0), kind)


def static_url(name: str) -> str:
    """Give the address of a static file; it changes with the content, so that it may be kept for ever."""
    return f"/static/{assets()[name].mark}/{name}"


def static_file(request: Request) -> Response:
    """Answer a static file, packed where the browser takes it; 404 for any other mark or name."""
    asset = assets().get(request.path_params["name"])
    if asset is None or asset.mark != request.path_params["mark"]:
        return PlainTextResponse("Not found", 404)
    return sent(request, asset)


def sent(request: Request, asset: Asset) -> Response:
    """Answer an asset for ever, packed where the browser takes it."""
    headers = {"cache-control": FOREVER, "vary": "accept-encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.packed, headers=headers | {"content-encoding": "gzip"}, media_type=asset.media_type)
    return Response(asset.body, headers=headers, media_type=asset.media_type)


@cache
def environment(*folders: str) -> jinja2.Environment:
    """Make the templates of an app: its own folders of `templates/`, everything escaped, nothing undefined."""
    loader = jinja2.FileSystemLoader([HERE / "templates" / folder for folder in folders])
    made = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.globals["static_url"] = static_url
    return made


@dataclass(frozen=True)
class Templates:
    """Renders pages; each template gets `nonce` for its script elements, and what `known` holds."""

    made: jinja2.Environment
    known: Mapping[str, Any] = field(default_factory=dict)

    def page(self, request: Request, name: str, status: int = 200, **values: Any) -> HTMLResponse:
        """Render a page."""
        html = self.made.get_template(name).render(nonce=nonce_of(request), **self.known, **values)
        return HTMLResponse(html, status)


def nonce_of(request: Request) -> str:
    """Give the nonce that this response's policy names."""
    return str(request.scope.get("state", {}).get("nonce", ""))


def problem(_request: Request, trouble: Trouble) -> Response:
    """Answer as `application/problem+json` (SR-94, RFC 9457); the type is stable for each status."""
    told = {
        "type": f"urn:deskward:problem:{trouble.status}",
        "title": trouble.title,
        "status": trouble.status,
        "detail": " ".join(x for x in (trouble.text, trouble.hint) if x),
    }
    return JSONResponse(told, trouble.status, media_type="application/problem+json")
