"""“Send”: which address, which code, how often."""

from dataclasses import replace

import pytest

from deskward.core.destinations import Destination, Kind, Provenance
from deskward.core.errors import ConflictError, InvalidError, LimitError, NotFoundError, RefusedError
from deskward.core.policy import Limits
from deskward.core.ports import Count, Delivery, Receipt
from deskward.core.verification import State
from tests.fakes import ANNA
from tests.household import AGENT, CATEGORIES, Household
from tests.many import at_once

TYPED = {"choice": "typed", "kind": Kind.EMAIL, "reason": "New provider."}


def test_a_known_address_is_established_and_the_note_says_where_to(home: Household) -> None:
    sent = home.sent()
    (sending,) = home.asked(sent)
    assert (sending.provenance, sending.masked) == (Provenance.ESTABLISHED, "a•••@p•••.example")
    home.drain()
    assert "Initiated by: Kim Agent" in home.connector.notes[1][2]
    assert home.token(sent) in home.mail.sent[0].text


def test_sr_36_a_typed_address_on_file_counts_as_that_one(home: Household) -> None:
    sent = home.send(home.open(), **TYPED, typed="ANNA@private.example")
    assert home.asked(sent)[0].provenance is Provenance.ESTABLISHED


def test_sr_37_another_typed_address_is_caller_supplied_and_needs_a_reason(home: Household) -> None:
    opened = home.open()
    with pytest.raises(InvalidError, match="needs a reason"):
        home.send(opened, **(TYPED | {"reason": " \u200b"}), typed="new@private.example")
    sent = home.send(opened, **TYPED, typed="new@private.example")
    assert home.asked(sent)[0].provenance is Provenance.CALLER_SUPPLIED
    assert home.store.events(sent.id)[-1].fields["address_reason"] == "New provider."


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"choice": "nonsense"}, "choice"),
        ({"choice": "typed", "kind": None, "typed": "a@b.example"}, "typed"),
        ({"choice": "typed", "kind": Kind.EMAIL, "typed": "  "}, "typed"),
        ({"choice": "typed", "kind": Kind.EMAIL, "typed": "nonsense"}, "typed"),
        ({"on_phone": False, "second": ""}, "second"),
        ({"on_phone": False, "second": "d-mail"}, "second"),
        ({"on_phone": False, "second": "d-phone", **TYPED, "typed": "new@b.example"}, "second"),
    ],
)
def test_what_was_typed_or_not_chosen_is_told_by_field(
    home: Household, changes: dict[str, object], field: str
) -> None:
    opened = home.open()
    with pytest.raises(InvalidError) as caught:
        home.send(opened, **changes)
    assert caught.value.field == field
    assert home.lifecycle.get(opened.id) == opened


def test_without_an_address_for_the_code_the_words_say_so(home: Household) -> None:
    with pytest.raises(InvalidError, match="the code needs an address of its own"):
        home.send(home.open(), on_phone=False, second="")


def test_without_a_channel_of_the_kind_nothing_is_sent(home: Household) -> None:
    opened = home.open()
    home.change(channels={"smtp": home.mail})
    with pytest.raises(RefusedError, match="No channel for sms"):
        home.send(opened, choice="d-phone")
    with pytest.raises(InvalidError, match="No channel for sms"):
        home.send(opened, choice="typed", kind=Kind.SMS, typed="+491511234567")


def test_without_a_live_call_link_and_code_go_to_two_roots(home: Household) -> None:
    sent = home.send(home.open(), on_phone=False, second="d-phone")
    home.drain()
    code = home.code(sent)
    assert f"{code[:3]} {code[3:]}" in home.sms.sent[-1].text
    assert "Code sent to: +4" in home.connector.notes[1][2]
    with pytest.raises(RefusedError, match="no call code"):
        home.lifecycle.renew_code(sent.id, sent.version, AGENT)


def test_sr_137_a_double_click_sends_once(home: Household) -> None:
    opened = home.open()
    first = home.send(opened, form_key="same")
    assert home.send(first, form_key="same", seen_version=opened.version) == first
    assert len(home.asked(opened)) == 1


