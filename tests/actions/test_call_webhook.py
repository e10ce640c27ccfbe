"""The action `call_webhook` against a real small server that verifies signatures by itself."""

import threading
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from deskward.actions import call_webhook
from deskward.actions.call_webhook import Action
from deskward.core.errors import RejectedError, SettingsError, UncertainError
from deskward.core.ports import Grant
from deskward.core.secret import Secret
from tests.fakes import ANNA, START, FakeDirectory
from tests.servers.tokens import HANGS_UP, Reply, answering, told
from tests.servers.webhook import KEY, OLD, System

GRANT = Grant("GR-1", "DW-1", ANNA.id, ANNA.login, "roster", "call_webhook", "", "t-1", "a-kim", "1", START)


@pytest.fixture
def system() -> System:
    return System()


@pytest.fixture
def url(system: System, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(call_webhook, "PAUSE", 0.01)
    with answering(system, threading.Event()) as address:
        yield address


def made(root: str, **settings: Any) -> Action:
    given: dict[str, Any] = {
        "url": f"{root}/do",
        "status_url": f"{root}/status",
        "secret": KEY,
        "title": "New badge",
    }
    return Action(**(given | {"patience": 0.3} | settings))


def perform(action: Action, grant: Grant = GRANT) -> None:
    action.bound(grant).perform(FakeDirectory(), ANNA, {})


def test_sr_97_it_is_called_once_with_the_grant_as_id_and_a_good_signature(system: System, url: str) -> None:
    system.states = ["pending", "done"]
    action = made(url)
    perform(action)
    ((own, body),) = system.calls
    assert (own, body["type"], body["dry_run"]) == ("GR-1", "deskward.action", False)
    assert body["data"]["account"] == {"directory": "roster", "id": ANNA.id, "login": ANNA.login}
    assert (body["data"]["ticket"], body["data"]["verification"]) == ("t-1", "DW-1")
    assert (action.fields, action.problem(ANNA, {}), action.grant) == ((), "", None)
    assert action.achieved(ANNA, ANNA)
    assert not action.achieved(ANNA, replace(ANNA, login="b"))


def test_sr_97_while_a_key_is_replaced_both_sign(system: System, url: str) -> None:
    perform(made(url, old_secret=OLD))
    perform(made(url, secret=OLD))
    assert system.signed_by == {1, 2}


def test_a_wrong_key_is_refused_there_and_told(url: str) -> None:
    other = Secret("whsec_" + b64encode(b"x" * 32).decode())
    with pytest.raises(RejectedError, match="no signature"):
        perform(made(url, secret=other))


@pytest.mark.parametrize("reply", [HANGS_UP, told({"message": "Broken"}, 500)])
def test_sr_58_an_unclear_end_is_called_again_with_the_same_id_and_asked_for(
    system: System, url: str, reply: Reply
) -> None:
    system.replies = [reply, reply]
    perform(made(url))
    assert [own for own, _ in system.calls] == ["GR-1", "GR-1"]
    assert list(system.done) == ["GR-1"]


def test_sr_59_what_does_not_end_in_time_is_uncertain_and_told_later(system: System, url: str) -> None:
    system.states = ["pending"]
    with pytest.raises(UncertainError, match="does not tell how it ended"):
        perform(made(url))
    system.states = ["done"]
    assert made(url).bound(GRANT).ended()


def test_what_fails_there_is_told(system: System, url: str) -> None:
    system.states = ["failed"]
    with pytest.raises(RejectedError, match="New badge: the other system says that it failed"):
        perform(made(url))
    system.replies = [told({"message": "No badge for guests."}, 422)]
    with pytest.raises(RejectedError, match="No badge for guests"):
        perform(made(url))


def test_a_system_that_is_down_did_nothing() -> None:
    with pytest.raises(RejectedError, match="Nothing was done"):
        perform(made("http://127.0.0.1:9"))
    with pytest.raises(UncertainError):
        made("http://127.0.0.1:9").bound(GRANT).ended()


def test_doctor_calls_it_dry_and_nothing_is_done(system: System, url: str) -> None:
    action = made(url)
    assert [check.well for check in action.doctor()] == [True]
    ((own, body),) = system.calls
    assert own.startswith("dry-run-")
    assert (body["dry_run"], system.done) == (True, {})
    system.replies = [told({"message": "Not today"}, 400)]
    (check,) = action.doctor()
    assert (check.well, bool(check.hint)) == (False, True)
    assert "Not today" in check.text
    action.log_out()
    with pytest.raises(RuntimeError, match="closed"):
        list(action.doctor())


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": Secret("short")},
        {"secret": Secret("whsec_!")},
        {"secret": Secret("whsec_" + b64encode(b"k" * 8).decode())},
        {"old_secret": Secret("x")},
        {"patience": 0.0},
        {"patience": 31.0},
        {"url": "http://badges.example.com/do"},
        {"url": "https://badges.example.com/do?x=1"},
        {"status_url": "http://192.0.2.1/status"},
        {"status_url": "nowhere"},
    ],
)
def test_settings_that_cannot_be_are_refused_and_no_key_is_shown(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as refusal:
        made("https://badges.example.com", **wrong)
    assert "whsec_" + "!" not in refusal.value.text
    assert refusal.value.hint
