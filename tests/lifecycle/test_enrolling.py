"""Means for the next time: who may set them up, what they prove, from when."""

from base64 import b32decode
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlalchemy import text

from deskward.challenges import one_time_code, passkey, saved_code, totp
from deskward.core.accounts import Agent
from deskward.core.authenticators import Authenticator, Enrolment
from deskward.core.challenges import Challenge
from deskward.core.errors import ConflictError, InvalidError, NotFoundError, RefusedError
from deskward.core.events import Event, EventKind
from deskward.core.ports import Change
from deskward.core.proof import ProofLevel
from deskward.core.secret import Secret
from deskward.core.verification import State, Verification
from deskward.lifecycle import Actor
from deskward.lifecycle.enrolled import owner_of
from tests.household import AGENT, PASSWORD, Household
from tests.many import at_once
from tests.passkeys import SoftPasskey

BOSS = Actor("agent", "a-boss", "Bea Boss")
HOW = "Passport seen at the front desk"
KEY = "5a" * 32
WAYS: tuple[Challenge, ...] = (
    totp.Challenge(),
    passkey.Challenge(),
    saved_code.Challenge(),
    one_time_code.Challenge(),
)


@pytest.fixture
def home(home: Household) -> Household:
    home.challenges = {c.name: c for c in WAYS}
    home.change(challenges=home.challenges)
    return home


def code_of(secret: Secret | str, home: Household) -> str:
    letters = secret if isinstance(secret, str) else secret.reveal()
    key = b32decode(letters.replace(" ", ""))
    return TOTP(key, 6, SHA1(), 30).generate(home.clock.now().timestamp()).decode()


def done(home: Household, number: str = "1001") -> tuple[Verification, str]:
    _, pin = home.passed(number)
    return home.lifecycle.act(pin, PASSWORD), pin


def after(home: Household, number: str = "1001") -> tuple[Verification, str]:
    """Give a verification that is done and the session of its page of means."""
    verification, pin = done(home, number)
    return verification, home.lifecycle.enrol_after(pin).reveal()


def in_person(home: Household, number: str = "1001") -> tuple[Verification, str]:
    """Give a verification with an approved set-up, and the session of its page of means."""
    verification = home.open(number)
    asked = home.lifecycle.enrol_open(verification.id, AGENT, HOW)
    given = home.lifecycle.enrol_approve(asked.id, BOSS)
    return verification, home.lifecycle.enrol_begin(token_of(home, given), KEY).reveal()


def token_of(home: Household, enrolment: Enrolment) -> str:
    address = home.lifecycle.enrol_address(enrolment, AGENT).reveal()
    assert address.startswith("https://portal.acme.example/enrol#")
    return address.partition("#")[2]


def keep_app(home: Household, session: str) -> Authenticator:
    shown = home.lifecycle.enrol_ask(session, "totp").shown
    kept = home.lifecycle.enrol_keep(session, "totp", {"code": Secret(code_of(str(shown["secret"]), home))})
    return home.house.authenticators.of(owner_of(kept), "totp")[-1]


def keep_codes(home: Household, session: str) -> list[str]:
    codes: list[str] = home.lifecycle.enrol_ask(session, "saved_code").shown["codes"]
    home.lifecycle.enrol_keep(session, "saved_code", {"code": Secret(codes[0])})
    return codes


def test_after_a_verification_an_app_is_set_up_that_counts_later_and_proves_at_most_p2(home: Household) -> None:
    verification, session = after(home)
    app = keep_app(home, session)
    assert app.ceiling is ProofLevel.P2
    assert app.counts_from == home.clock.now() + home.limits.min_age
    assert home.kinds(verification)[-2:] == ["enrol_begun", "enrolled"]
    home.drain()
    assert "Authenticator app set up" in home.connector.notes[-1][2]


def test_sr_062_in_person_it_takes_two_people_and_counts_at_once_up_to_p3(home: Household) -> None:
    verification, session = in_person(home)
    app = keep_app(home, session)
    assert (app.ceiling, app.counts_from) == (ProofLevel.P3, home.clock.now())
    kinds = ["opened", "enrol_opened", "enrol_approved", "enrol_begun", "enrolled"]
    assert home.kinds(verification) == kinds
    home.drain()
    notes = "\n".join(note for _, _, note in home.connector.notes)
    assert HOW in notes
    assert "Bea Boss" in notes


