"""New addresses: a code goes there, its owner types it, and then the age counts."""

import re
from dataclasses import replace

import pytest

from deskward.core.destinations import OWN, Kind, Provenance
from deskward.core.errors import ConflictError, InvalidError, LimitError, NotFoundError, RefusedError
from deskward.core.policy import Limits
from deskward.core.ports import Change
from deskward.core.proof import ProofLevel
from deskward.core.tickets import Check
from deskward.core.verification import Verification
from deskward.lifecycle.campaign import campaign, readiness
from deskward.lifecycle.importing import import_directory
from deskward.lifecycle.vault import known
from tests.fakes import ANNA, BEN
from tests.household import PASSWORD, Household
from tests.many import at_once

NEW = "anna.b@boat.example"


def done(home: Household) -> tuple[Verification, str]:
    _, pin = home.passed()
    return home.lifecycle.act(pin, PASSWORD), pin


def asked(home: Household, kind: Kind = Kind.EMAIL, typed: str = NEW) -> tuple[Verification, str]:
    verification, pin = done(home)
    verification = home.lifecycle.add_address(pin, verification.version, kind, typed)
    home.drain()
    return verification, pin


def code_in(text: str) -> str:
    found = re.search(r"(\d{3} \d{3})", text)
    assert found
    return found[1]


def wrong(code: str) -> str:
    return f"{(int(code.replace(' ', '')) + 1) % 10**6:06}"


def token(home: Household, verification: Verification) -> str:
    waiting = home.lifecycle.waiting(verification)
    assert waiting
    return waiting.token.reveal()


def test_sr_34_a_new_address_is_confirmed_by_its_code_and_counts_two_weeks_later(home: Household) -> None:
    verification, _ = asked(home)
    message = home.mail.sent[-1]
    assert message.to == NEW
    assert f"/confirm#{token(home, verification)}" in message.text
    assert len(known(home.house, "roster", ANNA).destinations) == 2
    home.lifecycle.confirm(token(home, verification), code_in(message.text))
    own = known(home.house, "roster", ANNA).destinations[2]
    assert (own.value, own.source, own.confirmed_at) == (NEW, OWN, home.clock.now())
    home.drain()
    assert "New address confirmed by the requester" in home.connector.notes[-1][2]
    assert NEW not in str(home.connector.notes)
    home.clock.forward(days=14)
    choices = home.reading.desk(home.open("1002").id).choices
    assert choices[2].provenance is Provenance.ESTABLISHED
    assert choices[2].reason == "confirmed by the requester, confirmed 4 May 2026"


def test_sr_40_the_older_addresses_get_a_notice(home: Household) -> None:
    verification, _ = asked(home)
    home.lifecycle.confirm(token(home, verification), code_in(home.mail.sent[-1].text))
    notices = [s for s in home.store.sendings(verification.id) if s.purpose == "notice-address"]
    assert [s.address for s in notices] == [d.value for d in ANNA.destinations]


def test_sr_34_the_code_by_sms_lives_ten_minutes(home: Household) -> None:
    verification, _ = asked(home, Kind.SMS, "+49 1519 9999999")
    code, link = code_in(home.sms.sent[-1].text), token(home, verification)
    home.clock.forward(minutes=10)
    assert home.lifecycle.waiting(verification) is None
    with pytest.raises(NotFoundError):
        home.lifecycle.confirm(link, code)


def test_sr_34_the_code_by_mail_lives_a_day(home: Household) -> None:
    verification, _ = asked(home)
    code, link = code_in(home.mail.sent[-1].text), token(home, verification)
    home.clock.forward(hours=23, minutes=59)
    assert home.lifecycle.confirming(link)
    home.clock.forward(minutes=1)
    with pytest.raises(NotFoundError):
        home.lifecycle.confirm(link, code)


def test_sr_34_a_code_works_once_and_five_tries_end_it(home: Household) -> None:
    verification, _ = asked(home)
    code, link = code_in(home.mail.sent[-1].text), token(home, verification)
    with pytest.raises(InvalidError, match="6 digits"):
        home.lifecycle.confirm(link, "12")
    for _ in range(5):
        with pytest.raises(InvalidError, match="not right"):
            home.lifecycle.confirm(link, wrong(code))
    with pytest.raises(NotFoundError):
        home.lifecycle.confirm(link, code)
    assert len(known(home.house, "roster", ANNA).destinations) == 2


