"""The vault: what is known of every address, and what counts as established."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from deskward.core.destinations import OWN, Choice, Coded, Destination, Kind, Provenance
from deskward.core.errors import InvalidError, RefusedError, UnreachableError
from deskward.core.policy import Category, Typed
from deskward.core.proof import ActionClass
from deskward.core.records import Address
from deskward.core.secret import Secret
from deskward.core.verification import State
from deskward.lifecycle.importing import due, import_directory
from deskward.lifecycle.vault import address_id, kept_root, known
from tests.fakes import ANNA, BEN, START
from tests.household import Household

PLANTED = Destination("d-planted", Kind.EMAIL, "anna@attacker.example", "private e-mail", "HR")
TYPED = {"choice": "typed", "kind": Kind.EMAIL, "reason": "New provider."}


def add(home: Household, *more: Destination) -> None:
    """Change what the directory says of Anna."""
    home.directory.people["o-anna"] = replace(ANNA, destinations=(*ANNA.destinations, *more))


def drop(home: Household) -> None:
    home.directory.people["o-anna"] = replace(ANNA, destinations=())


def imported(home: Household) -> int:
    return import_directory(home.house, "roster")


def choice(home: Household, masked: str = "a•••@a•••.example") -> Choice:
    """Find how the Send page of an open ticket ranks an address."""
    opened = home.store.open_for("changegear", "id-1001") or home.open()
    return next(c for c in home.reading.desk(opened.id).choices if c.masked == masked)


def destinations(home: Household) -> dict[str, Destination]:
    person = home.directory.people["o-anna"]
    return {d.id: d for d in known(home.house, "roster", person).destinations}


def test_sr_33_every_address_has_source_first_sight_change_use_and_sharing(home: Household) -> None:
    assert imported(home) == 2
    started, _ = home.started()
    home.clock.forward(days=1)
    mail = destinations(home)["d-mail"]
    assert (mail.source, mail.first_seen_at, mail.used_at, mail.shared) == ("HR", START, START, 0)
    assert (mail.changed_at, mail.confirmed_at) == (None, None)
    assert started.state is State.STARTED
    assert destinations(home)["d-phone"].used_at is None
    assert "last used 4 May 2026" in choice(home, "a•••@p•••.example").reason


def test_sr_33_a_person_has_two_recovery_addresses_and_two_of_their_own(home: Household) -> None:
    own = [_own(home, f"anna{n}@mail.example", confirmed_at=START - timedelta(days=20)) for n in (1, 2)]
    home.store.keep_addresses(own)
    found = known(home.house, "roster", ANNA).destinations
    assert [d.source for d in found] == ["HR", "HR", OWN, OWN]
    assert "anna1@mail.example" not in repr(home.store.address(own[0].id))
    add(home, Destination("d-same", Kind.EMAIL, "anna1@mail.example", "private e-mail", "HR"))
    named = known(home.house, "roster", home.directory.people["o-anna"]).destinations
    assert [d.value for d in named].count("anna1@mail.example") == 1


def _own(home: Household, value: str, confirmed_at: datetime | None) -> Address:
    root = kept_root(home.house, Kind.EMAIL, value)
    return Address(
        id=address_id(home.house, "roster", "o-anna", root),
        directory="roster",
        subject_id="o-anna",
        kind=Kind.EMAIL,
        root=root,
        source=OWN,
        label="private e-mail",
        first_seen_at=START - timedelta(days=30),
        own=True,
        value=Secret(value),
        confirmed_at=confirmed_at,
    )


@pytest.mark.parametrize(("days", "counts"), [(0, False), (13, False), (14, True)])
def test_sr_34_an_own_address_counts_from_its_confirmation(home: Household, days: int, counts: bool) -> None:
    home.store.keep_addresses([_own(home, "anna@attacker.example", home.clock.now())])
    home.clock.forward(days=days)
    assert (choice(home).provenance is Provenance.ESTABLISHED) is counts


def test_sr_34_an_own_address_that_nobody_confirmed_is_not_offered(home: Household) -> None:
    home.store.keep_addresses([_own(home, "anna@attacker.example", None)])
    assert len(known(home.house, "roster", ANNA).destinations) == 2


def test_sr_34_what_is_there_at_the_first_import_counts_as_old(home: Household) -> None:
    imported(home)
    found = choice(home, "a•••@p•••.example")
    assert (found.provenance, found.reason) == (Provenance.ESTABLISHED, "from HR, known since 4 May 2026")


@pytest.mark.parametrize("stamped", [True, False])
@pytest.mark.parametrize(("days", "counts"), [(1, False), (6, False), (13, False), (15, True)])
def test_a_38_a_planted_address_is_young_for_two_weeks(
    home: Household, days: int, counts: bool, stamped: bool
) -> None:
    imported(home)
    home.clock.forward(hours=1)
    add(home, replace(PLANTED, changed_at=home.clock.now() if stamped else None))
    home.clock.forward(hours=2)
    imported(home)
    home.clock.forward(days=days)
    found = choice(home)
    assert (found.provenance is Provenance.ESTABLISHED) is counts
    if not counts:
        assert f"{days} day" in found.reason
        sent = home.send(
            home.store.open_for("changegear", "id-1001") or home.open(), choice="d-planted", reason="?!"
        )
        home.enter(home.token(sent), home.code(sent))
        link = next(s for s in home.store.sendings(sent.id) if s.purpose == "link")
        assert link.provenance is Provenance.CALLER_SUPPLIED


def test_a_38_a_stamp_that_lies_is_not_believed(home: Household) -> None:
    imported(home)
    add(home, replace(PLANTED, changed_at=START - timedelta(days=900)))
    assert choice(home).provenance is Provenance.CALLER_SUPPLIED
    imported(home)
    home.clock.forward(days=13)
    found = choice(home)
    assert found.reason == "from HR, first seen 13 days ago, not yet established"
    home.clock.forward(days=1)
    assert choice(home).provenance is Provenance.ESTABLISHED


def test_a_38_the_stamp_of_somebody_new_is_believed(home: Household) -> None:
    del home.directory.people["o-anna"]
    imported(home)
    add(home, replace(PLANTED, changed_at=START - timedelta(days=20)))
    assert choice(home).provenance is Provenance.ESTABLISHED
    imported(home)
    assert choice(home).provenance is Provenance.ESTABLISHED
    assert choice(home, "a•••@p•••.example").provenance is Provenance.CALLER_SUPPLIED


def test_a_38_an_address_that_was_somebody_elses_counts_anew(home: Household) -> None:
    add(home, replace(PLANTED, changed_at=START - timedelta(days=20)))
    imported(home)
    home.directory.people = {"o-ben": replace(BEN, destinations=())}
    imported(home)
    old = replace(PLANTED, changed_at=START - timedelta(days=20))
    home.directory.people["o-new"] = replace(ANNA, id="o-new", destinations=(old,))
    (moved,) = known(home.house, "roster", home.directory.people["o-new"]).destinations
    assert moved.changed_at == START


def test_a_38_an_address_that_comes_back_counts_anew(home: Household) -> None:
    imported(home)
    drop(home)
    imported(home)
    home.clock.forward(days=30)
    add(home)
    assert choice(home, "a•••@p•••.example").provenance is Provenance.CALLER_SUPPLIED
    imported(home)
    home.clock.forward(days=14)
    assert choice(home, "a•••@p•••.example").provenance is Provenance.ESTABLISHED


def test_a_38_the_first_address_of_somebody_who_had_none_is_young(home: Household) -> None:
    drop(home)
    imported(home)
    imported(home)
    add(home, replace(PLANTED, changed_at=START - timedelta(days=20)))
    assert choice(home).provenance is Provenance.CALLER_SUPPLIED


def test_a_38_a_newer_stamp_makes_an_address_young_again(home: Household) -> None:
    imported(home)
    home.clock.forward(days=30)
    changed = replace(ANNA.destinations[0], changed_at=home.clock.now() - timedelta(days=3))
    home.directory.people["o-anna"] = replace(ANNA, destinations=(changed,))
    assert choice(home, "a•••@p•••.example").reason == "from HR, changed 3 days ago, not yet established"
    imported(home)
    home.directory.people["o-anna"] = ANNA
    assert choice(home, "a•••@p•••.example").provenance is Provenance.CALLER_SUPPLIED


def test_an_import_runs_at_the_first_start_and_daily_and_survives_a_restart(home: Household) -> None:
    home.errands.tick()
    assert home.store.imported("roster") is not None
    home.clock.forward(hours=23)
    home.restart()
    assert not due(home.house, "roster", home.clock.now())
    home.clock.forward(hours=1)
    home.errands.tick()
    mark = home.store.imported("roster")
    assert mark
    assert (mark.first_seen_at, mark.used_at) == (START, home.clock.now())


def test_an_import_that_fails_is_tried_again_and_takes_nothing_away(home: Household) -> None:
    home.directory.down = UnreachableError("No answer.")
    home.errands.tick()
    home.directory.down = None
    home.errands.tick()
    assert home.store.imported("roster") is None
    home.clock.forward(minutes=10)
    home.errands.tick()
    home.directory.people = {}
    with pytest.raises(UnreachableError, match="named nobody"):
        imported(home)
    assert all(not r.removed_at for r in home.store.addresses("roster", ["o-anna"]))


def test_a_big_directory_is_imported_in_batches(home: Household) -> None:
    mail = BEN.destinations[0]
    crowd = {
        f"o-{n}": replace(BEN, id=f"o-{n}", destinations=(replace(mail, value=f"p{n}@mail.example"),))
        for n in range(450)
    }
    home.directory.people |= crowd
    assert imported(home) == 452
    home.directory.people = {"o-anna": ANNA}
    assert imported(home) == 1
    assert home.store.addresses("roster", ["o-7"])[0].removed_at == START


def test_sr_35_the_send_page_says_why_in_words_and_shows_no_address(home: Household) -> None:
    add(home, replace(PLANTED, changed_at=datetime(2025, 3, 14, tzinfo=START.tzinfo)))
    assert choice(home).reason == "from HR, confirmed 14 March 2025"
    view = home.reading.desk(home.open("1002").id)
    assert "anna@" not in repr(view.choices)


def test_sr_41_an_address_used_for_two_people_blocks_and_raises_the_risk(home: Household) -> None:
    shared = Destination("d-ben-phone", Kind.SMS, "+4915112345678", "private phone", "HR")
    home.directory.people["o-ben"] = replace(BEN, destinations=(*BEN.destinations, shared))
    first = home.send(home.open(), choice="d-phone")
    started, pin = home.enter(home.token(first), home.code(first))
    ben = home.open("1002", requester_id="p-ben")
    choices = {c.id: c for c in home.reading.desk(ben.id).choices}
    assert choices["d-ben-phone"].provenance is Provenance.CALLER_SUPPLIED
    assert choices["d-ben-phone"].reason == "from HR, known since 4 May 2026, also used by another person"
    sent = home.send(ben, choice="d-ben-phone", reason="No other.")
    ends = home.lifecycle.answer(pin, started.version)
    assert ends.state is State.REVIEW
    assert "The address was used for another person within 30 days." in {f["text"] for f in ends.findings}
    begun, pin = home.enter(home.token(sent), home.code(sent))
    assert home.lifecycle.answer(pin, begun.version).state is not State.PASSED
    home.clock.forward(days=31)
    later = home.open("1003", requester_id="p-ben")
    assert {c.id: c for c in home.reading.desk(later.id).choices}["d-ben-phone"].provenance.value == "established"


def test_sr_41_a_typed_address_used_for_two_people_is_found_too(home: Household) -> None:
    home.send(home.open(), **TYPED, typed="new@boat.example")
    sent = home.send(home.open("1002", requester_id="p-ben"), **TYPED, typed="new@boat.example")
    begun, pin = home.enter(home.token(sent), home.code(sent))
    signals = {f["signal"] for f in home.lifecycle.answer(pin, begun.version).findings}
    assert signals >= {"sharing", "destination"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": None}, "reason"),
        ({"reason": ""}, "reason_text"),
        ({"reason": Coded.OUT_OF_DATE.value}, "reason_text"),
        ({"reason": f"{Coded.OUT_OF_DATE.value}: \u200b"}, "reason_text"),
        ({"again": ""}, "again"),
        ({"again": "anna@boat.exmaple"}, "again"),
    ],
)
def test_sr_38_a_typed_address_needs_a_code_and_words(
    home: Household, changes: dict[str, object], field: str
) -> None:
    opened = home.open()
    with pytest.raises(InvalidError) as caught:
        home.send(opened, **(TYPED | {"typed": "anna@boat.example"} | changes))
    assert caught.value.field == field
    assert not home.store.sendings(opened.id)


def test_sr_38_code_and_words_are_in_the_note(home: Household) -> None:
    reason = f"{Coded.NEW_HERE.value}: starts today"
    home.send(home.open(), **(TYPED | {"reason": reason}), typed="anna@boat.example", code=Coded.NEW_HERE)
    home.drain()
    assert f"Reason for this address: {reason}" in home.connector.notes[1][2]


SLIPS = [
    "ana@boat.example", "annna@boat.example", "anan@boat.example", "anna@baot.example", "anna@boat.exmaple",
    "anna@boat.examle", "anna@boot.example", "enna@boat.example", "anna@boat.example.com", "anna.@boat.example",
    "anna@b\u043eat.example",
]  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS)
def test_a_07_a_typing_error_in_either_field_is_caught(home: Household, slip: str) -> None:
    opened = home.open()
    for typed, again in ((slip, "anna@boat.example"), ("anna@boat.example", slip)):
        with pytest.raises(InvalidError, match="not the same"):
            home.send(opened, **TYPED, typed=typed, again=again)
    assert not home.store.sendings(opened.id)


def test_sr_39_a_yes_to_the_echo_of_this_very_address_stands_for_the_second_time(home: Household) -> None:
    opened = home.open()
    look = home.reading.look(opened.id, Kind.EMAIL, "anna.b@boat.example")
    assert look.echo == "a•••b (6 characters) at boat.example"
    with pytest.raises(InvalidError):
        home.send(opened, **TYPED, typed="anna.c@boat.example", again="", echo=look.mark)
    sent = home.send(opened, **TYPED, typed="anna.b@boat.example", again="", echo=look.mark)
    assert sent.state is State.SENT
    phone = home.reading.look(opened.id, Kind.SMS, "+4915199999999")
    assert phone.echo == "+4 ••• ••• 99"


def test_sr_39_addresses_of_the_organisation_and_of_others_are_refused(home: Household) -> None:
    imported(home)
    opened = home.open()
    for typed, words in (("who@acme.example", "organisation's own mail"), ("BEN@home.example", "another person")):
        with pytest.raises(InvalidError, match=words):
            home.send(opened, **TYPED, typed=typed)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("anna@private.examp1e", "looks like a•••@p•••.example"),
        ("ana@private.example", "looks like a•••@p•••.example"),
        ("who@gmial.com", "Did the requester say gmail.com?"),
        ("who@boat.example", ""),
    ],
)
def test_sr_36_sr_39_likeness_warns_and_gives_no_rank(home: Household, typed: str, words: str) -> None:
    look = home.reading.look(home.open().id, Kind.EMAIL, typed)
    assert look.provenance is Provenance.CALLER_SUPPLIED
    assert words in look.warning
    assert bool(words) == bool(look.warning)


@pytest.mark.parametrize(
    ("action_class", "typed", "taken"),
    [
        (ActionClass.C1, Typed.BY_CLASS, True),
        (ActionClass.C2, Typed.BY_CLASS, True),
        (ActionClass.C3, Typed.BY_CLASS, False),
        (ActionClass.C4, Typed.BY_CLASS, False),
        (ActionClass.C1, Typed.NEVER, False),
        (ActionClass.C2, Typed.NEVER, False),
    ],
)
def test_sr_42_the_policy_says_where_typed_addresses_are_taken(
    home: Household, action_class: ActionClass, typed: Typed, taken: bool
) -> None:
    category = Category("Password Reset", ("Password Reset",), "roster", "", action_class, typed=typed)
    home.change(policy=replace(home.house.policy, categories=(category,)))
    opened = home.open()
    assert home.reading.look(opened.id, Kind.EMAIL, "who@boat.example").taken is taken
    if taken:
        assert home.send(opened, **TYPED, typed="who@boat.example").state is State.SENT
    else:
        with pytest.raises(RefusedError):
            home.send(opened, **TYPED, typed="who@boat.example")
        assert not home.store.sendings(opened.id)