def test_sr_062_who_asked_cannot_approve(home: Household) -> None:
    asked = home.lifecycle.enrol_open(home.open().id, AGENT, HOW)
    for actor in (AGENT, Actor("agent", "", "Nobody")):
        with pytest.raises(RefusedError, match="cannot approve"):
            home.lifecycle.enrol_approve(asked.id, actor)
    assert not home.lifecycle.enrol_address(asked, AGENT)


def test_nobody_but_the_agent_beside_the_person_sees_the_address(home: Household) -> None:
    asked = home.lifecycle.enrol_open(home.open().id, AGENT, HOW)
    given = home.lifecycle.enrol_approve(asked.id, BOSS)
    assert not home.lifecycle.enrol_address(given, BOSS)
    assert home.lifecycle.enrol_address(given, AGENT)
    assert "portal.acme" not in repr(home.lifecycle.enrol_address(given, AGENT))


def test_the_address_dies_after_15_minutes(home: Household) -> None:
    asked = home.lifecycle.enrol_open(home.open().id, AGENT, HOW)
    given = home.lifecycle.enrol_approve(asked.id, BOSS)
    token = token_of(home, given)
    home.clock.forward(minutes=15)
    assert not home.lifecycle.enrol_address(given, AGENT)
    with pytest.raises(NotFoundError, match="does not work"):
        home.lifecycle.enrol_begin(token, KEY)


def test_an_approval_that_nobody_gives_ends_after_an_hour(home: Household) -> None:
    verification = home.open()
    asked = home.lifecycle.enrol_open(verification.id, AGENT, HOW)
    with pytest.raises(RefusedError, match="waits for its approval already"):
        home.lifecycle.enrol_open(verification.id, AGENT, HOW)
    home.clock.forward(hours=1)
    with pytest.raises(RefusedError, match="any more"):
        home.lifecycle.enrol_approve(asked.id, BOSS)
    assert home.lifecycle.enrol_open(verification.id, AGENT, HOW).id != asked.id


def test_what_was_declined_cannot_be_approved(home: Household) -> None:
    verification = home.open()
    asked = home.lifecycle.enrol_open(verification.id, AGENT, HOW)
    home.lifecycle.enrol_decline(asked.id, BOSS)
    with pytest.raises(RefusedError, match="any more"):
        home.lifecycle.enrol_approve(asked.id, BOSS)
    with pytest.raises(RefusedError, match="any more"):
        home.lifecycle.enrol_decline("EN-nothing", BOSS)
    home.drain()
    assert "declined" in home.connector.notes[-1][2]


@pytest.mark.parametrize("reason", ["", "  ", "seen", "\n\t"])
def test_without_saying_how_nothing_is_asked_for(home: Household, reason: str) -> None:
    with pytest.raises(InvalidError, match="how you identified"):
        home.lifecycle.enrol_open(home.open().id, AGENT, reason)


def test_for_nobody_nothing_is_asked_for(home: Household) -> None:
    nobody = home.open(requester_id="p-nobody")
    with pytest.raises(RefusedError, match="Nothing can be set up"):
        home.lifecycle.enrol_open(nobody.id, AGENT, HOW)
    assert home.lifecycle.means_of(nobody) == ()


def test_without_anything_to_set_up_it_is_not_offered(home: Household) -> None:
    home.change(challenges={})
    verification, pin = done(home)
    assert not home.lifecycle.may_enrol(verification)
    with pytest.raises(NotFoundError, match="does not work"):
        home.lifecycle.enrol_after(pin)


def test_a_run_that_is_not_over_or_proved_too_little_opens_nothing(home: Household) -> None:
    passed, pin = home.passed()
    assert not home.lifecycle.may_enrol(passed)
    with pytest.raises(NotFoundError):
        home.lifecycle.enrol_after(pin)
    acted = home.lifecycle.act(pin, PASSWORD)
    assert home.lifecycle.may_enrol(acted)
    assert not home.lifecycle.may_enrol(replace(acted, proof_level=ProofLevel.P1))
    assert not home.lifecycle.may_enrol(replace(acted, state=State.DISPUTED))


