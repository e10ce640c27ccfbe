import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from deskward.core.errors import SettingsError
from deskward.core.risk import Direction, Finding
from deskward.core.secret import Secret
from deskward.signals.sign_ins import Signal
from tests.servers.tokens import CLIENT, HANGS_UP, SECRET, SILENT, Asked, Reply, Source, serving, told
from tests.signals.callers import ANNA, AT, only

Row = dict[str, Any]
PATH = "/v1.0/auditLogs/signIns"


def signed_in(minutes: float, country: str | None = "DE", error: int = 0) -> Row:
    return {
        "createdDateTime": (AT - timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z"),
        "ipAddress": "198.51.100.9",
        "status": {"errorCode": error, "failureReason": "Other."},
        "location": None if country is None else {"city": "", "countryOrRegion": country},
    }


@dataclass
class Log:
    """A sign-in log in the form of Microsoft Graph: newest first, filtered, in pages with a link to the next."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    trouble: Reply | None = None
    page: int = 2
    url: str = ""
    filters: bool = True

    def __call__(self, asked: Asked) -> Reply:
        if self.trouble:
            return self.trouble
        wanted = re.fullmatch(
            r"userId eq '((?:[^']|'')*)' and createdDateTime ge (\S+Z) and status/errorCode eq 0",
            asked.query["$filter"],
        )
        if asked.path != PATH or wanted is None or asked.query["$top"] != "50":
            return told({"error": {"code": "BadRequest"}}, 400)
        since = datetime.fromisoformat(wanted[2])
        rows = [r for r in self.rows.get(wanted[1].replace("''", "'"), []) if self.fits(r, since)]
        first = int(asked.query.get("$skiptoken", "0"))
        body: Row = {"value": rows[first : first + self.page]}
        if first + self.page < len(rows):
            link = f"?$filter={asked.query['$filter']}&$top=50&$skiptoken={first + self.page}"
            body["@odata.nextLink"] = self.url + PATH + link.replace(" ", "%20")
        return told(body)

    def fits(self, row: Row, since: datetime) -> bool:
        if not self.filters:
            return True
        return row["status"]["errorCode"] == 0 and datetime.fromisoformat(row["createdDateTime"]) >= since


@dataclass
class Reading:
    source: Source
    log: Log
    signal: Signal

    def of(self, *rows: Row, **seen: Any) -> Finding:
        self.log.rows["p-anna"] = list(rows)
        return only(self.signal, **seen)


@contextmanager
def reading(trouble: Reply | None = None, grant: Reply | None = None, **settings: Any) -> Iterator[Reading]:
    log = Log(trouble=trouble)
    with serving(Source(log, grant)) as source:
        log.url = source.url
        given: dict[str, Any] = {"timeout": 5.0, "base_url": f"{source.url}/v1.0"}
        signal = Signal(
            token_url=source.token_url,
            client_id=CLIENT,
            client_secret=Secret(SECRET),
            **(given | settings),
        )
        try:
            yield Reading(source, log, signal)
        finally:
            signal.log_out()


def test_a_sign_in_from_another_country_within_the_hour_raises_the_risk() -> None:
    with reading() as log:
        finding = log.of(signed_in(5), signed_in(12, "FR"))
        assert log.source.scopes == ["https://graph.microsoft.com/.default"]
    assert (finding.weight, finding.critical) == (3.0, False)
    assert finding.text == "Somebody signed in to the account from another country (FR) 12 minutes ago."
    assert finding.raw == {"at": "2026-05-04T09:18:00+00:00", "country": "FR", "address": "198.51.100.9"}


@pytest.mark.parametrize(("minutes", "words"), [(-3, "just now"), (0.5, "just now"), (1.5, "1 minute ago")])
def test_how_long_ago_is_said(minutes: float, words: str) -> None:
    with reading() as log:
        assert log.of(signed_in(minutes, "FR")).text.endswith(f"{words}.")


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([], "Nobody signed in to the account lately."),
        ([signed_in(5)], "The account was signed in to lately, from the country of the requester."),
        ([signed_in(5, "de")], "The account was signed in to lately, from the country of the requester."),
        ([signed_in(61, "FR")], "Nobody signed in to the account lately."),
        ([signed_in(5, "FR", error=50126)], "Nobody signed in to the account lately."),
    ],
)
@pytest.mark.parametrize("filters", [True, False])
def test_what_is_ordinary_old_or_failed_has_no_weight(rows: list[Row], text: str, filters: bool) -> None:
    with reading() as log:
        log.log.filters = filters
        finding = log.of(*rows)
    assert (finding.direction, finding.text) == (Direction.NEUTRAL, text)


def test_the_span_is_a_setting() -> None:
    with reading(minutes=90) as log:
        assert log.of(signed_in(61, "FR")).weight == 3.0
    with pytest.raises(SettingsError, match="minutes"):
        Signal(token_url="https://x.example/t", client_id="c", client_secret=Secret("s"), minutes=0)


def test_only_this_person_is_asked_about_whatever_the_id_holds() -> None:
    with reading() as log:
        log.log.rows = {"o'x": [signed_in(5, "FR")], "p-anna": [signed_in(5, "US")]}
        finding = only(log.signal, person={"id": "o'x"})
        assert log.source.asked[0].query["$filter"] == (
            "userId eq 'o''x' and createdDateTime ge 2026-05-04T08:30:00Z and status/errorCode eq 0"
        )
    assert finding.raw["country"] == "FR"


def test_all_pages_are_read() -> None:
    with reading() as log:
        assert log.of(*[signed_in(m) for m in range(5)], signed_in(9, "FR")).weight == 3.0
        assert len(log.source.asked) == 3


def test_what_follows_a_sign_in_elsewhere_cannot_hide_it() -> None:
    with reading() as log:
        log.log.filters = False
        assert log.of(signed_in(1), signed_in(2, "FR"), signed_in(3), {"broken": True}).weight == 3.0
        assert len(log.source.asked) == 1


def test_sr_28_more_pages_than_are_read_are_unknown() -> None:
    with reading() as log:
        finding = log.of(*[signed_in(1)] * 11)
        assert len(log.source.asked) == 5
    assert finding.direction is Direction.UNKNOWN


@pytest.mark.parametrize(
    "link",
    [
        "http://127.0.0.1:9/v1.0/auditLogs/signIns?$skiptoken=1",
        "https://evil.example/v1.0/auditLogs/signIns?$skiptoken=1",
        "{url}/v1.0/users?$skiptoken=1",
        "{url}/v1.0/auditLogs/signIns",
        "",
        None,
        7,
    ],
)
def test_sr_101_a_link_to_elsewhere_is_not_followed(link: object) -> None:
    with reading() as log:
        where = link.format(url=log.source.url) if isinstance(link, str) else link
        log.log.trouble = told({"value": [signed_in(1)], "@odata.nextLink": where})
        assert log.of().direction is Direction.UNKNOWN
        assert len(log.source.asked) == 1


TROUBLES = {
    "error": told({"error": {"code": "InternalServerError"}}, 500),
    "throttled": told({"error": {"code": "TooManyRequests"}}, 429),
    "throttled with a time": told({}, 429, Retry_After="10"),
    "no right": told({"error": {"code": "Authentication_RequestFromNonPremiumTenantOrB2CTenant"}}, 403),
    "unauthorized for good": told({}, 401),
    "redirect": told({}, 302, Location="http://127.0.0.1:9/"),
    "hang-up": HANGS_UP,
    "bad JSON": Reply(200, b'{"value": ['),
    "no rows": told({}),
    "a list": told([]),
    "rows that are none": told({"value": {}}),
    "a row that is text": told({"value": ["x"]}),
    "a row without a status": told({"value": [{"createdDateTime": "2026-05-04T09:18:00Z", "location": None}]}),
    "a row without a time": told({"value": [signed_in(1) | {"createdDateTime": None}]}),
    "a row with a wrong time": told({"value": [signed_in(1) | {"createdDateTime": "today"}]}),
    "a row with a wrong place": told({"value": [signed_in(1) | {"location": "FR"}]}),
    "a row without a place": told({"value": [signed_in(1, None)]}),
    "a row without a country": told({"value": [signed_in(1, "")]}),
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_sr_28_a_log_that_cannot_be_read_is_unknown(trouble: Reply) -> None:
    with reading(trouble) as log:
        finding = log.of()
    assert finding.direction is Direction.UNKNOWN
    assert finding.text.startswith("Sign-ins were not checked: the sign-in log ")


@pytest.mark.parametrize("silent", [{"trouble": SILENT}, {"grant": SILENT}], ids=["log", "token"])
def test_sr_28_a_silent_log_is_given_up(silent: dict[str, Reply]) -> None:
    with reading(**silent, timeout=0.2) as log:
        assert log.of().direction is Direction.UNKNOWN


def test_sr_28_without_a_token_nothing_is_read() -> None:
    with reading(grant=told({"error": "invalid_client"}, 401)) as log:
        assert log.of().direction is Direction.UNKNOWN
        assert log.source.asked == []


@pytest.mark.parametrize("country", [None, ""])
def test_sr_28_a_requester_whose_country_nobody_knows_is_not_compared(country: str | None) -> None:
    with reading() as log:
        finding = log.of(signed_in(1, "FR"), country=country)
        assert log.source.issued == 0
    assert finding.direction is Direction.UNKNOWN
    assert finding.text == "Sign-ins were not checked: nobody knows which country the requester is in."


def test_an_unnamed_country_does_not_hide_a_named_one() -> None:
    with reading() as log:
        assert log.of(signed_in(1, None), signed_in(2, "FR")).weight == 3.0


def test_times_without_a_zone_or_with_long_fractions_are_utc() -> None:
    with reading(
        told({"value": [signed_in(1, "FR") | {"createdDateTime": "2026-05-04T09:18:00.1234567"}]})
    ) as log:
        assert log.of().raw["at"] == "2026-05-04T09:18:00.123456+00:00"


def test_an_expired_token_is_replaced() -> None:
    with reading() as log:
        log.of()
        log.source.expire()
        assert log.of(signed_in(1, "FR")).weight == 3.0
        assert log.source.issued == 2


def test_no_secret_appears_in_a_finding() -> None:
    with reading() as log:
        said = f"{log.of(signed_in(1, 'FR'))}{vars(log.signal)}{vars(log.signal._out)}"
    assert SECRET not in said
    assert "token-1" not in said
    assert ANNA.email not in said