def test_sr_137_parallel_clicks_send_once(home: Household) -> None:
    opened = home.open()
    seen = at_once(8, lambda _: home.send(opened, form_key="same"))
    assert seen == {"done": 8}
    other = home.open("1002", requester_id="p-ben")
    seen = at_once(8, lambda n: home.send(other, form_key=f"own-{n}", choice="d-ben"))
    assert seen["done"] == 1
    assert set(seen) <= {"done", "ConflictError", "LimitError"}
    assert len(home.asked(opened)) == len(home.asked(other)) == 1


def test_sr_137_parallel_sends_from_several_tickets_keep_the_limit_to_the_link(home: Household) -> None:
    opened = [home.open(str(number)) for number in range(8)]
    seen = at_once(len(opened), lambda n: home.send(opened[n]))
    assert seen == {"done": 3, "LimitError": 5}
    assert sum(home.lifecycle.get(v.id).sends for v in opened) == 3


def test_a_page_that_is_old_sends_nothing(home: Household) -> None:
    sent = home.sent()
    with pytest.raises(ConflictError, match="changed since"):
        home.send(sent, seen_version=1)


@pytest.mark.parametrize("changes", [{"enabled": False}, {"privileged": True}, {"aal": 2}])
def test_an_account_that_became_unservable_gets_no_link(home: Household, changes: dict[str, bool]) -> None:
    opened = home.open()
    home.directory.people["o-anna"] = replace(ANNA, **changes)  # type: ignore[arg-type]
    with pytest.raises(RefusedError):
        home.send(opened)
    del home.directory.people["o-anna"]
    with pytest.raises(RefusedError, match="not in the directory"):
        home.send(opened)


def test_sr_14_a_resend_voids_the_old_link_and_gives_no_tries_back(home: Household) -> None:
    sent = home.sent()
    home.enter(home.token(sent), home.wrong(sent))
    home.clock.forward(minutes=1)
    again = home.send(home.lifecycle.get(sent.id))
    assert again.code_tries == 1
    assert home.kinds(again)[-1] == "resent"
    with pytest.raises(NotFoundError):
        home.lifecycle.living(home.token(sent))
    assert home.lifecycle.living(home.token(again)).id == sent.id


def test_sr_137_resends_wait_one_two_five_and_fifteen_minutes(home: Household) -> None:
    home.change(policy=replace(home.house.policy, limits=Limits(links_per_hour=99, links_per_day=19)))
    sent = home.sent()
    for minutes in (1, 2, 5, 15, 15):
        home.clock.forward(minutes=minutes, seconds=-1)
        with pytest.raises(LimitError) as caught:
            home.send(sent)
        assert caught.value.retry_after == 2
        home.clock.forward(seconds=1)
        sent = home.send(sent)


def test_sr_137_a_category_may_give_one_requester_fewer_links_a_day(home: Household) -> None:
    few = tuple(replace(c, per_day=2) for c in home.house.policy.categories)
    home.change(policy=replace(home.house.policy, categories=few))
    home.sent("1001")
    home.sent("1002")
    with pytest.raises(LimitError, match="2 links a day for this person"):
        home.sent("1003")
    assert home.send(home.open("1004", requester_id="p-ben"), choice="d-ben").sends == 1


def test_an_unopened_link_sent_to_a_corrected_address_skips_the_wait(home: Household) -> None:
    first = home.sent()
    second = home.send(first, choice="d-phone")
    home.lifecycle.opened(home.token(second))
    with pytest.raises(LimitError, match="wait"):
        home.send(second, choice="d-mail")


def test_sr_137_a_person_gets_three_links_an_hour_and_five_a_day(home: Household) -> None:
    for number in range(1, 6):
        if number == 4:
            with pytest.raises(LimitError, match="3 links an hour for this person"):
                home.sent("over")
            home.clock.forward(hours=1, seconds=1)
        home.sent(f"{number}")
    home.clock.forward(hours=2)
    with pytest.raises(LimitError, match="5 links a day for this person"):
        home.sent("last")
    home.restart()
    with pytest.raises(LimitError, match="5 links a day"):
        home.sent("after restart")
    home.clock.forward(hours=22)
    assert home.sent("next day").state is State.SENT


