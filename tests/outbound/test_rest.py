from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from deskward.core.errors import OutsideError, RejectedError, UncertainError, UnreachableError
from deskward.core.secret import Secret
from deskward.outbound.rest import PATIENCE, Rest
from deskward.outbound.tokens import TokenOutbound
from tests.servers.tokens import CLIENT, HANGS_UP, SECRET, Asked, Reply, Source, serving, told


@contextmanager
def resting(*replies: Reply) -> Iterator[tuple[Rest, list[Asked]]]:
    left = list(replies)
    with serving(Source(lambda _: left.pop(0) if len(left) > 1 else left[0])) as source:
        out = TokenOutbound(
            f"{source.url}/api", token_url=source.token_url, client_id=CLIENT, client_secret=Secret(SECRET)
        )
        rest = Rest(out, name="Lodge", rights="the key.", said=lambda told: str((told or {}).get("why", "")))
        try:
            yield rest, source.asked
        finally:
            rest.close()


def test_what_is_not_there_is_none_and_an_empty_list() -> None:
    with resting(told({}, 404)) as (rest, _):
        assert rest.read("a") is None
        assert rest.rows("a") == []
        assert rest.one("a") == {}


def test_a_list_is_read_with_its_query() -> None:
    with resting(told([{"id": 1}])) as (rest, seen):
        assert rest.rows("a", [("b", "c d")]) == [{"id": 1}]
        assert rest.read("a") == [{"id": 1}]
        assert rest.change("POST", "b", json={"x": 1}).ok
    assert [(one.path, one.query, one.body) for one in seen[::2]] == [
        ("/api/a", {"b": "c d"}, None),
        ("/api/b", {}, {"x": 1}),
    ]


@pytest.mark.parametrize("reply", [Reply(200, b"<html>"), told({}), told([1]), told("x"), told([{"a": 1}])])
def test_what_is_no_list_is_told(reply: Reply) -> None:
    with resting(reply) as (rest, _), pytest.raises(RejectedError, match="cannot be read"):
        rest.rows("a")
    with resting(told([])) as (rest, _), pytest.raises(RejectedError, match="cannot be read"):
        rest.one("a")


@pytest.mark.parametrize(
    ("reply", "of_read", "of_change", "of_repeatable", "words"),
    [
        (told({"why": "No such thing."}, 400), RejectedError, RejectedError, RejectedError, "No such thing"),
        (told({}, 409), RejectedError, RejectedError, RejectedError, "status 409"),
        (told({}, 401), UnreachableError, UnreachableError, UnreachableError, "credentials"),
        (told({}, 403), RejectedError, RejectedError, RejectedError, "must grant Deskward: the key"),
        (told({}, 429), UnreachableError, UnreachableError, UnreachableError, "too much to do"),
        (told({}, 408), UnreachableError, UncertainError, UnreachableError, "failed"),
        (told({"why": "On fire."}, 500), UnreachableError, UncertainError, UnreachableError, "On fire"),
        (told({}, 503, Retry_After="5"), UnreachableError, UnreachableError, UnreachableError, "later"),
        (HANGS_UP, UnreachableError, UncertainError, UnreachableError, "no answer"),
    ],
)
def test_a_status_becomes_the_error_that_says_what_happened(
    reply: Reply,
    of_read: type[OutsideError],
    of_change: type[OutsideError],
    of_repeatable: type[OutsideError],
    words: str,
) -> None:
    with resting(reply) as (rest, _):
        with pytest.raises(OutsideError, match=words) as read:
            rest.read("a")
        with pytest.raises(OutsideError, match=words) as changed:
            rest.change("PATCH", "a")
        with pytest.raises(OutsideError, match=words) as repeated:
            rest.change("DELETE", "a", repeatable=True)
    for trouble, kind in ((read, of_read), (changed, of_change), (repeated, of_repeatable)):
        assert isinstance(trouble.value, kind)


def test_a_change_of_what_is_gone_is_told() -> None:
    with resting(told({}, 404)) as (rest, _), pytest.raises(RejectedError, match="not there any more"):
        rest.change("PATCH", "a")


def test_a_long_list_waits_as_asked_and_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    with resting(told({}, 429, Retry_After="7"), told([])) as (rest, _):
        assert rest.page("a").ok
    with resting(told({}, 429, Retry_After="8")) as (rest, _), pytest.raises(UnreachableError):
        rest.page("a")
    assert pauses[:1] == [7.0]
    assert pauses.count(8.0) == PATIENCE


def test_a_next_page_is_asked_for_at_the_configured_address_only() -> None:
    with resting(told([])) as (rest, _):
        base = rest._out.base_url
        assert rest.linked(f"{base.upper()}/users?after=a%20b&x=") == ("users", [("after", "a b"), ("x", "")])
        for wrong in ("https://evil.example/users?a=b", f"{base}x/users?a=b", f"{base}/users", ""):
            with pytest.raises(RejectedError, match="next page"):
                rest.linked(wrong)


def test_the_other_sides_clock_is_read_off_its_answers() -> None:
    late = format_datetime(datetime.now(UTC) - timedelta(minutes=9), usegmt=True)
    with resting(told([], 200, Date=late), told([], 200, Date="yesterday")) as (rest, _):
        before = rest.ahead
        rest.read("a")
        ahead = rest.ahead
        rest.read("a")
        assert (before, rest.ahead) == (None, None)
        assert ahead is not None
        assert -900 < ahead < -500


def test_a_limit_that_tells_when_it_begins_anew_is_waited_for() -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    date = format_datetime(now, usegmt=True)
    for begins, least, most in ((now.timestamp() + 20, 21, 21), (now.timestamp() - 9, 0, 0), (1e30, 3600, 3600)):
        limit = told({}, 429, Date=date, X_Rate_Limit_Reset=f"{begins:.0f}")
        with resting(limit) as (rest, _), pytest.raises(UnreachableError) as trouble:
            rest.read("a")
        assert least <= trouble.value.retry_after <= most
    with (
        resting(told({}, 429, X_Rate_Limit_Reset="soon")) as (rest, _),
        pytest.raises(UnreachableError) as trouble,
    ):
        rest.read("a")
    assert trouble.value.retry_after == 0
