from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from deskward.core.errors import SettingsError
from deskward.core.risk import Direction, Finding, RiskLevel, assess
from deskward.core.secret import Secret
from deskward.signals.sim_swap import Signal
from tests.servers.tokens import CLIENT, HANGS_UP, SECRET, SILENT, Asked, Reply, Source, serving, told
from tests.signals.callers import PHONE, only

CLEAN = "+4915100000000"


@dataclass
class Telco:
    """Knows which SIM cards were swapped, and how many hours ago (CAMARA SIM Swap 2)."""

    swapped: dict[str, int] = field(default_factory=lambda: {PHONE: 100})
    trouble: Reply | None = None

    def __call__(self, asked: Asked) -> Reply:
        if self.trouble:
            return self.trouble
        if (asked.method, asked.path) != ("POST", "/sim-swap/v2/check") or set(asked.body) != {
            "phoneNumber",
            "maxAge",
        }:
            return told({"status": 400, "code": "INVALID_ARGUMENT", "message": "?"}, 400)
        ago = self.swapped.get(asked.body["phoneNumber"])
        return told({"swapped": ago is not None and ago <= asked.body["maxAge"]})


@dataclass
class Asking:
    source: Source
    signal: Signal

    def about(self, number: str = PHONE) -> Finding:
        return only(self.signal, link_to=("sms", number))


@contextmanager
def asking(trouble: Reply | None = None, grant: Reply | None = None, **settings: Any) -> Iterator[Asking]:
    with serving(Source(Telco(trouble=trouble), grant)) as source:
        given: dict[str, Any] = {"client_secret": Secret(SECRET), "timeout": 5.0}
        signal = Signal(
            base_url=f"{source.url}/sim-swap/v2",
            token_url=source.token_url,
            client_id=CLIENT,
            **(given | settings),
        )
        try:
            yield Asking(source, signal)
        finally:
            signal.log_out()


def test_a_08_sr_27_a_swapped_sim_card_makes_the_risk_high() -> None:
    with asking() as telco:
        finding = telco.about()
        assert telco.source.asked == [
            Asked("POST", "/sim-swap/v2/check", {}, {"phoneNumber": PHONE, "maxAge": 240})
        ]
    assert finding.critical
    assert finding.text == "The SIM card of this number was changed within 10 days."
    assert assess([finding]).level is RiskLevel.HIGH


def test_a_08_a_clean_sim_card_is_said_without_weight() -> None:
    with asking() as telco:
        finding = telco.about(CLEAN)
        assert (telco.source.issued, telco.source.scopes) == (1, ["sim-swap:check"])
    assert (finding.direction, finding.critical) == (Direction.NEUTRAL, False)
    assert finding.text == "The SIM card of this number was not changed within 10 days."


@pytest.mark.parametrize(
    ("hours", "critical", "words"),
    [(1, False, "1 hour."), (99, False, "99 hours."), (100, True, "100 hours."), (24, False, "1 day.")],
)
def test_sr_27_the_window_is_a_setting(hours: int, critical: bool, words: str) -> None:
    with asking(max_age_hours=hours) as telco:
        finding = telco.about()
    assert finding.critical is critical
    assert finding.text.endswith(f"within {words}")


@pytest.mark.parametrize("hours", [0, -1, 2401])
def test_sr_27_a_window_that_cannot_be_is_refused(hours: int) -> None:
    with pytest.raises(SettingsError, match="max_age_hours"):
        Signal(
            base_url="https://api.example.com",
            token_url="https://api.example.com/token",
            client_id="c",
            client_secret=Secret("s"),
            max_age_hours=hours,
        )


