"""The shield around every app, seen from outside."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from structlog.testing import capture_logs

from deskward.core.errors import InvalidError, LimitError
from deskward.lifecycle import Lifecycle, Reading
from deskward.web import hooks, portal
from deskward.web.guard import Form, Guard, client_address, headers_of, protect, proxy_header, same_origin
from deskward.web.pages import problem, static_url

URL = "https://portal.acme.example"
OWN = {"sec-fetch-site": "same-origin"}
SECRET = "hunter2-hunter2"


@pytest.fixture
def app(guard: Guard) -> FastAPI:
    app = FastAPI(docs_url=None, openapi_url=None)
    protect(app, guard, url=URL, look=problem, trusted_types=True)

    @app.get("/broken")
    def broken(password: str = SECRET) -> Response:
        raise RuntimeError(password)

    @app.get("/torn")
    def torn() -> Response:
        def parts() -> Iterator[bytes]:
            yield b"begun"
            raise RuntimeError(SECRET)

        return StreamingResponse(parts())

    @app.get("/invalid")
    def invalid() -> Response:
        raise InvalidError("This is wrong.", "Do that.", "name")

    @app.get("/limit")
    def limit() -> Response:
        raise LimitError("Too often.", 60)

    @app.get("/number/{number}")
    def number(number: int) -> Response:
        return PlainTextResponse(str(number))

    @app.post("/form")
    def form(form: Form) -> Response:
        return PlainTextResponse(",".join(form))

    return app


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return TestClient(app, base_url=URL)


def request(peer: str = "10.0.0.9", **headers: str | list[str]) -> Request:
    pairs = [(n.replace("_", "-"), v) for n, vs in headers.items() for v in ([vs] if isinstance(vs, str) else vs)]
    raw = [(n.encode(), v.encode("latin-1")) for n, v in pairs]
    return Request({"type": "http", "method": "POST", "headers": raw, "client": (peer, 1) if peer else None})


METHODS = ("GET", "HEAD", "POST", "OPTIONS", "DELETE")
PAGES = ("/", "/v", "/v/step", "/nowhere", "/v/open", "/csp-report", "/static/x/portal.css")
ROUTES = (*PAGES, "/hooks/changegear/x", "/health", "/status/sms")


@pytest.mark.parametrize("part", ["portal", "hooks"])
def test_sr_74_every_answer_carries_the_headers(
    lifecycle: Lifecycle, reading: Reading, guard: Guard, part: str
) -> None:
    app = portal.create_app(lifecycle, reading, guard) if part == "portal" else hooks.create_app(lifecycle, guard)
    client = TestClient(app, base_url=getattr(guard, f"{part}_url"), follow_redirects=False)
    own: list[dict[str, str]] = [{}, OWN, {"host": "evil.example"}]
    for method, path, headers in product(METHODS, ROUTES, own):
        _dressed(client.request(method, path, headers=headers), types=part == "portal")


def _dressed(answer: Any, *, types: bool) -> None:
    headers = answer.headers
    assert headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["permissions-policy"] == "camera=(), microphone=(), display-capture=(), geolocation=()"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    policy = headers["content-security-policy"]
    for part in ("default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert part in policy
    assert "report-uri /csp-report" in policy
    assert "script-src 'nonce-" in policy
    assert "unsafe" not in policy
    assert ("require-trusted-types-for 'script'" in policy) is types


def test_sr_74_the_nonce_is_new_each_time_and_names_our_scripts(client: TestClient) -> None:
    policies = {client.get("/nowhere").headers["content-security-policy"] for _ in range(5)}
    assert len(policies) == 5


@pytest.mark.parametrize(
    ("path", "status", "title"),
    [
        ("/nowhere", 404, "Not found"),
        ("/invalid", 422, "Please check"),
        ("/limit", 429, "Please wait"),
        ("/number/x", 422, "Please check"),
        ("/broken", 500, "Something went wrong"),
        ("/form", 405, "Not possible here"),
    ],
)
def test_sr_94_errors_are_problem_json_without_inner_things(
    client: TestClient, path: str, status: int, title: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert (told["status"], told["title"]) == (status, title)
    assert told["type"] == f"urn:deskward:problem:{status}"
    for word in ("Traceback", "RuntimeError", SECRET, "guard.py"):
        assert word not in answer.text
    assert answer.headers.get("retry-after") == ("60" if status == 429 else None)


def test_an_unexpected_error_is_logged_without_its_words(client: TestClient) -> None:
    with capture_logs() as logs:
        client.get("/broken")
    assert logs[0]["error"] == "RuntimeError"
    assert logs[0]["route"] == "/broken"
    assert any("broken" in frame for frame in logs[0]["where"])
    assert SECRET not in repr(logs)


def test_an_answer_that_breaks_in_the_middle_is_cut_off(client: TestClient) -> None:
    with capture_logs() as logs, pytest.raises(RuntimeError):
        client.get("/torn")
    assert SECRET not in repr(logs)


@pytest.mark.parametrize("host", ["evil.example", "", "portal.acme.example.evil", "[", "portal.acme.example:8080"])
def test_a_25_another_host_is_misdirected(client: TestClient, host: str) -> None:
    assert client.get("/limit", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["portal.acme.example", "PORTAL.acme.example", "portal.acme.example:443"])
def test_our_own_host_is_known_in_every_spelling(client: TestClient, host: str) -> None:
    assert client.get("/limit", headers={"host": host}).status_code == 429


def test_a_large_body_is_refused_told_or_not(client: TestClient, guard: Guard) -> None:
    size = guard.max_body + 1
    assert client.post("/form", content=b"x" * size, headers=OWN).status_code == 413
    assert client.post("/form", content=(b"x" * 1000 for _ in range(66)), headers=OWN).status_code == 413
    assert client.post("/form", content=b"a=1", headers=OWN | {"content-length": "9" * 30}).status_code == 413
    assert client.post("/form", content=b"a=1", headers=OWN | {"content-length": "-1"}).status_code == 413
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/form", content=b"a=1&b=2&a=3", headers=OWN | kind).text == "a,b"


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        ({"origin": URL}, True),
        ({"origin": URL.upper()}, True),
        ({"origin": URL, "sec_fetch_site": "same-origin"}, True),
        ({"origin": "null", "sec_fetch_site": "same-origin"}, True),
        ({"sec_fetch_site": "same-origin"}, True),
        ({"origin": "null"}, False),
        ({}, False),
        ({"origin": URL, "sec_fetch_site": "cross-site"}, False),
        ({"origin": "https://evil.example", "sec_fetch_site": "same-origin"}, False),
        ({"origin": "https://desk.acme.example", "sec_fetch_site": "same-site"}, False),
        ({"origin": "http://portal.acme.example"}, False),
        ({"origin": "https://["}, False),
        ({"origin": f"{URL}.evil"}, False),
        ({"sec_fetch_site": "none"}, False),
    ],
)
def test_sr_89_only_our_own_pages_may_post(headers: dict[str, str], own: bool) -> None:
    assert same_origin(request(**headers), URL) is own


@pytest.mark.parametrize(
    ("hops", "forwarded", "address"),
    [
        (0, ["1.2.3.4"], "10.0.0.9"),
        (1, [], "10.0.0.9"),
        (1, ["1.2.3.4"], "1.2.3.4"),
        (1, ["6.6.6.6, 1.2.3.4"], "1.2.3.4"),
        (1, ["6.6.6.6", "1.2.3.4"], "1.2.3.4"),
        (2, ["6.6.6.6, 1.2.3.4, 10.0.0.1"], "1.2.3.4"),
        (2, ["1.2.3.4"], "10.0.0.9"),
        (1, ["nonsense"], "10.0.0.9"),
        (1, ["2001:DB8::1"], "2001:db8::1"),
    ],
)
def test_sr_81_and_a_27_the_address_comes_from_our_own_proxies_only(
    hops: int, forwarded: list[str], address: str
) -> None:
    forged = request(x_forwarded_for=forwarded, x_real_ip="6.6.6.6", forwarded="for=6.6.6.6", via="6.6.6.6")
    assert client_address(forged, hops) == address


@pytest.mark.parametrize(
    ("hops", "sent", "told"),
    [
        (0, ["20000"], ""),
        (1, [], ""),
        (1, ["20000"], "20000"),
        (2, ["20000"], "20000"),
        (1, ["1", "20000"], ""),
    ],
)
def test_sr_81_a_header_of_our_own_proxies_counts_only_where_there_is_one(
    hops: int, sent: list[str], told: str
) -> None:
    assert proxy_header(request(x_transport_rtt=sent), "x-transport-rtt", hops) == told


def test_a_peer_without_address_has_none() -> None:
    assert client_address(request(peer=""), 0) == ""


def test_policy_reports_leave_the_directive_only(client: TestClient) -> None:
    report = b'{"csp-report": {"violated-directive": "script-src", "document-uri": "https://x/#secret"}}'
    with capture_logs() as logs:
        assert client.post("/csp-report", content=report).status_code == 204
        assert client.post("/csp-report", content=b"\xff\x00").status_code == 204
    assert [entry["directive"] for entry in logs] == ["script-src", "unknown"]
    assert "secret" not in repr(logs)


def test_static_files_may_be_kept_and_no_others_exist(client: TestClient) -> None:
    path = static_url("portal.css")
    packed = client.get(path)
    plain = client.get(path, headers={"accept-encoding": "identity"})
    assert packed.text == plain.text
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    for answer in (packed, plain):
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-type"].startswith("text/css")
    for wrong in ("/static/0/portal.css", f"{path}x", path.replace("portal.css", "../guard.py")):
        assert client.get(wrong).status_code == 404


def test_other_protocols_pass_by(app: FastAPI) -> None:
    with TestClient(app, base_url=URL) as client:
        assert client.get("/limit").status_code == 429


def test_a_form_that_cannot_be_read_is_refused_in_words(client: TestClient) -> None:
    kind = OWN | {"content-type": "multipart/form-data"}
    broken = client.post("/form", content=b"--x\r\nbad", headers=kind)
    assert broken.status_code == 422
    assert "What was sent cannot be read." in broken.json()["detail"]
    file = b'--x\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\n1\r\n--x--'
    kind = OWN | {"content-type": "multipart/form-data; boundary=x"}
    assert client.post("/form", content=file, headers=kind).status_code == 422


@pytest.mark.parametrize("sense", ["camera", "microphone", "display-capture"])
def test_sr_32_no_page_may_look_at_or_listen_to_anybody(sense: str) -> None:
    allowed = headers_of("n", trusted_types=True)["permissions-policy"]
    assert f"{sense}=()" in allowed.split(", ")