def test_the_page_after_a_verification_is_opened_once_and_lives_15_minutes(home: Household) -> None:
    _, pin = done(home)
    session = home.lifecycle.enrol_after(pin)
    home.clock.forward(minutes=14)
    assert home.lifecycle.enrol_after(pin) == session
    assert home.lifecycle.enrol_view(session.reveal()).kept == ()
    home.clock.forward(minutes=1)
    home.lifecycle.enrol_after(pin)
    with pytest.raises(NotFoundError, match="does not work"):
        home.lifecycle.enrol_view(session.reveal())


def test_a_link_is_taken_by_one_browser_and_a_double_click_is_one(home: Household) -> None:
    asked = home.lifecycle.enrol_open(home.open().id, AGENT, HOW)
    token = token_of(home, home.lifecycle.enrol_approve(asked.id, BOSS))
    session = home.lifecycle.enrol_begin(token, KEY)
    assert home.lifecycle.enrol_begin(token, KEY) == session
    with pytest.raises(NotFoundError, match="does not work"):
        home.lifecycle.enrol_begin(token, "00" * 32)
    assert token not in session.reveal()


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "é" * 43, "x" * 10_000])
def test_a_foreign_token_opens_nothing(home: Household, token: str) -> None:
    with pytest.raises(NotFoundError, match="does not work"):
        home.lifecycle.enrol_begin(token, KEY)
    with pytest.raises(NotFoundError, match="does not work"):
        home.lifecycle.enrol_view(token)


def test_sr_011_of_64_browsers_one_takes_the_link(home: Household) -> None:
    asked = home.lifecycle.enrol_open(home.open().id, AGENT, HOW)
    token = token_of(home, home.lifecycle.enrol_approve(asked.id, BOSS))
    number = count()
    ended = at_once(64, lambda _: home.lifecycle.enrol_begin(token, f"{next(number):064}"))
    assert ended["done"] == 1


def test_a_wrong_first_code_keeps_nothing(home: Household) -> None:
    verification, session = after(home)
    secret = home.lifecycle.enrol_ask(session, "totp").shown["secret"]
    wrong = f"{(int(code_of(str(secret), home)) + 1) % 10**6:06}"
    with pytest.raises(InvalidError, match="not the code"):
        home.lifecycle.enrol_keep(session, "totp", {"code": Secret(wrong)})
    assert home.lifecycle.means_of(verification) == ()
    assert home.lifecycle.enrol_ask(session, "totp").shown["secret"] == secret


def test_what_was_kept_is_not_shown_again(home: Household) -> None:
    _, session = after(home)
    first = home.lifecycle.enrol_ask(session, "totp").shown["secret"]
    keep_app(home, session)
    assert home.lifecycle.enrol_ask(session, "totp").shown["secret"] != first


def test_two_presses_at_once_keep_one(home: Household) -> None:
    verification, session = after(home)
    shown = home.lifecycle.enrol_ask(session, "totp").shown
    code = {"code": Secret(code_of(str(shown["secret"]), home))}
    ended = at_once(8, lambda _: home.lifecycle.enrol_keep(session, "totp", code))
    assert ended["done"] == 1
    assert len(home.lifecycle.means_of(verification)) == 1


def test_no_secret_of_a_set_up_is_in_the_database(home: Household) -> None:
    _, session = in_person(home)
    secret = str(home.lifecycle.enrol_ask(session, "totp").shown["secret"]).replace(" ", "")
    codes = keep_codes(home, session)
    keep_app(home, session)
    with home.opened.database.read() as connection:
        rows = [
            repr([*row])
            for table in ("enrolments", "authenticators", "events", "verifications", "errands")
            for row in connection.execute(text(f"select * from {table}"))
        ]
    for hidden in (secret, session, *codes, *(c.replace("-", "") for c in codes)):
        assert not any(hidden in row for row in rows)


def test_a_new_set_of_codes_voids_the_older_one(home: Household) -> None:
    verification, session = after(home)
    old = keep_codes(home, session)
    home.clock.forward(minutes=1)
    new = keep_codes(home, session)
    assert not {*old} & {*new}
    kept = home.lifecycle.means_of(verification)
    assert [(k.label, k.left) for k in kept] == [("Printed recovery codes", 10)]
    assert kept[0].since == home.clock.now()