TROUBLES = {
    "error": told({"status": 500, "code": "INTERNAL", "message": "?"}, 500),
    "unavailable": told({}, 503, Retry_After="60"),
    "throttled": told({"status": 429, "code": "QUOTA_EXCEEDED"}, 429),
    "throttled with a time": told({}, 429, Retry_After="60"),
    "refused": told({"status": 403, "code": "PERMISSION_DENIED"}, 403),
    "unauthorized for good": told({"status": 401, "code": "UNAUTHENTICATED"}, 401),
    "number of another network": told({"status": 422, "code": "SERVICE_NOT_APPLICABLE"}, 422),
    "window too long there": told({"status": 400, "code": "OUT_OF_RANGE"}, 400),
    "unknown number": told({"status": 404, "code": "IDENTIFIER_NOT_FOUND"}, 404),
    "redirect": told({}, 302, Location="http://127.0.0.1:9/"),
    "hang-up": HANGS_UP,
    "bad JSON": Reply(200, b'{"swapped": fal'),
    "a page": Reply(200, b"<html>false</html>"),
    "no member": told({}),
    "a list": told([False]),
    "null": told({"swapped": None}),
    "text": told({"swapped": "false"}),
    "number": told({"swapped": 0}),
    "false in an error": told({"swapped": False}, 500),
    "too much": Reply(200, b'{"swapped": false}' + b" " * 2_000_001),
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_a_08_sr_27_sr_28_no_answer_is_not_checked_and_never_clean(trouble: Reply) -> None:
    with asking(trouble) as telco:
        for number in (PHONE, CLEAN):
            finding = telco.about(number)
            assert finding.direction is Direction.UNKNOWN
            assert finding.text.startswith("The SIM card was not checked: the phone network ")


@pytest.mark.parametrize(
    "grant", [told({"error": "invalid_client"}, 401), told({}, 500), Reply(200, b"no"), HANGS_UP], ids=str
)
def test_sr_28_without_a_token_nothing_is_checked(grant: Reply) -> None:
    with asking(grant=grant) as telco:
        assert telco.about().direction is Direction.UNKNOWN
        assert telco.source.asked == []


@pytest.mark.parametrize("silent", [{"trouble": SILENT}, {"grant": SILENT}], ids=["source", "token"])
def test_a_08_sr_28_a_silent_source_is_given_up(silent: dict[str, Reply]) -> None:
    with asking(**silent, timeout=0.2) as telco:
        assert telco.about().direction is Direction.UNKNOWN


def test_sr_28_a_source_that_is_gone_is_unknown() -> None:
    with asking() as telco:
        pass
    signal = Signal(
        base_url=telco.source.url,
        token_url=telco.source.token_url,
        client_id=CLIENT,
        client_secret=Secret(SECRET),
    )
    assert only(signal, link_to=("sms", PHONE)).direction is Direction.UNKNOWN
    signal.log_out()


def test_an_expired_token_is_replaced_before_anything_is_said() -> None:
    with asking() as telco:
        assert telco.about(CLEAN).direction is Direction.NEUTRAL
        telco.source.expire()
        assert telco.about().critical
        assert telco.source.issued == 2


def test_a_link_that_did_not_go_by_sms_asks_nobody() -> None:
    with asking() as telco:
        finding = only(telco.signal, link_to=("email", "anna@home.example"))
        assert (telco.source.issued, telco.source.asked) == (0, [])
    assert finding.direction is Direction.NEUTRAL
    assert finding.text == "The link did not go by SMS, so no SIM card was checked."


@pytest.mark.parametrize("link_to", [("", ""), ("sms", ""), ("sms", "0151 1234"), ("sms", PHONE + "\n")])
def test_sr_28_without_a_number_nothing_is_checked(link_to: tuple[str, str]) -> None:
    with asking() as telco:
        assert only(telco.signal, link_to=link_to).direction is Direction.UNKNOWN
        assert telco.source.asked == []


def test_neither_number_nor_secret_appears_in_a_finding() -> None:
    with asking() as telco:
        told_all = f"{telco.about()}{telco.about(CLEAN)}{vars(telco.signal)}{vars(telco.signal._out)}"
    assert PHONE not in told_all
    assert SECRET not in told_all
    assert "token-1" not in told_all
