"""Who is told what, at the start, at the end, and after failures."""

from dataclasses import replace

import pytest

from deskward.core.destinations import Destination, Kind
from deskward.core.errors import UnreachableError
from deskward.core.events import EventKind
from deskward.core.ports import Change, Delivery, ErrandKind, Message, Receipt
from deskward.core.verification import State, Verification
from tests.fakes import ANNA, FakeChannel
from tests.household import AGENT, PASSWORD, Household

MAIL, PHONE, WORK = "anna@private.example", "+4915112345678", "anna.berg@acme.example"
THREE = replace(ANNA, destinations=(*ANNA.destinations, Destination("d-work", Kind.EMAIL, WORK, "work", "HR")))
TYPED = {"choice": "typed", "kind": Kind.EMAIL, "typed": "new@p.example", "reason": "Lost the phone."}


@pytest.fixture
def three(home: Household) -> Household:
    """Give Anna three addresses."""
    home.directory.people["o-anna"] = THREE
    return home


def fail(home: Household, verification: Verification, times: int) -> Verification:
    token, wrong = home.token(verification), home.wrong(verification)
    for _ in range(times):
        verification, _ = home.enter(token, wrong)
    return verification


def walk(home: Household) -> tuple[Verification, Verification]:
    """Go from the ticket to the end, with all errands on the way."""
    sent = home.sent()
    home.drain()
    started, pin = home.enter(home.token(sent), home.code(sent))
    passed = home.lifecycle.answer(pin, started.version)
    done = home.lifecycle.act(pin, PASSWORD)
    home.drain()
    return passed, done


def test_sr_43_three_addresses_get_six_messages(three: Household) -> None:
    passed, _ = walk(three)
    to = [m.to for m in (*three.mail.sent, *three.sms.sent)]
    assert sorted(to) == sorted([MAIL, PHONE, WORK] * 2)
    assert three.told(passed, "notice-start") == sorted([PHONE, WORK])
    assert three.told(passed, "notice-done") == sorted([MAIL, PHONE, WORK])


def test_sr_43_one_channel_that_fails_stops_neither_the_others_nor_the_ticket(three: Household) -> None:
    class Down(FakeChannel):
        def send(self, message: Message, *, again: bool) -> Receipt:  # noqa: ARG002 - the port names them
            raise UnreachableError("The provider is down.")

    three.change(channels={"smtp": three.mail, "sms": Down("sms", Kind.SMS)})
    passed, done = walk(three)
    assert sorted(m.to for m in three.mail.sent) == sorted([MAIL, WORK] * 2)
    assert three.lifecycle.get(done.id).closed_status == "Closed"
    now = three.clock.now()
    waiting = [e for e in three.waiting(passed) if e.attempts and e.done_at is None]
    assert all(e.due_at > now for e in waiting)
    assert {e.kind for e in waiting} == {ErrandKind.SEND}
    assert all(e.lane.startswith("sms:MS-") for e in waiting)


def test_sr_43_who_was_told_is_not_told_again_and_new_addresses_are(three: Household) -> None:
    sent = three.sent()
    three.clock.forward(minutes=5)
    newer = replace(
        THREE, destinations=(*THREE.destinations, Destination("d-x", Kind.EMAIL, "x@p.example", "", ""))
    )
    three.directory.people["o-anna"] = newer
    again = three.send(sent, choice="d-phone")
    assert three.told(again, "notice-start") == sorted([PHONE, WORK, "x@p.example"])


def test_sr_43_a_verification_without_an_action_tells_nobody(three: Household) -> None:
    passed, _ = three.passed(category_name="Identity check")
    assert [s.purpose for s in three.store.sendings(passed.id)] == ["link"]


def test_sr_40_older_addresses_are_told_first(three: Household) -> None:
    sent = three.send(three.open(), **TYPED)
    assert [s.purpose for s in three.store.sendings(sent.id)] == ["notice-start"] * 3 + ["copy-start", "link"]
    rows = [e.about["sending"] for e in three.waiting(sent) if e.kind is ErrandKind.SEND]
    assert rows[-1] == sent.sending_id
    assert sorted(m.address for m in three.store.sendings(sent.id)[:3]) == sorted([MAIL, PHONE, WORK])


