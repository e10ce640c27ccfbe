import json
import logging
import socket
import ssl
import subprocess
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import structlog

from deskward.core.errors import OutsideError, RejectedError, SettingsError, UncertainError, UnreachableError
from deskward.core.secret import Secret
from deskward.outbound import Answer, Outbound, OutboundToData, guarded, resolved

Reply = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def serving(reply: Reply, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            reply(self)

        def do_PUT(self) -> None:
            self.do_GET()

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def saying(status: int = 200, body: bytes = b"{}", **headers: str) -> Reply:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return reply


def echoing(handler: BaseHTTPRequestHandler) -> None:
    told = {"path": handler.path, "headers": {name.lower(): value for name, value in handler.headers.items()}}
    saying(body=json.dumps(told).encode(), Set_Cookie="sticky=1; Path=/")(handler)


def silent(handler: BaseHTTPRequestHandler) -> None:
    handler.rfile.read(1)


def dropping(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def outbound(address: str, **settings: Any) -> Iterator[Outbound]:
    made = Outbound(address, **settings)
    try:
        yield made
    finally:
        made.close()


def called(reply: Reply, method: str = "GET", **settings: Any) -> Answer:
    with serving(reply) as port, outbound(f"http://127.0.0.1:{port}/base/", **settings) as out:
        return out.call(method, "/thing", json={"a": 1} if method != "GET" else None)


def test_a_call_goes_below_the_base_address_with_its_query_and_credentials() -> None:
    with serving(echoing) as port, outbound(f"http://127.0.0.1:{port}/base/") as out:
        told = out.call(
            "GET", "x/y", query=[("columns", "A"), ("columns", "B c")], basic=("zoë", Secret("pä"))
        ).json()
        again = out.call("GET", "x").json()
    assert told["path"] == "/base/x/y?columns=A&columns=B+c"
    assert told["headers"]["authorization"] == f"Basic {b64encode('zoë:pä'.encode()).decode()}"
    assert told["headers"]["accept-encoding"] == "identity"
    assert "cookie" not in again["headers"]


def test_a_form_is_sent_as_a_form() -> None:
    with serving(echoing) as port, outbound(f"http://127.0.0.1:{port}") as out:
        told = out.call("POST", "x", form={"To": "+49"}, headers={"x-one": "1"}).json()
    assert told["headers"]["content-type"] == "application/x-www-form-urlencoded"
    assert told["headers"]["x-one"] == "1"


def test_names_below_localhost_are_this_machine_and_keep_their_name() -> None:
    with serving(echoing) as port, outbound(f"http://sandbox.localhost:{port}/cg") as out:
        told = out.call("GET", "x").json()
    assert told["headers"]["host"] == f"sandbox.localhost:{port}"
    assert resolved("localhost", 80) == resolved("a.localhost", 80) == ("127.0.0.1",)


@pytest.mark.parametrize("status", [200, 201, 400, 401, 404, 409, 412, 500, 503])
def test_every_other_answer_comes_back_as_it_is(status: int) -> None:
    answer = called(saying(status, b'{"Message": "so"}'), "PUT")
    assert (answer.status, answer.ok, answer.said) == (status, status < 300, "so")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_sr_101_a_redirect_is_refused_and_not_followed(status: int) -> None:
    with pytest.raises(UnreachableError, match="redirect"):
        called(saying(status, Location="http://169.254.169.254/latest"))


@pytest.mark.parametrize(
    ("later", "least", "most"),
    [
        ("7", 7, 7),
        ("999999", 3600, 3600),
        ("in an hour", 3000, 3600),
        ("in half an hour, without a zone", 1000, 1800),
        ("Mon, 01 Jan 2001 00:00:00 GMT", 0, 0),
        ("soon", 0, 0),
    ],
    ids=["seconds", "far too many", "an hour", "half an hour", "long ago", "words"],
)
@pytest.mark.parametrize("status", [429, 503])
def test_an_answer_that_asks_for_later_did_nothing(status: int, later: str, least: float, most: float) -> None:
    dates = {
        "in an hour": format_datetime(datetime.now(UTC) + timedelta(hours=1)),
        "in half an hour, without a zone": format_datetime(datetime.now(UTC) + timedelta(minutes=30))[:-5]
        + "-0000",
    }
    with pytest.raises(UnreachableError) as told:
        called(saying(status, Retry_After=dates.get(later, later)), "PUT")
    assert least <= told.value.retry_after <= most


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_without_a_connection_nothing_happened(method: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with outbound(f"http://127.0.0.1:{port}") as out, pytest.raises(UnreachableError, match="does not answer"):
        out.call(method, "x")


def test_the_next_address_is_tried_when_one_takes_no_connection() -> None:
    with serving(saying()) as port:
        with outbound(f"http://two.example:{port}", resolve=lambda *_: ("127.0.0.3", "127.0.0.1")) as out:
            assert out.call("PUT", "x").ok
        with (
            outbound(f"http://none.example:{port}", resolve=lambda *_: ()) as out,
            pytest.raises(UnreachableError),
        ):
            out.call("PUT", "x")


def test_a_name_that_nobody_knows_means_nothing_happened() -> None:
    with outbound("http://nobody.invalid") as out, pytest.raises(UnreachableError, match="not known"):
        out.call("PUT", "x")
    with pytest.raises(UnreachableError):
        resolved("a" * 70 + ".example", 80)


@pytest.mark.parametrize("reply", [silent, dropping])
def test_a_write_without_an_answer_is_uncertain_and_a_read_is_not(reply: Reply) -> None:
    with pytest.raises(UncertainError, match="gave no answer"):
        called(reply, "PUT", timeout=0.2)
    with pytest.raises(UnreachableError, match="gave no answer"):
        called(reply, "GET", timeout=0.2)
    with (
        serving(reply) as port,
        outbound(f"http://127.0.0.1:{port}", timeout=0.2) as out,
        pytest.raises(UnreachableError),
    ):
        out.call("POST", "login", json={}, repeatable=True)


def test_an_answer_that_trickles_is_cut_off() -> None:
    gone = threading.Event()

    def trickle(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        while not gone.wait(0.05):
            try:
                handler.wfile.write(b" ")
            except OSError:
                return

    with pytest.raises(UnreachableError, match="too long"):
        called(trickle, timeout=0.3)
    gone.set()


@pytest.mark.parametrize(
    "reply", [saying(body=b" " * 2_000_001), saying(body=b"\x1f\x8b", Content_Encoding="gzip")]
)
def test_an_answer_that_is_too_long_or_packed_is_refused(reply: Reply) -> None:
    with pytest.raises(RejectedError):
        called(reply)
    with pytest.raises(UncertainError):
        called(reply, "PUT")


@pytest.mark.parametrize("address", ["169.254.169.254", "[fd00:ec2::254]", "[::ffff:169.254.169.254]"])
def test_sr_101_metadata_addresses_are_refused_even_when_configured(address: str) -> None:
    with outbound(f"http://{address}/latest") as out, pytest.raises(RejectedError, match="metadata"):
        out.call("GET", "x")


def test_sr_101_a_configured_name_that_turns_to_metadata_is_refused_at_that_call() -> None:
    answers = iter([("127.0.0.1",), ("169.254.169.254",)])
    with serving(saying()) as port, outbound(f"http://cg.example:{port}", resolve=lambda *_: next(answers)) as out:
        assert out.call("GET", "x").ok
        with pytest.raises(RejectedError, match="metadata"):
            out.call("GET", "x")


@pytest.mark.parametrize("path", ["../admin", "x/../../y", "x?y=1", "x#y"])
def test_a_path_cannot_leave_the_base_address(path: str) -> None:
    with outbound("http://127.0.0.1:9/base") as out, pytest.raises(RejectedError, match="leaves"):
        out.call("GET", path)


def test_a_header_that_cannot_be_is_refused_before_anything_is_sent() -> None:
    with (
        serving(echoing) as port,
        outbound(f"http://127.0.0.1:{port}") as out,
        pytest.raises(RejectedError, match="cannot be made"),
    ):
        out.call("PUT", "x", headers={"sessionid": "a\r\nb: c"})


@pytest.mark.parametrize(
    "address",
    [
        "",
        "cg.example",
        "ftp://cg.example",
        "http://",
        "https://u:p@cg.example",
        "https://cg.example?x=1",
        "http://[::1",
    ],
)
def test_an_address_that_cannot_be_is_told_at_the_start(address: str) -> None:
    with pytest.raises(SettingsError):
        Outbound(address)


def test_a_ca_bundle_that_cannot_be_read_is_told_at_the_start(tmp_path: Path) -> None:
    for path in (tmp_path / "none.pem", tmp_path / "bad.pem"):
        (tmp_path / "bad.pem").write_text("no certificate")
        with pytest.raises(SettingsError, match="CA bundle"):
            Outbound("https://cg.example", verify=str(path))


def test_a_proxy_gets_the_name_and_resolves_it_itself() -> None:
    with serving(echoing) as port, outbound("http://nobody.invalid/base", proxy=f"http://127.0.0.1:{port}") as out:
        told = out.call("GET", "x").json()
    assert told["path"] == "http://nobody.invalid/base/x"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"Message": "No."}', "No."),
        (b'{"error": "No."}', "No."),
        (b'{"other": 1}', ""),
        (b'"No."', "No."),
        (b"<html><title>500 &amp; more</title><p>x</p></html>", "500 & more"),
        (b"<p>No <b>way</b></p>", "No way"),
        (b"", ""),
        (b"\xff\xfe", "��"),
        (b"x" * 500, "x" * 200),
        (b"[" * 100_000, "[" * 200),
    ],
)
def test_the_other_sides_words_are_found_in_any_body(body: bytes, said: str) -> None:
    assert Answer(400, {}, body).said == said


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    key, made = folder / "key.pem", folder / "cert.pem"
    names = "subjectAltName=DNS:cg.example,DNS:cg.localhost"
    asked = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=cg.example"
    asked += f" -addext {names}"
    subprocess.run([*asked.split(), "-keyout", key, "-out", made], check=True, capture_output=True)
    return key, made


@pytest.fixture
def tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate[1], certificate[0])
    return context


