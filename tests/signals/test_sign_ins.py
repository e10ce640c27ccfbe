import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from urllib.parse import urlencode

import pytest

from deskward.browsers import Devices
from deskward.core.errors import OutsideError, SettingsError
from deskward.core.risk import Direction, Finding
from deskward.core.secret import Secret
from deskward.core.sign_ins import SignIn, SignInLog
from deskward.core.surroundings import Device
from deskward.signals.sign_ins import Signal
from tests.servers.tokens import CLIENT, HANGS_UP, SECRET, SILENT, Asked, Reply, Source, serving, told
from tests.signals.callers import ANNA, AT, only
from tests.signals.visits import APPLE, FIREFOX, IPHONE, WINDOWS

Row = dict[str, Any]
PATH = "/v1.0/auditLogs/signIns"
EDGE = f"{WINDOWS} Edg/140.0.0.0"
MAC = f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {APPLE} Version/18.5 Safari/605.1.15"


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
    orders: bool = True

    def __call__(self, asked: Asked) -> Reply:
        if self.trouble:
            return self.trouble
        if "$orderby" in asked.query:
            return self.for_learning(asked)
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

    def for_learning(self, asked: Asked) -> Reply:
        """Give everybody's sign-ins in order, in pages with a link to the next."""
        wanted = re.fullmatch(
            r"createdDateTime ge (\S+Z) and createdDateTime le (\S+Z) and status/errorCode eq 0",
            asked.query["$filter"],
        )
        if asked.path != PATH or wanted is None or asked.query["$orderby"] != "createdDateTime":
            return told({"error": {"code": "BadRequest"}}, 400)
        since, until = (datetime.fromisoformat(text) for text in wanted.groups())
        rows = [{"userId": who} | row for who, rows in self.rows.items() for row in rows if self.fits(row, since)]
        rows = [row for row in rows if not self.filters or datetime.fromisoformat(row["createdDateTime"]) <= until]
        if self.orders:
            rows.sort(key=lambda row: str(row["createdDateTime"]))
        first = int(asked.query.get("$skiptoken", "0"))
        body: Row = {"value": rows[first : first + self.page]}
        if first + self.page < len(rows):
            query = urlencode(asked.query | {"$skiptoken": str(first + self.page)})
            body["@odata.nextLink"] = f"{self.url}{PATH}?{query}"
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


def learned(log: Reading, *rows: Row, days: float = 30) -> list[SignIn]:
    log.log.rows["p-anna"] = list(rows)
    return list(log.signal.sign_ins(AT - timedelta(days=days), AT))


def device(browser: str | None, system: str | None) -> Row:
    return {"deviceDetail": {"browser": browser, "operatingSystem": system}}


def test_familiarity_learns_from_it_only_where_that_is_switched_on() -> None:
    with reading() as log:
        assert isinstance(log.signal, SignInLog)
        assert log.signal.teaches == ""
        assert log.signal.about == Signal.about
    with reading(directory="roster") as log:
        assert log.signal.teaches == ""
    with reading(learn=True, directory="roster") as log:
        assert log.signal.teaches == "roster"
        assert "Your earlier sign-ins" in log.signal.about
    with pytest.raises(SettingsError, match="directory"):
        Signal(token_url="https://x.example/t", client_id="c", client_secret=Secret("s"), learn=True)


def test_sign_ins_are_read_oldest_first_over_all_pages() -> None:
    with reading() as log:
        found = learned(log, *[signed_in(m) for m in range(1, 6)])
        assert [one.at for one in found] == [AT - timedelta(minutes=m) for m in range(5, 0, -1)]
        assert {(one.person_id, one.address, one.agent) for one in found} == {("p-anna", "198.51.100.9", "")}
        assert len(log.source.asked) == 3
        assert log.source.asked[0].query["$top"] == "999"
        assert log.source.asked[0].query["$filter"] == (
            "createdDateTime ge 2026-04-04T09:30:00.000000Z and createdDateTime le 2026-05-04T09:30:00.000000Z"
            " and status/errorCode eq 0"
        )


