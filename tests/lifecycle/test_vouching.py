"""Colleagues speak for a requester: who is asked, what their word comes to, and what ends it."""

from dataclasses import replace
from datetime import date, timedelta
from threading import Thread

import pytest

from deskward.challenges.vouch import Challenge
from deskward.core.accounts import Agent
from deskward.core.challenges import Asked, Asking
from deskward.core.destinations import Destination, Kind
from deskward.core.errors import ConflictError, InvalidError, NotFoundError, RefusedError, UnreachableError
from deskward.core.people import Person
from deskward.core.proof import ActionClass, Evidence, ProofLevel
from deskward.core.secret import Secret
from deskward.core.verification import State, Verification
from deskward.core.vouching import Doubt, Met
from deskward.lifecycle import Actor
from deskward.lifecycle.vouching import VouchView
from tests.fakes import ANNA, BEN, FakeChallenge
from tests.household import AGENT, CATEGORIES, Household

PASSKEY = FakeChallenge("passkey", Evidence.PASSKEY, ease=0)
RIGHT = {"value": Secret("right")}
MET, UNKNOWING, NOT_THEM = Met.IN_PERSON.value, Doubt.UNKNOWING.value, Doubt.NOT_THEM.value


def colleague(name: str, **changes: object) -> Person:
    low = name.lower()
    mail = Destination(f"d-{low}", Kind.EMAIL, f"{low}@acme.example", "work e-mail", "HR", same_login=True)
    made = Person(f"o-{low}", f"{low}.x", f"{name} Xu", mail.value, (mail,), groups=("Sales",), stamp="s0")
    return replace(made, **changes)  # type: ignore[arg-type]


CARA, DAN, EVE = colleague("Cara"), colleague("Dan"), colleague("Eve")


@pytest.fixture
def team(home: Household) -> Household:
    home.challenges = {"vouch": Challenge(), "passkey": PASSKEY}
    home.restart()
    home.directory.people |= {p.id: p for p in (CARA, DAN, EVE)}
    home.directory.people[ANNA.id] = replace(ANNA, aal=2)
    for person in (BEN, CARA, DAN, EVE):
        home.enrol("passkey", subject=person.id)
    return home


def asked(team: Household, number: str = "1001") -> tuple[Verification, str]:
    """Go on to a run in which colleagues are asked."""
    started, pin = team.passed(number)
    assert started.state is State.STARTED
    return team.lifecycle.ask(pin, started.version, "vouch", "colleagues"), pin


def tokens(team: Household) -> dict[str, str]:
    """Give the token of each colleague's message, by address."""
    team.drain()
    letters = [m for m in team.mail.sent if "/vouch#" in m.text]
    return {m.to: m.text.split("/vouch#")[1].split()[0] for m in letters}


def sign(team: Household, person: Person, **changes: str) -> None:
    view = team.lifecycle.vouch_open(tokens(team)[reach(person)])
    team.lifecycle.vouch_sign(view, changes.get("met", MET), {"value": Secret(changes.get("value", "right"))})


def reach(person: Person) -> str:
    return person.destinations[0].value


def offered(team: Household, pin: str) -> list[str]:
    return [o.challenge for o in team.reading.portal(team.lifecycle.pinned(pin)).offers]


def go_on(team: Household, pin: str) -> Verification:
    return team.lifecycle.prove(pin, team.lifecycle.pinned(pin).version, {})


