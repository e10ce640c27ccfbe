from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import structlog

from deskward.core.errors import OutsideError, SettingsError, UnreachableError
from deskward.core.secret import Secret
from deskward.outbound.tokens import HOLD, MARGIN, KeyOutbound, TokenOutbound
from tests.servers.tokens import CLIENT, HANGS_UP, SECRET, SILENT, Reply, Source, serving, told


@dataclass
class Watch:
    at: float = 0.0

    def __call__(self) -> float:
        return self.at


@dataclass
class Caller:
    source: Source
    out: TokenOutbound
    watch: Watch = field(default_factory=Watch)

    def call(self) -> int:
        return self.out.call("POST", "check", json={"a": 1}, repeatable=True).status


@contextmanager
def calling(**parts: Any) -> Iterator[Caller]:
    settings = {"client_secret": Secret(SECRET), "scope": "read", "timeout": 5.0} | parts.pop("settings", {})
    watch = Watch()
    with serving(Source(lambda _: told({}), **parts)) as source:
        out = TokenOutbound(
            f"{source.url}/api/", token_url=source.token_url, client_id=CLIENT, now=watch, **settings
        )
        try:
            yield Caller(source, out, watch)
        finally:
            out.close()


def test_a_call_carries_a_token_that_our_credentials_gave() -> None:
    with calling() as caller:
        assert caller.out.call("GET", "x", query=[("a", "b c")]).ok
        assert caller.call() == 200
        (first, second) = caller.source.asked
    assert (first.method, first.path, first.query) == ("GET", "/api/x", {"a": "b c"})
    assert (second.method, second.path, second.body) == ("POST", "/api/check", {"a": 1})
    assert (caller.source.issued, caller.source.scopes) == (1, ["read"])


def test_no_scope_is_asked_for_where_none_is_set() -> None:
    with calling(settings={"scope": ""}) as caller:
        caller.call()
        assert (caller.source.issued, caller.source.scopes) == (1, [])


def test_a_token_is_kept_until_shortly_before_it_ends() -> None:
    with calling(expires_in=100) as caller:
        caller.call()
        caller.watch.at = 100 - MARGIN - 1
        caller.call()
        assert caller.source.issued == 1
        caller.watch.at = 100 - MARGIN
        caller.call()
        assert caller.source.issued == 2


@pytest.mark.parametrize("life", [None, "soon", 0, -5, float("nan"), 10**400, [1]])
def test_a_token_without_a_readable_life_is_not_kept(life: object) -> None:
    with calling(expires_in=life) as caller:
        assert [caller.call(), caller.call()] == [200, 200]
        assert caller.source.issued == 2


def test_a_life_told_as_text_is_read_and_a_very_long_one_is_cut() -> None:
    with calling(expires_in="1e300") as caller:
        caller.call()
        caller.watch.at = 86_000
        caller.call()
        assert caller.source.issued == 1
        caller.watch.at = 86_400
        caller.call()
        assert caller.source.issued == 2


def test_an_expired_token_is_replaced_and_the_call_made_again() -> None:
    with calling() as caller:
        caller.call()
        caller.source.expire()
        assert caller.call() == 200
        assert (caller.source.issued, len(caller.source.asked)) == (2, 2)


def test_a_second_refusal_comes_back_as_it_is() -> None:
    with calling() as caller:
        caller.source.answer = lambda _: told({}, 401)
        assert caller.call() == 401
        assert (caller.source.issued, len(caller.source.asked)) == (2, 2)


@pytest.mark.parametrize(
    "grant",
    [
        told({"error": "invalid_client"}, 400),
        told({"error": "x"}, 500),
        told({}),
        told([]),
        told({"access_token": 7}),
        told({"access_token": ""}),
        told({"access_token": "a\r\nb: c"}),
        told({"access_token": "ä"}),
        Reply(200, b"<html>"),
        told({}, 429, Retry_After="7"),
        told({}, 302, Location="http://127.0.0.1:9/"),
        HANGS_UP,
    ],
    ids=str,
)
def test_a_server_that_gives_no_token_means_nothing_happened(grant: Reply) -> None:
    with calling(grant=grant) as caller:
        with pytest.raises(UnreachableError):
            caller.call()
        assert caller.source.asked == []


def test_a_silent_token_server_is_given_up() -> None:
    with calling(grant=SILENT, settings={"timeout": 0.2}) as caller, pytest.raises(UnreachableError):
        caller.call()


def test_a_failing_token_server_is_left_alone_for_a_while() -> None:
    with calling(grant=told({}, 500)) as caller:
        for _ in range(3):
            with pytest.raises(UnreachableError):
                caller.call()
        assert caller.source.issued == 1
        caller.watch.at, caller.source.grant = HOLD, None
        assert caller.call() == 200


def test_wrong_credentials_are_told_and_appear_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    with (
        structlog.testing.capture_logs() as logs,
        calling(settings={"client_secret": Secret("guess-4711")}) as caller,
        pytest.raises(OutsideError, match=r"does not accept our credentials \(401\)") as trouble,
    ):
        caller.call()
    assert "guess" not in f"{trouble.value.text}{trouble.value.hint}{logs}{caplog.text}{vars(caller.out)}"
    assert "client_secret" in trouble.value.hint


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com/token",
        "https://api.example.com/token?tenant=1",
        "https://api.example.com/token#x",
        "ftp://api.example.com/token",
        "http://[::1",
        "https://api.example.com",
        "token",
        "",
    ],
)
def test_a_token_address_that_a_secret_may_not_go_to_is_told_at_the_start(url: str) -> None:
    with pytest.raises(SettingsError):
        TokenOutbound("https://api.example.com", token_url=url, client_id="c", client_secret=Secret("s"))


@pytest.mark.parametrize("url", ["http://api.example.com", "", "https://api.example.com?x=1"])
def test_an_address_that_a_token_may_not_go_to_is_told_at_the_start(url: str) -> None:
    with pytest.raises(SettingsError):
        TokenOutbound(url, token_url="https://id.example.com/token", client_id="c", client_secret=Secret("s"))


def test_what_a_jwt_says_of_our_rights_is_read_and_an_opaque_token_says_nothing() -> None:
    with calling(claims={"roles": ["User.Read.All"], "x": "ü?"}) as caller:
        assert caller.out.claims()["roles"] == ["User.Read.All"]
        assert caller.call() == 200
    for opaque in ("token", "a.b", "a.bnVsbA.c", "a.%.c", "a.W10.c"):
        with calling(grant=told({"access_token": opaque, "expires_in": 60})) as caller:
            assert caller.out.claims() == {}


def test_a_key_is_sent_as_it_is_and_does_not_show_itself() -> None:
    with serving(Source(lambda _: told({"a": 1}), key="s3cret-key")) as source:
        out = KeyOutbound(f"{source.url}/api/", scheme="SSWS", key=Secret("s3cret-key"))
        assert out.call("POST", "x", query=[("a", "b")], json={"c": 1}).json() == {"a": 1}
        out.close()
        assert [(a.path, a.query, a.body) for a in source.asked] == [("/api/x", {"a": "b"}, {"c": 1})]
        assert "s3cret" not in f"{vars(out)}{out.claims()}"
    with pytest.raises(SettingsError):
        KeyOutbound("http://api.example.com", scheme="SSWS", key=Secret("s"))
