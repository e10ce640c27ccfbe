"""The manager reads along (SR-44): when, once, in words of their own, and without any power."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from deskward.core.destinations import Kind
from deskward.core.errors import UnreachableError
from deskward.core.notices import Purpose
from deskward.core.people import Person
from deskward.core.policy import Copied, Limits, Policy
from deskward.core.ports import ErrandKind
from deskward.core.verification import Verification
from tests.fakes import BEN
from tests.household import AGENT, CATEGORIES, PASSWORD, Household

START, DONE, WORK = "copy-start", "copy-done", BEN.email
TYPED = {"choice": "typed", "kind": Kind.EMAIL, "typed": "new@p.example", "reason": "Lost the phone."}


def copied(home: Household, rule: Copied) -> None:
    home.change(policy=Policy(CATEGORIES, Limits(copied=rule), "1"))


def after(home: Household, verification: Verification) -> list[str]:
    """List the copies that belong to the end."""
    sent = home.store.sendings(verification.id)
    return [s.address for s in home.house.notices.copies.of(verification, Purpose.DONE, sent, home.clock.now())]


def test_sr_44_the_manager_reads_of_an_exception_at_the_start_and_after_the_action(home: Household) -> None:
    sent = home.send(home.open(), **TYPED)
    assert home.told(sent, START) == [WORK]
    home.drain()
    (mail,) = (m for m in home.mail.sent if m.to == WORK)
    assert mail.subject == "Acme IT help desk: a request for the account of Anna Berg"
    for words in ("Reset the password", "04 May 2026, 09:30 UTC", "IR-1001", "Kim Agent", "If this looks wrong"):
        assert words in mail.text
        assert words in mail.html
    assert "http" not in mail.text + mail.html
    assert after(home, sent) == [WORK]


def test_sr_44_a_copy_is_a_row_before_the_link_with_a_lane_of_its_own_and_no_token(home: Household) -> None:
    sent = home.send(home.open(), **TYPED)
    rows = home.store.sendings(sent.id)
    assert [s.purpose for s in rows][-2:] == [START, "link"]
    copy = rows[-2]
    assert (copy.person_id, copy.token_digest) == (BEN.id, "")
    lanes = {e.about.get("sending"): e.lane for e in home.waiting(sent) if e.kind is ErrandKind.SEND}
    assert lanes[copy.id] == f"smtp:{copy.id}"


def test_sr_44_nobody_reads_along_twice_and_the_copy_makes_nobody_an_owner(home: Household) -> None:
    sent = home.send(home.open(), **TYPED)
    home.clock.forward(minutes=5)
    again = home.send(sent, choice="d-phone")
    assert home.told(again, START) == [WORK]
    assert WORK not in home.told(again, "notice-start")
    assert after(home, again) == [WORK]


def test_sr_44_an_ordinary_verification_and_one_without_an_action_have_no_copy(home: Household) -> None:
    assert home.told(home.sent(), START) == []
    check = home.open("1002", category_name="Identity check")
    assert home.told(home.send(replace(check), **TYPED), START) == []


@pytest.mark.parametrize(
    ("rule", "category", "typed", "to"),
    [
        (Copied.ALWAYS, "Password Reset", {}, [WORK]),
        (Copied.ALWAYS, "Account Unlock", {}, []),
        (Copied.ALWAYS, "Account Unlock", TYPED, [WORK]),
        (Copied.EXCEPTIONS, "Account Unlock", TYPED, [WORK]),
        (Copied.NEVER, "Password Reset", TYPED, []),
    ],
)
def test_sr_44_the_setting_says_when(
    home: Household, rule: Copied, category: str, typed: dict[str, str], to: list[str]
) -> None:
    copied(home, rule)
    assert home.told(home.send(home.open(category_name=category), **typed), START) == to


def test_sr_44_both_copies_go_out_along_the_whole_story(home: Household) -> None:
    copied(home, Copied.ALWAYS)
    passed, pin = home.passed()
    done = home.lifecycle.act(pin, PASSWORD)
    home.drain()
    assert (home.told(passed, START), home.told(done, DONE)) == ([WORK], [WORK])
    assert [m.subject.split(": ")[1] for m in home.mail.sent if m.to == WORK] == [
        "a request for the account of Anna Berg",
        "the account of Anna Berg was changed",
    ]
    assert after(home, done) == []


@pytest.mark.parametrize("ben", [replace(BEN, enabled=False), replace(BEN, email=""), replace(BEN, name="Other")])
def test_sr_44_without_a_manager_who_can_be_written_to_the_others_are_told(home: Household, ben: Person) -> None:
    home.directory.people["o-ben"] = ben
    sent = home.send(home.open(), **TYPED)
    assert home.told(sent, START) == []
    assert len(home.told(sent, "notice-start")) == 2


def test_sr_44_a_directory_that_names_no_manager_stops_no_link(
    home: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(_: Person) -> Sequence[Person]:
        raise UnreachableError("The directory is down.")

    monkeypatch.setattr(home.directory, "colleagues", down)
    sent = home.send(home.open(), **TYPED)
    assert len(home.told(sent, "notice-start")) == 2
    assert home.told(sent, START) == []
    del home.directory.people["o-anna"]
    assert after(home, sent) == []


def test_sr_44_without_the_directory_who_read_of_the_start_reads_of_the_end(home: Household) -> None:
    sent = home.send(home.open(), **TYPED)
    home.directory.down = UnreachableError("The directory is down.")
    assert after(home, sent) == [WORK]


def test_sr_44_without_e_mail_there_is_no_copy(home: Household) -> None:
    copied(home, Copied.ALWAYS)
    home.change(channels={"sms": home.sms})
    assert home.told(home.send(home.open(), choice="d-phone"), START) == []


STEPS: dict[str, Callable[[Household, Verification], object]] = {
    "cancels": lambda home, sent: home.lifecycle.cancel(sent.id, AGENT, "Never mind."),
    "renews the code": lambda home, sent: home.lifecycle.renew_code(sent.id, sent.version, AGENT),
    "sends again": lambda home, sent: home.send(sent, choice="d-phone"),
}


@pytest.mark.parametrize("step", STEPS)
def test_sr_44_nothing_that_an_agent_does_changes_who_reads_along(home: Household, step: str) -> None:
    sent = home.send(home.open(), **TYPED)
    STEPS[step](home, sent)
    home.drain()
    assert [m.to for m in home.mail.sent].count(WORK) == 1