def test_what_was_set_up_in_person_is_neither_replaced_nor_removed_from_a_mailbox(home: Household) -> None:
    verification, session = in_person(home)
    keep_codes(home, session)
    home.lifecycle.cancel(verification.id, AGENT, "done")
    home.clock.forward(hours=2)
    later, weak = after(home, "1002")
    keep_codes(home, weak)
    kept = home.lifecycle.means_of(later)
    assert [k.ceiling for k in kept] == [ProofLevel.P3, ProofLevel.P2]
    view = home.lifecycle.enrol_view(weak)
    assert [view.may_remove(k) for k in kept] == [False, True]
    assert [view.waits(k) for k in kept] == [False, True]
    with pytest.raises(RefusedError, match="in person"):
        home.lifecycle.enrol_remove(weak, kept[0].id)
    home.lifecycle.enrol_remove(weak, kept[1].id)
    assert home.lifecycle.means_of(later) == kept[:1]
    with pytest.raises(NotFoundError, match="not there"):
        home.lifecycle.enrol_remove(weak, kept[1].id)


def test_an_approver_removes_what_was_lost(home: Household) -> None:
    verification, session = in_person(home)
    app = keep_app(home, session)
    home.lifecycle.means_remove(verification.id, app.id, BOSS)
    assert home.lifecycle.means_of(verification) == ()
    home.drain()
    assert "Authenticator app removed" in home.connector.notes[-1][2]
    with pytest.raises(NotFoundError):
        home.lifecycle.means_remove(verification.id, app.id, BOSS)


def test_sr_47_an_objection_takes_back_what_was_set_up_after_that_verification_only(home: Household) -> None:
    _, session = in_person(home)
    keep_app(home, session)
    home.lifecycle.cancel(home.lifecycle.enrol_view(session).verification.id, AGENT, "done")
    home.clock.forward(hours=2)
    later, weak = after(home, "1002")
    keep_app(home, weak)
    keep_codes(home, weak)
    home.objected(later)
    assert [k.ceiling for k in home.lifecycle.means_of(later)] == [ProofLevel.P3]
    home.drain()
    assert "set up or added after it" in "".join(n[2] for n in home.connector.notes)


def test_sr_47_where_no_action_ran_what_was_set_up_is_taken_back_too(home: Household) -> None:
    verification, pin = home.passed(category_name="Identity check")
    keep_codes(home, home.lifecycle.enrol_after(pin).reveal())
    home.objected(verification)
    assert home.lifecycle.means_of(verification) == ()


def test_sr_47_after_an_objection_nothing_is_set_up(home: Household) -> None:
    verification, pin = done(home)
    disputed = home.objected(verification)
    assert not home.lifecycle.may_enrol(disputed)
    with pytest.raises(NotFoundError, match="does not work"):
        home.lifecycle.enrol_after(pin)
    home.clock.forward(hours=25)
    assert not home.lifecycle.may_enrol(disputed)


def test_sr_47_under_a_fence_of_another_ticket_nothing_is_set_up(home: Household) -> None:
    verification, session = after(home)
    home.objected(home.sent("1002"))
    assert not home.lifecycle.may_enrol(verification)
    with pytest.raises(NotFoundError, match="does not work"):
        keep_codes(home, session)


def test_sr_47_under_a_fence_the_desk_sets_nothing_up_and_the_link_is_not_used(home: Household) -> None:
    opened = home.open()
    asked = home.lifecycle.enrol_open(opened.id, AGENT, HOW)
    token = token_of(home, home.lifecycle.enrol_approve(asked.id, BOSS))
    other = home.open("1003")
    waits = home.lifecycle.enrol_open(other.id, AGENT, HOW)
    home.objected(home.sent("1002"))
    with pytest.raises(NotFoundError, match="does not work"):
        home.lifecycle.enrol_begin(token, KEY)
    assert home.kinds(opened)[-1] == "enrol_approved"
    with pytest.raises(RefusedError, match="this is not me"):
        home.lifecycle.enrol_approve(waits.id, BOSS)
    with pytest.raises(RefusedError, match="this is not me"):
        home.lifecycle.enrol_open(home.open("1004").id, AGENT, HOW)


