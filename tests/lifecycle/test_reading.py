"""What pages may see."""

from dataclasses import replace

import pytest

from deskward.core.destinations import Destination, Kind, Provenance
from deskward.core.errors import InvalidError, NotFoundError, RefusedError, UnreachableError
from deskward.core.policy import Policy
from deskward.lifecycle.reading import MOST_OTHERS
from tests.fakes import ANNA
from tests.household import Household


def test_sr_35_the_agent_sees_masked_choices_and_no_address(home: Household) -> None:
    opened = home.open()
    view = home.reading.desk(opened.id)
    assert [c.id for c in view.established] == ["d-mail", "d-phone"]
    assert view.can_send
    assert view.two_roots
    assert "anna@private" not in repr((view.choices, view.person))
    assert view.leads[Provenance.ESTABLISHED].startswith("Leads all the way")
    assert (view.call_code.reveal(), view.recommendation, view.trouble) == ("", "", "")


def test_before_send_the_page_says_when_too_many_were_begun(home: Household) -> None:
    for number in range(3):
        home.passed(f"2{number}")
    view = home.reading.desk(home.open().id)
    assert view.leads[Provenance.ESTABLISHED] == (
        "3 earlier verifications of this person within 24 hours. The result will be a review, not a pass."
    )


def test_the_call_code_is_shown_while_it_lives(home: Household) -> None:
    sent = home.sent()
    assert home.reading.desk(sent.id).call_code.reveal() == home.code(sent)
    home.clock.forward(minutes=10)
    assert not home.reading.desk(sent.id).call_code


def test_the_second_code_is_not_shown_to_the_agent(home: Household) -> None:
    sent = home.send(home.open(), on_phone=False, second="d-phone")
    assert not home.reading.desk(sent.id).call_code


def test_a_decided_verification_shows_its_recommendation(home: Household) -> None:
    passed, _ = home.passed()
    view = home.reading.desk(passed.id)
    assert view.recommendation.startswith("User verified successfully")
    assert not view.can_send


def test_what_cannot_be_read_is_told_in_words(home: Household) -> None:
    opened = home.open()
    home.directory.down = UnreachableError("no route")
    assert home.reading.desk(opened.id).trouble == "The directory does not answer: no route"
    home.directory.down = None
    del home.directory.people["o-anna"]
    view = home.reading.desk(opened.id)
    assert "not in the directory" in view.trouble
    assert (view.can_send, view.choices, view.leads, view.two_roots) == (False, (), {}, False)
    with pytest.raises(RefusedError, match="not in the directory"):
        home.reading.look(opened.id, Kind.EMAIL, "a@b.example")


def test_an_unbound_ticket_shows_no_person(home: Household) -> None:
    opened = home.open(requester_id="")
    view = home.reading.desk(opened.id)
    assert (view.person, view.trouble, view.can_send) == (None, "", False)
    assert home.reading.portal(opened).first_name == ""
    with pytest.raises(NotFoundError):
        home.reading.desk("DW-none")


def test_a_category_that_is_gone_leads_nowhere(home: Household) -> None:
    opened = home.open()
    home.change(policy=Policy((), home.limits, "1"))
    view = home.reading.desk(opened.id)
    assert (view.category, view.leads) == (None, {})


@pytest.mark.parametrize(
    ("typed", "on_file", "provenance"),
    [
        ("ANNA@private.example", True, Provenance.ESTABLISHED),
        ("anna@privat.example", False, Provenance.CALLER_SUPPLIED),
        ("ben@home.example", False, Provenance.CALLER_SUPPLIED),
    ],
)
def test_sr_36_a_typed_address_is_looked_at_before_it_is_used(
    home: Household, typed: str, on_file: bool, provenance: Provenance
) -> None:
    look = home.reading.look(home.open().id, Kind.EMAIL, typed)
    assert (look.on_file, look.provenance) == (on_file, provenance)
    assert typed.casefold() not in look.masked.casefold()


def test_a_typed_address_of_a_kind_without_channel_is_told(home: Household) -> None:
    opened = home.open()
    home.change(channels={"smtp": home.mail})
    with pytest.raises(InvalidError, match="No channel for sms"):
        home.reading.look(opened.id, Kind.SMS, "+491511234567")
    assert [c.id for c in home.reading.desk(opened.id).choices] == ["d-mail"]


def test_one_mailbox_twice_is_one_root(home: Household) -> None:
    twice = tuple(Destination(f"d{n}", Kind.EMAIL, "anna@private.example", "mail", "HR") for n in range(2))
    home.directory.people["o-anna"] = replace(ANNA, destinations=twice)
    assert not home.reading.desk(home.open().id).two_roots


def test_sr_77_the_portal_knows_first_name_organisation_and_step(home: Household) -> None:
    started, _ = home.started()
    view = home.reading.portal(started)
    assert (view.first_name, view.organisation, view.target) == ("Anna", "Acme", "anna.berg")
    assert view.action is not None
    assert view.action_title == "Reset the password"
    assert view.page_nonce == home.house.keyring.page_nonce(started.pin, started.version)


def test_a_directory_that_is_not_set_up_any_more_is_said_so(home: Household) -> None:
    opened = home.open()
    home.change(people={})
    view = home.reading.desk(opened.id)
    assert view.trouble == "The directory “roster” is not set up any more."
    assert not view.can_send


def test_sr_72_what_else_was_asked_for_a_person_is_listed_over_all_tickets_newest_first(home: Household) -> None:
    opened = []
    for number in ("1001", "1002", "1003"):
        opened.append(home.open(number))
        home.clock.forward(minutes=1)
    home.open("1004", requester_id="p-ben")
    assert [v.id for v in home.reading.others(opened[1])] == [opened[2].id, opened[0].id]
    home.clock.forward(days=366)
    assert home.reading.others(opened[1]) == ()


def test_sr_72_of_many_requests_the_newest_twenty_are_listed(home: Household) -> None:
    opened = [home.open(f"{2000 + number}") for number in range(MOST_OTHERS + 2)]
    assert len(home.reading.others(opened[0])) == MOST_OTHERS


def test_where_no_account_is_bound_nothing_is_listed(home: Household) -> None:
    unbound = replace(home.open(), subject_id="")
    assert home.reading.others(unbound) == ()