def test_sr_29_two_of_three_lift_the_proof_to_p3_and_all_of_it_is_noted(team: Household) -> None:
    waiting, pin = asked(team)
    assert sorted(tokens(team)) == sorted(reach(p) for p in (BEN, CARA, DAN))
    sign(team, BEN)
    with pytest.raises(InvalidError, match="1 of the 2"):
        go_on(team, pin)
    assert team.lifecycle.get(waiting.id).wrong_total == 0
    sign(team, DAN)
    view = team.reading.portal(team.lifecycle.pinned(pin))
    assert view.asked is not None
    assert view.asked.shown["confirmed"] == 2
    passed = go_on(team, pin)
    assert (passed.state, passed.proof_level) == (State.PASSED, ProofLevel.P3)
    proof = passed.proofs[-1]
    assert (proof.method, proof.evidence, proof.established) == ("vouch", Evidence.CONTACT, True)
    assert proof.root == team.house.kept_root("vouch:o-ben,o-dan")
    assert team.kinds(passed) == ["opened", "sent", "started", "agreed", "asked", "vouched", "vouched", "passed"]
    team.drain()
    notes = [text for _, _, text in team.connector.notes if "vouched for" in text]
    assert "Vouched by: Ben Vogel" in notes[0]
    assert "How they reached the requester: In person" in notes[0]
    assert "2 of 2 people vouched" in notes[1]


def test_a_proof_is_as_old_as_the_oldest_signature(team: Household) -> None:
    _, pin = asked(team)
    sign(team, BEN)
    then = team.clock.now()
    team.clock.forward(minutes=8)
    sign(team, CARA)
    assert go_on(team, pin).proofs[-1].at == then


def test_sr_31_people_have_an_hour_while_the_link_has_its_quarter(team: Household) -> None:
    waiting, pin = asked(team)
    assert waiting.deadline == team.clock.now() + timedelta(minutes=60)
    sign(team, BEN)
    team.clock.forward(minutes=40)
    assert team.lifecycle.expire() == 0
    again = team.send(team.lifecycle.get(waiting.id))
    assert [p.method for p in again.proofs] == []
    sign(team, CARA)
    started, pin = team.enter(team.token(again), team.code(again))
    agreed = team.lifecycle.answer(pin, started.version)
    assert agreed.asked["challenge"] == "vouch"
    assert go_on(team, pin).state is State.PASSED


def test_after_an_hour_nobody_is_waited_for(team: Household) -> None:
    waiting, _ = asked(team)
    letters = tokens(team)
    team.clock.forward(minutes=60)
    with pytest.raises(NotFoundError):
        team.lifecycle.vouch_open(letters[reach(BEN)])
    assert team.lifecycle.expire() == 1
    assert team.lifecycle.get(waiting.id).state is State.TIMED_OUT


def test_a_link_to_another_address_loses_what_colleagues_said(team: Household) -> None:
    waiting, _ = asked(team)
    letters = tokens(team)
    team.clock.forward(minutes=2)
    assert team.send(waiting, choice="d-phone").asked == {}
    with pytest.raises(NotFoundError):
        team.lifecycle.vouch_open(letters[reach(BEN)])


def test_the_first_screen_after_a_new_link_asks_for_what_binds_it(team: Household) -> None:
    waiting, _ = asked(team)
    team.clock.forward(minutes=2)
    team.enrol("passkey")
    sent = team.send(waiting, on_phone=False, second="passkey")
    view = team.reading.portal(sent)
    assert view.challenge is not None
    assert view.challenge.name == "passkey"


def test_sr_29_an_agents_own_person_signs_by_their_login_at_the_desk_only(team: Household) -> None:
    team.opened.accounts.put_agent(Agent("a-ben", "Ben.Vogel", "Ben Vogel"))
    waiting, _ = asked(team)
    vouch = next(v for v in team.store.vouches.of(waiting.id) if v.voucher_id == BEN.id)
    with pytest.raises(RefusedError, match="Somebody else"):
        team.lifecycle.vouch_at_desk(vouch.id, AGENT)
    view = team.lifecycle.vouch_at_desk(vouch.id, Actor("agent", "a-ben", "Ben Vogel"))
    signed = team.lifecycle.vouch_sign(view, MET)
    assert signed.signed_by == "desk login"
    assert team.lifecycle.vouch_sign(view, MET) == signed