def test_sr_40_no_link_leaves_while_nobody_can_be_told(home: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, asked = home.open(), iter([ANNA])

    def once(_: str) -> object:
        person = next(asked, None)
        if person is None:
            raise UnreachableError("The directory is down.")
        return person

    monkeypatch.setattr(home.directory, "get", once)
    with pytest.raises(UnreachableError):
        home.send(opened)
    assert home.store.sendings(opened.id) == []


def test_sr_43_without_the_directory_those_who_were_told_before_are_told(three: Household) -> None:
    _, pin = three.passed()
    current = three.lifecycle.pinned(pin)
    acting = three.store.save(replace(current.moved(State.ACTING), acting_stamp="s0"), Change())
    three.directory.people["o-anna"] = replace(THREE, stamp="s9")
    spent = three.house.gateway.settle(acting)
    three.directory.down = UnreachableError("The directory is down.")
    done = three.lifecycle.done(acting, spent)
    assert three.told(done, "notice-done") == sorted([MAIL, PHONE, WORK])


def test_sr_43_without_the_account_those_who_were_told_before_are_told(three: Household) -> None:
    sent = three.sent()
    del three.directory.people["o-anna"]
    failed = fail(three, sent, 3)
    assert three.told(failed, "notice-failed") == sorted([MAIL, PHONE, WORK])


def test_an_address_without_a_channel_is_left_out(three: Household) -> None:
    three.change(channels={"smtp": three.mail})
    assert three.told(three.sent(), "notice-start") == [WORK]


def test_sr_52_three_failed_attempts_are_told_once(three: Household) -> None:
    sent = three.sent()
    fail(three, sent, 2)
    assert three.told(sent, "notice-failed") == []
    fail(three, sent, 3)
    assert three.told(sent, "notice-failed") == sorted([MAIL, PHONE, WORK])
    assert three.kinds(sent)[-1] == "failed"


def test_sr_52_a_failure_of_another_kind_is_told_too(three: Household) -> None:
    sent = three.send(three.open(), **TYPED)
    started, pin = three.enter(three.token(sent), three.code(sent))
    review = three.lifecycle.answer(pin, started.version)
    three.lifecycle.reject(review.id, AGENT, "Did not know the manager.")
    assert len(three.told(review, "notice-failed")) == 3


def test_sr_52_a_success_after_failures_is_told(three: Household) -> None:
    sent = fail(three, three.sent(), 3)
    _, pin = three.enter(three.token(sent), three.code(sent))
    decided = three.lifecycle.answer(pin, three.lifecycle.get(sent.id).version)
    assert bool(three.told(decided, "notice-passed")) == ("passed" in three.kinds(sent))
    three.drain()
    assert any("failed to prove to be you" in m.text for m in three.sms.sent)


def test_sr_44_a_notice_that_is_refused_is_no_note_and_shown_at_the_desk(three: Household) -> None:
    sent = three.sent()
    told = next(s for s in three.store.sendings(sent.id) if s.purpose == "notice-start")
    three.lifecycle.reported(told.id, Receipt(Delivery.REFUSED, text="550 no such mailbox"))
    assert "undelivered" not in three.kinds(sent)
    assert three.reading.desk(sent.id).sendings[0].delivery is Delivery.REFUSED


def test_sr_44_notices_go_out_although_the_agent_cancels(three: Household) -> None:
    sent = three.sent()
    three.lifecycle.cancel(sent.id, AGENT, "Never mind.")
    three.drain()
    assert sorted(m.to for m in (*three.mail.sent, *three.sms.sent)) == sorted([PHONE, WORK])


def test_a_notice_that_nobody_could_send_for_days_is_dropped(three: Household) -> None:
    three.sent()
    three.clock.forward(hours=73)
    three.drain()
    assert three.mail.sent == three.sms.sent == []


def test_sr_45_a_notice_names_what_when_where_and_who(three: Household) -> None:
    sent = three.sent()
    three.drain()
    (mail,) = (m for m in three.mail.sent if m.to == WORK)
    for words in ("Reset the password", "04 May 2026, 09:30 UTC", "IR-1001", "Kim Agent", "/not-me#", "call"):
        assert words in mail.text
        assert words.replace("call", "Or call") in mail.html
    for secret in (three.token(sent), three.code(sent), "/v#"):
        assert secret not in mail.text + mail.html + three.sms.sent[0].text


def test_sr_46_a_message_to_somebody_else_or_with_a_token_of_its_own_is_left_alone(home: Household) -> None:
    sent = home.sent()
    link = home.asked(sent)[0]
    own = replace(link, id="MS-own", purpose="proof", token_digest="own", form_key="a")
    other = replace(link, id="MS-other", purpose="vouch", token_digest="", form_key="b")
    change = Change(sendings=(own, other))
    assert home.house.notices.beside(sent, EventKind.CODE_RENEWED, change).sendings == (own, other)