def test_sr_34_many_at_once_confirm_once(home: Household) -> None:
    verification, _ = asked(home)
    code, link = code_in(home.mail.sent[-1].text), token(home, verification)
    seen = at_once(16, lambda _: home.lifecycle.confirm(link, code))
    assert seen["done"] == 1
    assert home.kinds(verification).count("address_confirmed") == 1
    with pytest.raises(NotFoundError):
        home.lifecycle.confirm(link, code)


def test_a_change_beside_it_does_not_lose_the_code(home: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    verification, _ = asked(home)
    code, link = code_in(home.mail.sent[-1].text), token(home, verification)
    save, losing = home.store.save, [ConflictError("Somebody was faster.")]

    def once(changed: Verification, change: Change) -> Verification:
        if losing:
            raise losing.pop()
        return save(changed, change)

    monkeypatch.setattr(home.store, "save", once)
    assert home.lifecycle.confirm(link, code).confirmed_at
    assert len(known(home.house, "roster", ANNA).destinations) == 3


@pytest.mark.parametrize(
    "broken", ["", "x", "a.b.c.d", "AD-1.99999999999.x.y", "AD-1.999999999999.x.y", "ä.1.b.c"]
)
def test_a_token_that_is_not_ours_is_nobodys(home: Household, broken: str) -> None:
    with pytest.raises(NotFoundError):
        home.lifecycle.confirming(broken)


@pytest.mark.parametrize(
    ("kind", "typed", "words"),
    [
        (Kind.EMAIL, " ", "Type an address"),
        (None, "x", "Type an address"),
        (Kind.EMAIL, "nonsense", "not an address"),
        (Kind.EMAIL, "ANNA@private.example", "on file already"),
        (Kind.EMAIL, "who@acme.example", "organisation's own"),
    ],
)
def test_what_cannot_be_added_is_told(home: Household, kind: Kind | None, typed: str, words: str) -> None:
    verification, pin = done(home)
    with pytest.raises(InvalidError, match=words) as caught:
        home.lifecycle.add_address(pin, verification.version, kind, typed)
    assert caught.value.field == "typed"


def test_a_page_that_is_old_adds_nothing(home: Household) -> None:
    verification, pin = done(home)
    assert home.lifecycle.add_address(pin, 1, Kind.EMAIL, NEW) == verification
    assert home.lifecycle.waiting(verification) is None


def test_codes_are_sent_three_times_only(home: Household) -> None:
    verification, pin = done(home)
    for n in range(3):
        verification = home.lifecycle.add_address(pin, verification.version, Kind.EMAIL, f"{n}{NEW}")
    with pytest.raises(LimitError):
        home.lifecycle.add_address(pin, verification.version, Kind.EMAIL, NEW)


def test_numbers_of_a_country_that_is_not_allowed_cannot_be_added(home: Household) -> None:
    verification, pin = done(home)
    home.change(policy=replace(home.house.policy, limits=Limits(countries=("FR",))))
    with pytest.raises(InvalidError, match="SMS to DE"):
        home.lifecycle.add_address(pin, verification.version, Kind.SMS, "+4915199999999")


def test_sr_37_nothing_is_added_before_a_pass_or_after_a_weak_one(home: Household) -> None:
    started, pin = home.started()
    with pytest.raises(RefusedError, match="passed verification only"):
        home.lifecycle.add_address(pin, started.version, Kind.EMAIL, NEW)
    ended = home.lifecycle.act(pin, PASSWORD) if home.lifecycle.answer(pin, started.version) else started
    assert home.lifecycle.may_add(ended)
    assert not home.lifecycle.may_add(replace(ended, proof_level=ProofLevel.P1))
    assert not home.lifecycle.may_add(replace(ended, exception=True))


def test_a_confirmed_or_late_question_is_not_sent(home: Household) -> None:
    verification, _ = asked(home)
    (errand,) = [e for e in home.waiting(verification) if e.kind.value == "confirm"]
    home.lifecycle.confirm(token(home, verification), code_in(home.mail.sent[-1].text))
    assert home.lifecycle.confirmation(errand.about) is None
    home.errands._confirm(errand)
    assert home.lifecycle.confirmation({**errand.about, "address": "AD-none"}) is None


def test_without_the_person_the_code_still_counts_and_those_told_before_are_told(home: Household) -> None:
    verification, _ = asked(home)
    del home.directory.people["o-anna"]
    home.lifecycle.confirm(token(home, verification), code_in(home.mail.sent[-1].text))
    told = [s for s in home.store.sendings(verification.id) if s.purpose == "notice-address"]
    assert sorted(s.channel for s in told) == ["sms", "smtp"]


def test_notices_go_where_there_is_a_channel(home: Household) -> None:
    verification, _ = asked(home)
    home.change(channels={"smtp": home.mail})
    home.lifecycle.confirm(token(home, verification), code_in(home.mail.sent[-1].text))
    notices = [s for s in home.store.sendings(verification.id) if s.purpose == "notice-address"]
    assert [s.channel for s in notices] == ["smtp"]


def undeclared(home: Household) -> None:
    home.directory.people = {
        p.id: replace(p, destinations=tuple(replace(d, declared=False) for d in p.destinations))
        for p in (ANNA, BEN)
    }
    import_directory(home.house, "roster")
    home.clock.forward(days=20)


def test_sr_34_a_campaign_asks_those_without_an_established_address_once_a_day(home: Household) -> None:
    undeclared(home)
    listed = list(campaign(home.house, "roster", send=False))
    assert [(a.login, a.masked) for a in listed] == [
        ("anna.berg", "a•••@p•••.example"),
        ("ben.vogel", "b•••@h•••.example"),
    ]
    home.drain()
    assert not home.mail.sent
    for _ in range(2):
        assert list(campaign(home.house, "roster", send=True)) == listed
        home.drain()
    assert [m.to for m in home.mail.sent] == ["anna@private.example", "ben@home.example"]
    text = home.mail.sent[0].text
    link = text.split("/confirm#")[1].split()[0]
    before = home.reading.desk(home.open().id).choices[0]
    assert "never confirmed by the requester" in before.reason
    home.lifecycle.confirm(link, code_in(text))
    with pytest.raises(NotFoundError):
        home.lifecycle.confirm(link, code_in(text))
    assert home.reading.desk(home.open("1002").id).choices[0].provenance is Provenance.ESTABLISHED
    assert [a.login for a in campaign(home.house, "roster", send=False)] == ["ben.vogel"]


def test_a_campaign_confirms_once_however_many_press(home: Household) -> None:
    undeclared(home)
    assert list(campaign(home.house, "roster", send=True))
    home.drain()
    text = home.mail.sent[0].text
    link, code = text.split("/confirm#")[1].split()[0], code_in(text)
    assert at_once(16, lambda _: home.lifecycle.confirm(link, code))["done"] == 1


def test_a_campaign_asks_nobody_whose_address_is_gone_by_then(home: Household) -> None:
    undeclared(home)
    assert list(campaign(home.house, "roster", send=True))
    home.directory.people = {"o-ben": replace(BEN, destinations=())}
    home.drain()
    assert not home.mail.sent
    home.change(channels={"sms": home.sms})
    assert not list(campaign(home.house, "roster", send=True))


def test_the_doctor_counts_who_could_pass_today_and_names_the_campaign(home: Household) -> None:
    checks = {check.name: check for check in readiness(home.house, "roster")}
    text = "One established address: 2 of 2 (100 %); two or more: 1 of 2 (50 %)."
    assert checks["addresses"] == Check("addresses", True, text, checks["addresses"].hint)
    assert "2 of 2 (100 %)" in checks["class C2"].text
    crowd = {f"o-{n}": replace(BEN, id=f"o-{n}", login=f"l{n}", destinations=()) for n in range(7)}
    home.directory.people = crowd
    checks = {check.name: check for check in readiness(home.house, "roster")}
    assert not checks["addresses"].well
    assert "Without: l0, l1, l2, l3, l4 and 2 more." in checks["addresses"].text
    assert "deskward confirm --dry-run" in checks["addresses"].text
    assert "0 of 7 (0 %)" in checks["class C1"].text
    home.directory.people = {"o-anna": replace(ANNA, destinations=(replace(ANNA.destinations[0], trusted=False),))}
    checks = {check.name: check for check in readiness(home.house, "roster")}
    assert "1 of 1 (100 %)" in checks["class C1"].text
    assert "0 of 1 (0 %)" in checks["class C2"].text


def test_an_own_address_says_since_when_it_is_confirmed(home: Household) -> None:
    verification, _ = asked(home)
    home.lifecycle.confirm(token(home, verification), code_in(home.mail.sent[-1].text))
    home.clock.forward(days=13)
    reason = home.reading.desk(home.open("1002").id).choices[2].reason
    assert reason == "confirmed by the requester, confirmed 13 days ago, not yet established"


def test_sr_47_after_an_objection_nothing_is_added(home: Household) -> None:
    verification, pin = done(home)
    after = home.objected(verification)
    assert not home.lifecycle.may_add(after)
    with pytest.raises(RefusedError, match="passed verification only"):
        home.lifecycle.add_address(pin, after.version, Kind.EMAIL, NEW)


def test_sr_47_under_a_fence_of_another_ticket_nothing_is_added_or_confirmed(home: Household) -> None:
    verification, pin = asked(home)
    code, link = code_in(home.mail.sent[-1].text), token(home, verification)
    home.objected(home.sent("1002"))
    with pytest.raises(RefusedError, match="this is not me"):
        home.lifecycle.add_address(pin, home.lifecycle.get(verification.id).version, Kind.EMAIL, f"2{NEW}")
    with pytest.raises(RefusedError, match="this is not me"):
        home.lifecycle.confirm(link, code)
    assert len(known(home.house, "roster", ANNA).destinations) == 2


def test_sr_47_an_objection_takes_back_the_addresses_of_its_run_only(home: Household) -> None:
    first, _ = asked(home)
    home.lifecycle.confirm(token(home, first), code_in(home.mail.sent[-1].text))
    home.clock.forward(hours=25)
    _, pin = home.passed("1002")
    second = home.lifecycle.act(pin, PASSWORD)
    second = home.lifecycle.add_address(pin, second.version, Kind.EMAIL, f"2{NEW}")
    home.drain()
    home.lifecycle.confirm(token(home, second), code_in(home.mail.sent[-1].text))
    second = home.lifecycle.add_address(pin, home.lifecycle.get(second.id).version, Kind.EMAIL, f"3{NEW}")
    home.drain()
    code, link = code_in(home.mail.sent[-1].text), token(home, second)
    home.objected(second)
    own = [d.value for d in known(home.house, "roster", ANNA).destinations if d.source == OWN]
    assert own == [NEW]
    with pytest.raises(NotFoundError):
        home.lifecycle.confirm(link, code)
    home.drain()
    assert "added after it" in "".join(n[2] for n in home.connector.notes)


def test_sr_47_where_no_action_ran_the_addresses_are_taken_back_too(home: Household) -> None:
    _, pin = home.passed(category_name="Identity check")
    verification = home.lifecycle.add_address(pin, home.lifecycle.pinned(pin).version, Kind.EMAIL, NEW)
    home.drain()
    home.lifecycle.confirm(token(home, verification), code_in(home.mail.sent[-1].text))
    home.objected(verification)
    assert len(known(home.house, "roster", ANNA).destinations) == 2


def test_sr_47_a_campaign_confirms_nothing_under_a_fence(home: Household) -> None:
    undeclared(home)
    assert list(campaign(home.house, "roster", send=True))
    home.drain()
    text = next(m.text for m in home.mail.sent if m.to == "anna@private.example")
    kind = {"choice": "typed", "kind": Kind.EMAIL, "typed": "new@p.example", "reason": "Lost the phone."}
    home.objected(home.send(home.open(), **kind))
    with pytest.raises(RefusedError, match="this is not me"):
        home.lifecycle.confirm(text.split("/confirm#")[1].split()[0], code_in(text))