def test_sr_29_the_agent_of_the_ticket_is_not_asked_and_cannot_sign_later(team: Household) -> None:
    waiting, pin = asked(team)
    sign(team, BEN)
    team.opened.accounts.put_agent(Agent(AGENT.id, DAN.login.upper(), "Kim Agent"))
    with pytest.raises(RefusedError, match="sent or approved"):
        sign(team, DAN)
    team.opened.accounts.put_agent(Agent(AGENT.id, BEN.login, "Kim Agent"))
    sign(team, DAN)
    with pytest.raises(InvalidError, match="1 of the 2"):
        go_on(team, pin)
    free = team.lifecycle.other_way(pin, team.lifecycle.pinned(pin).version)
    called = team.lifecycle.ask(pin, free.version, "vouch", "colleagues")
    assert called.asked["kept"]["people"] == [CARA.id, DAN.id, EVE.id]
    assert waiting.asked["kept"]["people"] == [BEN.id, CARA.id, DAN.id]


def test_sr_29_who_vouched_cannot_approve_it_too(team: Household) -> None:
    team.opened.accounts.put_agent(Agent("a-ben", BEN.login, "Ben Vogel"))
    c3 = replace(CATEGORIES[0], action_class=ActionClass.C3)
    team.change(policy=replace(team.house.policy, categories=(c3,)))
    _, pin = asked(team)
    for person in (BEN, CARA):
        sign(team, person)
    review = go_on(team, pin)
    assert review.state is State.REVIEW
    with pytest.raises(RefusedError, match="vouched for the requester"):
        team.lifecycle.approve(review.id, review.version, Actor("agent", "a-ben", "Ben Vogel"), "I know her.")
    approved = team.lifecycle.approve(review.id, review.version, Actor("agent", "a-sam", "Sam"), "Looks right.")
    assert approved.state is State.HELD


def test_sr_29_a_return_vouch_within_30_days_is_refused(team: Household) -> None:
    waiting, _ = asked(team)
    sign(team, BEN)
    team.lifecycle.cancel(waiting.id, AGENT, "Solved.")
    team.directory.people[BEN.id] = replace(BEN, aal=2, manager=ANNA.name, groups=("Sales",))
    team.enrol("passkey", subject=ANNA.id)
    sent = team.send(team.open("1002", requester_id="p-ben"), choice="d-ben")
    started, pin = team.enter(team.token(sent), team.code(sent))
    team.lifecycle.answer(pin, started.version)
    called = team.lifecycle.ask(pin, team.lifecycle.pinned(pin).version, "vouch", "colleagues")
    assert ANNA.id not in called.asked["kept"]["people"]


@pytest.mark.parametrize(
    "eve",
    [
        replace(EVE, started_on=date(2026, 5, 4)),
        replace(EVE, enabled=False),
        replace(EVE, destinations=()),
        replace(EVE, destinations=(replace(EVE.destinations[0], trusted=False),)),
        replace(EVE, destinations=(ANNA.destinations[1], *EVE.destinations)),
        replace(EVE, destinations=DAN.destinations),
    ],
)
def test_sr_29_who_may_not_is_not_asked(team: Household, eve: Person) -> None:
    team.directory.people[EVE.id] = eve
    del team.directory.people[BEN.id]
    waiting, _ = asked(team)
    assert waiting.asked["kept"]["people"] == [CARA.id, DAN.id]


def test_who_cannot_sign_is_not_asked_and_without_enough_nothing_is_offered(team: Household) -> None:
    team.challenges.pop("passkey")
    team.restart()
    assert "second factor" in team.open().refusal
    for name in (BEN, CARA):
        team.opened.accounts.put_agent(Agent(f"a-{name.id}", name.login, name.name))
    waiting, _ = asked(team, "1002")
    assert waiting.asked["kept"]["people"] == [BEN.id, CARA.id]


def test_sr_90_an_auditor_has_nothing_to_sign_with_at_the_desk(team: Household) -> None:
    team.challenges.pop("passkey")
    team.restart()
    for person in (BEN, CARA):
        team.opened.accounts.put_agent(Agent(f"a-{person.id}", person.login, person.name, roles=("auditor",)))
    assert "second factor" in team.open().refusal


def test_sr_87_who_is_deactivated_at_the_desk_has_nothing_to_sign_with_either(team: Household) -> None:
    team.challenges.pop("passkey")
    team.restart()
    for person in (BEN, CARA):
        team.opened.accounts.put_agent(Agent(f"a-{person.id}", person.login, person.name, active=False))
    assert "second factor" in team.open().refusal