def test_sr_47_on_a_disputed_run_nothing_is_set_up_even_when_its_fence_is_lifted(home: Household) -> None:
    verification = home.sent()
    asked = home.lifecycle.enrol_open(verification.id, AGENT, HOW)
    disputed = home.objected(verification)
    (fence,) = home.store.fences(disputed.directory, disputed.subject_id)
    for one in ("a-eve", "a-max"):
        home.lifecycle.lift(fence.id, Actor("agent", one, one))
    with pytest.raises(RefusedError, match="this is not me"):
        home.lifecycle.enrol_approve(asked.id, BOSS)
    home.clock.forward(hours=2)
    with pytest.raises(RefusedError, match="this is not me"):
        home.lifecycle.enrol_open(verification.id, AGENT, HOW)


def test_sr_62_who_sent_in_the_run_or_is_the_subject_cannot_approve(home: Household) -> None:
    two = Actor("agent", "a-two", "Two")
    home.opened.accounts.put_agent(Agent("AG-ANNA", "anna.berg", "Anna Berg", "x"))
    asked = home.lifecycle.enrol_open(home.sent().id, two, HOW)
    for actor in (AGENT, Actor("agent", "AG-ANNA", "Anna Berg")):
        with pytest.raises(RefusedError, match="cannot approve"):
            home.lifecycle.enrol_approve(asked.id, actor)
    assert home.lifecycle.enrol_approve(asked.id, BOSS).approver_id == BOSS.id


def test_more_than_five_of_a_kind_are_not_set_up(home: Household) -> None:
    _, session = after(home)
    for _ in range(5):
        keep_app(home, session)
        home.clock.forward(seconds=30)
    with pytest.raises(RefusedError, match="5 of these"):
        home.lifecycle.enrol_ask(session, "totp")


@pytest.mark.parametrize("kind", ["one_time_code", "nothing", ""])
def test_what_cannot_be_set_up_is_not_found(home: Household, kind: str) -> None:
    _, session = after(home)
    with pytest.raises(NotFoundError, match="cannot be set up"):
        home.lifecycle.enrol_ask(session, kind)


def test_a_passkey_is_set_up_and_not_a_second_time(home: Household) -> None:
    verification, session = after(home)
    key = SoftPasskey(origin="https://portal.acme.example", rp_id="portal.acme.example")

    def keep() -> None:
        options = home.lifecycle.enrol_ask(session, "passkey").shown["options"]
        home.lifecycle.enrol_keep(session, "passkey", {"passkey": Secret(key.created(options))})

    keep()
    with pytest.raises(ConflictError):
        keep()
    assert [k.label for k in home.lifecycle.means_of(verification)] == ["Passkey on one device"]


MOVES: dict[str, Callable[[Household, str], object]] = {
    "view": lambda home, session: home.lifecycle.enrol_view(session),
    "ask": lambda home, session: home.lifecycle.enrol_ask(session, "totp"),
    "keep": lambda home, session: home.lifecycle.enrol_keep(session, "totp", {}),
    "remove": lambda home, session: home.lifecycle.enrol_remove(session, "AU-1"),
}


@pytest.mark.parametrize("move", MOVES)
def test_after_15_minutes_the_page_is_over(home: Household, move: str) -> None:
    _, session = after(home)
    home.clock.forward(minutes=15)
    with pytest.raises(NotFoundError, match="does not work"):
        MOVES[move](home, session)


@pytest.mark.parametrize("move", MOVES)
def test_after_an_objection_the_page_is_over(home: Household, move: str) -> None:
    verification, session = after(home)
    current = home.lifecycle.get(verification.id)
    home.store.save(replace(current, state=State.DISPUTED), replace_event(home, current))
    with pytest.raises(NotFoundError, match="does not work"):
        MOVES[move](home, session)


def replace_event(home: Household, verification: Verification) -> Change:
    return Change(event=Event(verification.id, EventKind.FAILED, home.clock.now(), "system"))


def test_the_ages_are_those_of_the_settings(home: Household) -> None:
    _, session = after(home)
    assert home.lifecycle.enrol_view(session).waiting == home.limits.min_age // timedelta(days=1)