@pytest.mark.parametrize("filters", [True, False])
def test_what_failed_or_is_outside_the_span_or_risky_or_nowhere_is_not_learned(filters: bool) -> None:
    rows = [
        signed_in(60 * 24 * 31),
        signed_in(60 * 24 * 30),
        signed_in(9, error=50126),
        signed_in(8) | {"riskState": "atRisk"},
        signed_in(7) | {"riskState": "confirmedCompromised"},
        signed_in(6) | {"riskState": "none"},
        signed_in(5) | {"ipAddress": None},
        signed_in(4) | {"ipAddress": "nowhere"},
        signed_in(3) | {"userId": None},
        signed_in(0),
        signed_in(-1),
    ]
    with reading() as log:
        log.log.filters, log.log.page = filters, 20
        assert [one.at for one in learned(log, *rows)] == [AT - timedelta(days=30), AT - timedelta(minutes=6)]


@pytest.mark.parametrize(
    ("browser", "system", "agent"),
    [
        ("Edge 140.0.0", "Windows10", EDGE),
        ("Edge 140.0.0", "Windows 11", EDGE),
        ("Chrome 140.0.0", "Windows 10", WINDOWS),
        ("Mobile Safari 18.5", "Ios 18.5", IPHONE),
        ("Safari 18.5", "MacOs", MAC),
        ("Safari 18.5", "MacOs 15.1", MAC),
        ("Firefox 140.0", "Linux", FIREFOX),
    ],
)
def test_browser_and_system_are_named_as_a_visit_names_them(browser: str, system: str, agent: str) -> None:
    with reading() as log:
        (one,) = learned(log, signed_in(1) | device(browser, system))
    assert one.device == replace(Devices().read(agent), kind="unknown")


@pytest.mark.parametrize(
    "detail", [{}, device(None, None), device("", ""), {"deviceDetail": None}, device("7", "")]
)
def test_a_device_that_the_log_does_not_tell_is_unknown(detail: Row) -> None:
    with reading() as log:
        (one,) = learned(log, signed_in(1) | detail)
    assert one.device in (Device(), Device("7"))


def test_the_agent_is_taken_where_the_log_has_it_cut_as_a_visit_is() -> None:
    with reading() as log:
        log.log.page = 5
        told_agents = [signed_in(3) | {"userAgent": EDGE}, signed_in(2) | {"userAgent": "x" * 400}, signed_in(1)]
        assert [one.agent for one in learned(log, *told_agents)] == [EDGE, "x" * 300, ""]


def test_an_address_has_one_spelling() -> None:
    with reading() as log:
        log.log.page = 5
        rows = [signed_in(m) | {"ipAddress": a} for m, a in ((2, "::ffff:192.0.2.7"), (1, "2001:DB8:0:0::1"))]
        assert [one.address for one in learned(log, *rows)] == ["192.0.2.7", "2001:db8::1"]


def test_a_log_in_another_order_is_not_learned_from() -> None:
    with reading() as log:
        log.log.orders = False
        with pytest.raises(OutsideError, match="order"):
            learned(log, signed_in(1), signed_in(2))


@pytest.mark.parametrize(
    "trouble", [TROUBLES[name] for name in ("error", "no right", "hang-up", "a row that is text")]
)
def test_a_log_that_cannot_be_read_says_so(trouble: Reply) -> None:
    with reading(trouble) as log, pytest.raises(OutsideError):
        learned(log)


def test_no_more_is_read_than_is_taken() -> None:
    with reading() as log:
        log.log.rows["p-anna"] = [signed_in(m) for m in range(1, 9)]
        taken = islice(log.signal.sign_ins(AT - timedelta(days=1), AT), 3)
        assert len(list(taken)) == 3
        assert len(log.source.asked) == 2