@pytest.mark.parametrize(
    ("limits", "dimension", "words"),
    [
        ({}, "send-destination", "to this address"),
        ({}, "send-ticket", "for this ticket"),
        ({"agent_links_per_hour": 3}, "send-agent", "by you"),
        ({"country_links_per_hour": 3}, "send-country", "to this country"),
    ],
)
def test_sr_136_each_budget_counts_for_itself_and_survives_a_restart(
    home: Household, limits: dict[str, int], dimension: str, words: str
) -> None:
    opened, ring = home.open(), home.house.keyring
    named = {
        "send-destination": "sms:+4915112345678",
        "send-ticket": "changegear:id-1001",
        "send-agent": "agent:a-kim",
        "send-country": "DE",
    }
    home.store.add_counts([Count(dimension, ring.private(dimension[5:], named[dimension]))] * 3, home.clock.now())
    home.limits = Limits(**limits)  # type: ignore[arg-type]
    home.restart()
    with pytest.raises(LimitError, match=words):
        home.send(opened, choice="d-phone")
    home.clock.forward(hours=1, seconds=1)
    assert home.send(opened, choice="d-phone").state is State.SENT


def test_sms_to_a_country_that_is_not_allowed_is_refused(home: Household) -> None:
    home.limits = Limits(countries=("CH",))
    home.restart()
    with pytest.raises(RefusedError, match="SMS to DE"):
        home.send(home.open(), choice="d-phone")


def test_sr_135_before_100_wrong_codes_on_one_account_no_link_is_sent(home: Household) -> None:
    opened = home.open()
    wrong = Count("wrong-subject", home.house.keyring.private("subject", "roster:o-anna"))
    home.store.add_counts([wrong] * 96, home.clock.now())
    with pytest.raises(RefusedError, match="Too many wrong codes"):
        home.send(opened)
    home.clock.forward(days=31)
    assert home.send(opened).state is State.SENT


def test_sr_135_the_tries_of_other_living_links_count_too(home: Household) -> None:
    home.open("2002")
    opened = home.open()
    wrong = Count("wrong-subject", home.house.keyring.private("subject", "roster:o-anna"))
    home.store.add_counts([wrong] * 91, home.clock.now())
    with pytest.raises(RefusedError, match="Too many wrong codes"):
        home.send(opened)


def crash(*_: object) -> None:
    raise OSError("power cut")


def test_a_refused_message_is_noted_once_even_when_the_marking_was_lost(
    home: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = home.sent()
    refused = Receipt(Delivery.REFUSED, "ref-1", "550 no such mailbox")
    with monkeypatch.context() as patch:
        patch.setattr(home.store, "update_sending", crash)
        with pytest.raises(OSError, match="power"):
            home.lifecycle.reported(sent.sending_id, refused)
    home.lifecycle.reported(sent.sending_id, refused)
    home.lifecycle.reported("ref-1", Receipt(Delivery.DELIVERED))
    home.lifecycle.reported("unknown", refused)
    assert home.kinds(sent).count("undelivered") == 1
    assert home.asked(sent)[0].delivery is Delivery.REFUSED


def test_a_refusal_after_the_link_was_used_is_not_noted(home: Household) -> None:
    started, _ = home.started()
    home.lifecycle.reported(started.sending_id, Receipt(Delivery.REFUSED))
    assert "undelivered" not in home.kinds(started)


def test_an_address_of_the_account_itself_cannot_carry_proof(home: Household) -> None:
    own = Destination("d-own", Kind.EMAIL, "anna.berg@acme.example", "work mail", "HR", same_login=True)
    home.directory.people["o-anna"] = replace(ANNA, destinations=(own,))
    opened = home.open(category_name=CATEGORIES[0].name)
    sent = home.send(opened, choice="d-own", reason="No other.")
    assert home.asked(sent)[0].provenance is Provenance.SAME_LOGIN


def test_the_age_of_an_address_counts(home: Household) -> None:
    young = Destination("d-new", Kind.EMAIL, "n@p.example", "mail", "HR", changed_at=home.clock.now())
    home.directory.people["o-anna"] = replace(ANNA, destinations=(young,))
    opened = home.open()
    with pytest.raises(InvalidError, match="needs a reason"):
        home.send(opened, choice="d-new")