def test_a_certificate_is_checked_against_the_name_and_the_bundle(
    certificate: tuple[Path, Path], tls: ssl.SSLContext
) -> None:
    bundle = str(certificate[1])
    with serving(echoing, tls) as port:
        with outbound(f"https://cg.example:{port}", verify=bundle, resolve=lambda *_: ("127.0.0.1",)) as out:
            assert out.call("GET", "x").json()["headers"]["host"] == f"cg.example:{port}"
        with outbound(f"https://cg.localhost:{port}", verify=False) as out:
            assert out.call("PUT", "x").ok
        for name, verify in (("other.localhost", bundle), ("cg.localhost", True)):
            with outbound(f"https://{name}:{port}", verify=verify) as out, pytest.raises(UnreachableError):
                out.call("PUT", "x")


# Addresses that arrive as data


def public(*_: Any) -> tuple[str, ...]:
    return ("93.184.215.14", "2606:2800:21f:cb07::1")


def test_sr_101_an_allowed_name_is_pinned_to_one_public_address() -> None:
    target, address = guarded("https://hooks.example/cb?x=1", {"hooks.example"}, public)
    assert (str(target), address) == ("https://hooks.example/cb?x=1", "93.184.215.14")


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/",
        "https://hooks.example:8443/",
        "https://u:p@hooks.example/",
        "https://evil.example/",
        "https://hooks.example.evil.example/",
        "https://hooks.example./",
        "ftp://hooks.example/",
        "//hooks.example/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://127.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[",
        "https://",
        "",
    ],
)
def test_a_24_only_https_on_443_to_allowed_names_is_called(url: str) -> None:
    every = {"hooks.example", "127.0.0.1", "2130706433", "0177.0.0.1", "0x7f000001", "0x7f.1", "127.1", "::1"}
    with pytest.raises(RejectedError):
        guarded(url, every, public)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "169.254.1.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a00:1",
        "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:f5ff:fffe",
    ],
)
def test_a_24_a_name_that_leads_inside_is_refused(address: str) -> None:
    with pytest.raises(RejectedError, match="not public"):
        guarded("https://hooks.example/", {"hooks.example"}, lambda *_: ("93.184.215.14", address))