def test_a_directory_that_is_down_offers_no_colleague(team: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(_: Person) -> list[Person]:
        raise UnreachableError("The directory is down.")

    monkeypatch.setattr(team.directory, "colleagues", down)
    assert "second factor" in team.open().refusal


def test_i_do_not_know_about_this_ends_the_way_and_is_noted(team: Household) -> None:
    waiting, pin = asked(team)
    letters = tokens(team)
    team.lifecycle.vouch_refuse(team.lifecycle.vouch_open(letters[reach(CARA)]), UNKNOWING)
    now = team.lifecycle.get(waiting.id)
    assert (now.state, now.tried) == (State.REVIEW, ("vouch",))
    assert [f["signal"] for f in now.signalled] == ["vouch"]
    with pytest.raises(NotFoundError):
        team.lifecycle.vouch_open(letters[reach(BEN)])
    assert team.lifecycle.vouch_open(letters[reach(CARA)]).answered
    team.drain()
    (note,) = (text for _, _, text in team.connector.notes if "did not vouch" in text)
    assert "Asked: Cara Xu" in note
    assert UNKNOWING in note
    assert pin


def test_where_another_way_is_left_a_refusal_leads_there(team: Household) -> None:
    team.enrol("passkey")
    waiting, pin = asked(team)
    view = team.lifecycle.vouch_open(tokens(team)[reach(CARA)])
    team.lifecycle.vouch_refuse(view, UNKNOWING)
    assert offered(team, pin) == ["passkey"]
    assert team.lifecycle.get(waiting.id).state is State.STARTED


def test_sr_29_it_is_not_their_request_stops_it(team: Household) -> None:
    waiting, _ = asked(team)
    view = team.lifecycle.vouch_open(tokens(team)[reach(BEN)])
    team.lifecycle.vouch_refuse(view, NOT_THEM)
    failed = team.lifecycle.get(waiting.id)
    assert failed.state is State.FAILED
    assert "did not make this request" in failed.reason


def test_a_no_stands_while_the_requester_is_away(team: Household) -> None:
    waiting, _ = asked(team)
    view = team.lifecycle.vouch_open(tokens(team)[reach(BEN)])
    team.clock.forward(minutes=2)
    team.send(waiting)
    team.lifecycle.vouch_refuse(view, UNKNOWING)
    now = team.lifecycle.get(waiting.id)
    assert (now.state, now.asked, now.tried) == (State.SENT, {}, ("vouch",))


@pytest.mark.parametrize(("met", "value", "text"), [("", "right", "how you reached"), (MET, "wrong", "passkey")])
def test_what_cannot_be_a_signature_changes_nothing(team: Household, met: str, value: str, text: str) -> None:
    waiting, _ = asked(team)
    with pytest.raises(InvalidError, match=text):
        sign(team, BEN, met=met, value=value)
    with pytest.raises(InvalidError, match="why you do not"):
        team.lifecycle.vouch_refuse(team.lifecycle.vouch_open(tokens(team)[reach(BEN)]), "")
    assert team.lifecycle.get(waiting.id) == waiting


def test_who_lost_their_passkey_is_told_what_to_do(team: Household) -> None:
    asked(team)
    token = tokens(team)[reach(BEN)]
    team.change(challenges={"vouch": Challenge()})
    view = team.lifecycle.vouch_open(token)
    assert (view.asked, view.at_desk) == (None, False)
    with pytest.raises(RefusedError, match="no passkey"):
        team.lifecycle.vouch_sign(view, MET, RIGHT)


def test_sr_75_every_other_token_gives_the_neutral_error(team: Household) -> None:
    waiting, pin = asked(team)
    letters = tokens(team)
    for typed in ("", "x" * 43, "ö", team.token(waiting)):
        with pytest.raises(NotFoundError, match="does not work"):
            team.lifecycle.vouch_open(typed)
    team.lifecycle.other_way(pin, team.lifecycle.pinned(pin).version)
    with pytest.raises(NotFoundError, match="does not work"):
        team.lifecycle.vouch_open(letters[reach(BEN)])
    del team.directory.people[BEN.id]
    with pytest.raises(NotFoundError, match="does not work"):
        team.lifecycle.vouch_open(letters[reach(BEN)])


def test_a_colleagues_link_does_not_speak_for_the_owner(team: Household) -> None:
    asked(team)
    with pytest.raises(NotFoundError, match="does not work"):
        team.lifecycle.disputable(tokens(team)[reach(BEN)])


def test_nobody_is_written_to_twice_in_a_run(team: Household) -> None:
    waiting, pin = asked(team)
    sign(team, BEN)
    free = team.lifecycle.other_way(pin, team.lifecycle.pinned(pin).version)
    again = team.lifecycle.ask(pin, free.version, "vouch", "colleagues")
    team.drain()
    assert len([m for m in team.mail.sent if "/vouch#" in m.text]) == 3
    assert set(again.asked["sent"]) == set(waiting.asked["sent"])
    sign(team, CARA)
    assert go_on(team, pin).state is State.PASSED


def test_nobody_is_written_to_for_a_run_that_is_over(team: Household) -> None:
    waiting, _ = asked(team)
    team.lifecycle.cancel(waiting.id, AGENT, "Solved.")
    assert tokens(team) == {}


def test_sr_11_two_who_sign_at_once_both_count_and_a_double_press_counts_once(team: Household) -> None:
    waiting, pin = asked(team)
    letters = tokens(team)
    views: list[VouchView] = [team.lifecycle.vouch_open(letters[reach(p)]) for p in (BEN, BEN, CARA, CARA)]
    threads = [Thread(target=team.lifecycle.vouch_sign, args=(v, MET, RIGHT)) for v in views]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert team.kinds(waiting).count("vouched") == 2
    assert go_on(team, pin).state is State.PASSED


def test_a_page_with_the_newest_word_can_be_pressed(team: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting, pin = asked(team)
    sign(team, BEN)
    vouch = team.challenges["vouch"]
    ask = vouch.ask

    def late(asking: Asking) -> Asked:
        """Somebody signs between the two readings of one page."""
        monkeypatch.setattr(vouch, "ask", ask)
        sign(team, CARA)
        return ask(replace(asking, vouches=tuple(team.store.vouches.of(waiting.id))))

    before = team.lifecycle.pinned(pin)
    monkeypatch.setattr(vouch, "ask", late)
    page = team.reading.portal(before)
    assert page.asked is not None
    assert page.asked.shown["confirmed"] == page.asked.shown["needed"]
    assert team.lifecycle.prove(pin, page.verification.version, {}).proofs[-1].method == "vouch"


def test_where_too_much_happens_at_once_nothing_is_half_done(
    team: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting, _ = asked(team)
    view = team.lifecycle.vouch_open(tokens(team)[reach(BEN)])

    def busy(*_: object) -> None:
        raise ConflictError("Somebody else was faster.")

    monkeypatch.setattr(team.house.store, "save", busy)
    with pytest.raises(ConflictError, match="Too much"):
        team.lifecycle.vouch_sign(view, MET, RIGHT)
    assert team.lifecycle.get(waiting.id) == waiting


def test_a_colleague_without_an_e_mail_gets_a_short_message(team: Household) -> None:
    phone = Destination("d-p", Kind.SMS, "+4915199999999", "private phone", "HR")
    team.directory.people[BEN.id] = replace(BEN, destinations=(phone,))
    asked(team)
    team.drain()
    (text,) = (m.text for m in team.sms.sent if "/vouch#" in m.text)
    assert "Anna Berg needs help" in text
    assert "/vouch#" in text


def test_who_left_between_the_offer_and_the_letter_is_left_out(
    team: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, pin = team.passed()
    read = team.directory.get
    monkeypatch.setattr(team.directory, "get", lambda i: None if i == DAN.id else read(i))
    waiting = team.lifecycle.ask(pin, started.version, "vouch", "colleagues")
    assert len(waiting.asked["sent"]) == 2