def test_a_24_a_name_is_resolved_once_and_that_address_is_called() -> None:
    asked: list[str] = []

    def rebinding(host: str, _: int) -> tuple[str, ...]:
        asked.append(host)
        return public() if len(asked) == 1 else ("127.0.0.1",)

    out = OutboundToData(["Hooks.example"], resolve=rebinding, timeout=0.2, connect_timeout=0.05)
    with pytest.raises(OutsideError) as told:
        out.call("POST", "https://hooks.example/cb", json={})
    assert "not public" not in told.value.text
    assert asked == ["hooks.example"]
    with pytest.raises(RejectedError, match="not public"):
        out.call("POST", "https://hooks.example/cb", json={})
    out.close()


def test_a_24_an_empty_answer_of_the_resolver_is_refused() -> None:
    with pytest.raises(RejectedError):
        guarded("https://hooks.example/", {"hooks.example"}, lambda *_: ())


def test_logs_hold_method_host_path_status_and_time_only(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with (
        structlog.testing.capture_logs() as lines,
        serving(echoing) as port,
        outbound(f"http://127.0.0.1:{port}/base") as out,
    ):
        out.call(
            "GET", "x", query=[("token", "s3cret")], headers={"sessionid": "s3cret"}, basic=("u", Secret("s3cret"))
        )
    (line,) = lines
    assert set(line) == {"event", "log_level", "method", "host", "path", "status", "ms"}
    assert (line["method"], line["host"], line["path"], line["status"]) == ("GET", "127.0.0.1", "/base/x", 200)
    assert "s3cret" not in str(lines) + caplog.text
