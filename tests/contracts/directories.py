"""The contract of every directory: its own test gives a place with people in it, and inherits these tests.

A class that inherits `DirectoryContract` and has a fixture `place` is all that it takes; a directory that is
reached with credentials inherits `ServerContract`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import pytest

from deskward.core.destinations import Kind
from deskward.core.errors import RejectedError, UnreachableError
from deskward.core.people import Person
from deskward.core.ports import Directory, Searchable
from deskward.core.powers import GivesAccess, KeepsFactors
from deskward.core.secret import Secret
from deskward.core.tickets import Check, TicketPerson

PHONE = "+4915112345678"
NEW, NEXT = Secret("Correct horse battery 7"), Secret("Staple of another kind 8")
Calls = tuple[Callable[[], object], ...]
ODD = ("", "*", "*)(mail=*", "a\0b", "../x", "' OR 1=1", "ü\\2a", "x" * 3000)


class Place(Protocol):
    """A real directory with people of this test alone; `directory` finds them by login.

    `ids` gives the object ids of: `anna`, enabled, with PHONE as her mobile phone, a password, and `boss` as her
    manager; `boss`, privileged; `gone`, disabled; `twin` and `double`, who share one e-mail address.
    `refused` is a password that the directory's policy refuses for anna; `page_size` how many people one page of
    everyone holds, 0 where there are no pages.
    """

    directory: Directory
    ids: Mapping[str, str]
    refused: Secret
    page_size: int

    def keyed(self, key: str) -> Directory:
        """Give the same directory that finds by `email` or `login`."""
        ...

    def signs_in(self, person_id: str, password: Secret) -> bool:
        """Try to sign in as that person, where people do."""
        ...

    def lock(self, person_id: str) -> None:
        """Lock the account as the directory does it."""
        ...

    def retitle(self, person_id: str) -> None:
        """Change the title of the person, and so the account but neither password nor state."""
        ...

    def away(self) -> Directory:
        """Give the same directory, which cannot be reached."""
        ...


class ServerPlace(Place, Protocol):
    """A directory reached over the network with credentials; `credential` is the right one."""

    credential: Secret

    def mistaken(self) -> Directory:
        """Give the same directory with wrong credentials."""
        ...


def read(place: Place, name: str) -> Person:
    found = place.directory.get(place.ids[name])
    assert found is not None
    return found


def asked(email: str = "", login: str = "") -> TicketPerson:
    return TicketPerson("t-1", "Somebody", email, login)


def ill(checks: Iterable[Check]) -> list[Check]:
    return [check for check in checks if not check.well]


class ReadingContract:
    """What every directory keeps when it is read; the tests of a class may share their place."""

    def test_a_person_is_found_by_email_and_by_login_letter_case_aside(self, place: Place) -> None:
        anna = read(place, "anna")
        for key, one in (
            ("email", asked(email=f" {anna.email.upper()}")),
            ("login", asked(login=anna.login.upper())),
        ):
            assert [p.id for p in place.keyed(key).find(one)] == [anna.id]

    def test_a_person_is_found_by_the_configured_key_only(self, place: Place) -> None:
        anna = read(place, "anna")
        assert not place.keyed("email").find(asked(login=anna.login))
        assert not place.keyed("login").find(asked(email=anna.email))

    def test_everybody_who_shares_an_address_is_found(self, place: Place) -> None:
        twin, double = read(place, "twin"), read(place, "double")
        assert twin.email == double.email
        assert {p.id for p in place.keyed("email").find(asked(email=twin.email))} == {twin.id, double.id}

    @pytest.mark.parametrize("odd", ODD)
    def test_odd_words_find_nobody(self, place: Place, odd: str) -> None:
        assert not place.keyed("email").find(asked(odd, odd))
        assert not place.keyed("login").find(asked(odd, odd))
        assert place.directory.get(odd) is None

    def test_a_person_is_read_by_object_id_as_found(self, place: Place) -> None:
        anna = read(place, "anna")
        assert list(place.keyed("email").find(asked(anna.email))) == [anna]
        assert anna.login
        assert anna.name
        assert (anna.enabled, anna.locked, anna.privileged) == (True, False, False)

    def test_nobody_is_none(self, place: Place) -> None:
        unknown = asked("nobody@nowhere.example", "nobody.at.all")
        assert not place.keyed("email").find(unknown)
        assert not place.keyed("login").find(unknown)
        assert place.directory.get("00000000-0000-0000-0000-000000000000") is None

    def test_a_disabled_account_is_found_and_seen_to_be_disabled(self, place: Place) -> None:
        gone = read(place, "gone")
        assert not gone.enabled
        assert [p.enabled for p in place.keyed("login").find(asked(login=gone.login))] == [False]

    def test_sr_63_a_privileged_account_is_seen(self, place: Place) -> None:
        assert read(place, "boss").privileged
        assert [p.privileged for p in place.directory.everyone() if p.id == place.ids["boss"]] == [True]

    def test_addresses_come_with_kind_label_and_source(self, place: Place) -> None:
        anna = read(place, "anna")
        told = {(d.kind, d.value): d for d in anna.destinations}
        assert told[Kind.EMAIL, anna.email.casefold()].same_login
        assert not told[Kind.SMS, PHONE].same_login
        assert all(d.label and d.source for d in anna.destinations)
        assert len({d.id for d in anna.destinations}) == len(anna.destinations)
        assert [d.id for d in read(place, "anna").destinations] == [d.id for d in anna.destinations]

    def test_the_manager_comes_first_among_the_colleagues(self, place: Place) -> None:
        colleagues = place.directory.colleagues(read(place, "anna"))
        assert next(iter(colleagues)).id == place.ids["boss"]
        assert place.ids["anna"] not in {p.id for p in colleagues}

    def test_everyone_is_read_once_as_each_is_alone(self, place: Place) -> None:
        people = list(place.directory.everyone())
        ids = [p.id for p in people]
        assert len(ids) == len(set(ids)) > place.page_size
        assert set(place.ids.values()) <= set(ids)
        assert next(p for p in people if p.id == place.ids["anna"]) == read(place, "anna")

    def test_doctor_finds_nothing_to_mend(self, place: Place) -> None:
        assert len(list(place.directory.doctor())) > 1
        assert not ill(place.directory.doctor())


class DirectoryContract(ReadingContract):
    """What every directory keeps."""

    def test_a_new_password_signs_in_and_the_one_before_does_not(self, place: Place) -> None:
        anna = place.ids["anna"]
        place.directory.set_password(anna, NEW)
        assert place.signs_in(anna, NEW)
        place.directory.set_password(anna, NEXT)
        assert place.signs_in(anna, NEXT)
        assert not place.signs_in(anna, NEW)

    def test_the_stamp_moves_with_the_password(self, place: Place) -> None:
        before = read(place, "anna")
        place.directory.set_password(before.id, NEW)
        after = read(place, "anna")
        assert before.stamp != after.stamp
        assert before.same_account(after)

    def test_the_stamp_stays_when_nothing_but_the_title_changes_or_a_sign_in_fails(self, place: Place) -> None:
        before = read(place, "anna")
        assert before.stamp
        place.retitle(before.id)
        assert not place.signs_in(before.id, Secret("not the password"))
        after = read(place, "anna")
        assert before.title != after.title
        assert before.stamp == after.stamp

    def test_a_password_against_the_policy_is_refused_in_words_and_changes_nothing(self, place: Place) -> None:
        before = read(place, "anna")
        with pytest.raises(RejectedError) as refusal:
            place.directory.set_password(before.id, place.refused)
        assert len(refusal.value.text.split()) > 3
        assert place.refused.reveal() not in f"{refusal.value.text} {refusal.value.hint}"
        assert read(place, "anna").stamp == before.stamp
        assert not place.signs_in(before.id, place.refused)

    def test_a_lock_is_seen_and_lifted_and_the_stamp_moves_with_both(self, place: Place) -> None:
        anna = place.ids["anna"]
        place.directory.set_password(anna, NEW)
        free = read(place, "anna")
        place.lock(anna)
        locked = read(place, "anna")
        assert (free.locked, locked.locked) == (False, True)
        assert not place.signs_in(anna, NEW)
        place.directory.unlock(anna)
        lifted = read(place, "anna")
        assert not lifted.locked
        assert len({free.stamp, locked.stamp}) == len({locked.stamp, lifted.stamp}) == 2
        assert place.signs_in(anna, NEW)

    @pytest.mark.parametrize("name", ["gone", "nobody"])
    def test_an_account_that_is_disabled_or_not_there_is_never_changed(self, place: Place, name: str) -> None:
        person_id = place.ids.get(name, "00000000-0000-0000-0000-000000000000")
        changes: Calls = (
            lambda: place.directory.set_password(person_id, NEW),
            lambda: place.directory.unlock(person_id),
        )
        for change in changes:
            with pytest.raises(RejectedError) as refusal:
                change()
            assert refusal.value.hint

    def test_sr_47_the_password_set_last_is_taken_back_and_doing_it_twice_is_the_same(self, place: Place) -> None:
        anna = place.ids["anna"]
        place.directory.set_password(anna, NEW)
        assert place.signs_in(anna, NEW)
        assert place.directory.revoke(anna, password=False)
        assert place.signs_in(anna, NEW)
        said = {place.directory.revoke(anna, password=True) for _ in range(2)}
        assert len(said) == 1
        assert all(said)
        assert not place.signs_in(anna, NEW)

    def test_a_directory_that_is_away_is_unreachable_for_every_call_and_doctor_says_so(self, place: Place) -> None:
        anna, away = read(place, "anna"), place.away()
        calls: Calls = (
            lambda: away.find(asked(anna.email, anna.login)),
            lambda: away.get(anna.id),
            lambda: list(away.everyone()),
            lambda: away.set_password(anna.id, NEW),
            lambda: away.unlock(anna.id),
            lambda: away.revoke(anna.id, password=True),
        )
        for call in calls:
            with pytest.raises(UnreachableError) as trouble:
                call()
            assert trouble.value.hint
        assert all(check.text and check.hint for check in ill(away.doctor()))
        assert ill(away.doctor())


class ServerContract(DirectoryContract):
    """What a directory keeps that is reached over the network with credentials."""

    def test_wrong_credentials_are_told_by_every_call_and_by_doctor_and_never_shown(
        self, place: ServerPlace
    ) -> None:
        anna, mistaken = read(place, "anna"), place.mistaken()
        calls: Calls = (lambda: mistaken.get(anna.id), lambda: mistaken.set_password(anna.id, NEW))
        for call in calls:
            with pytest.raises(UnreachableError) as trouble:
                call()
            assert "credential" in trouble.value.text
            assert trouble.value.hint
        found = ill(mistaken.doctor())
        assert "credential" in found[0].text
        assert found[0].hint

    def test_sr_54_neither_the_credential_nor_a_password_is_in_any_words(self, place: ServerPlace) -> None:
        words = [repr(place.directory), *(f"{c.text} {c.hint}" for c in place.directory.doctor())]
        anna, mistaken, away = place.ids["anna"], place.mistaken(), place.away()
        calls: Calls = (lambda: mistaken.set_password(anna, NEW), lambda: away.get(anna))
        for call in calls:
            with pytest.raises(UnreachableError) as trouble:
                call()
            words.append(f"{trouble.value!r} {trouble.value.text} {trouble.value.hint}")
        told = " ".join(words)
        assert place.credential.reveal() not in told
        assert NEW.reveal() not in told


class AccessPlace(Place, Protocol):
    """A directory that gives temporary access."""

    def enters(self, person_id: str, given: Secret, chosen: Secret) -> bool:
        """Sign in with what was given, and choose the next password where that is asked for."""
        ...


class AccessContract:
    """The contract of a directory that gives temporary access (SR-55)."""

    def test_sr_55_what_is_given_lets_its_owner_in_once_and_cannot_stay(self, place: AccessPlace) -> None:
        anna, given = place.ids["anna"], access(place).give_access(place.ids["anna"], 60)
        assert len(given.reveal()) >= 8
        assert place.enters(anna, given, NEXT)
        assert not place.enters(anna, given, NEXT)
        assert not place.signs_in(anna, given)

    def test_sr_55_each_is_another_one_and_ends_the_one_before(self, place: AccessPlace) -> None:
        anna, giving = place.ids["anna"], access(place)
        first, second = giving.give_access(anna, 60), giving.give_access(anna, 60)
        assert first != second
        assert not place.enters(anna, first, NEXT)
        assert place.enters(anna, second, NEXT)

    def test_sr_55_what_nobody_used_is_ended_once(self, place: AccessPlace) -> None:
        anna, giving = place.ids["anna"], access(place)
        given = giving.give_access(anna, 60)
        assert giving.end_access(anna)
        assert not place.enters(anna, given, NEXT)
        assert giving.end_access(anna) == ""

    def test_sr_55_what_was_used_is_left_alone(self, place: AccessPlace) -> None:
        anna, giving = place.ids["anna"], access(place)
        assert giving.end_access(anna) == ""
        assert place.enters(anna, giving.give_access(anna, 60), NEXT)
        before = read(place, "anna")
        assert giving.end_access(anna) == ""
        assert read(place, "anna").stamp == before.stamp

    def test_sr_58_the_stamp_moves_with_what_is_given(self, place: AccessPlace) -> None:
        stamps = [read(place, "anna").stamp]
        for _ in range(2):
            access(place).give_access(place.ids["anna"], 60)
            stamps.append(read(place, "anna").stamp)
        assert len(set(stamps)) == 3

    def test_sr_61_the_factors_are_the_same_after_it(self, place: AccessPlace) -> None:
        before = read(place, "anna")
        access(place).give_access(before.id, 60)
        assert read(place, "anna").aal == before.aal

    @pytest.mark.parametrize("name", ["gone", "nobody"])
    def test_an_account_that_is_disabled_or_not_there_gets_none(self, place: AccessPlace, name: str) -> None:
        person_id = place.ids.get(name, "00000000-0000-0000-0000-000000000000")
        with pytest.raises(RejectedError) as refusal:
            access(place).give_access(person_id, 60)
        assert refusal.value.hint
        assert access(place).end_access(person_id) == ""

    def test_where_it_is_away_nothing_is_given_or_ended(self, place: AccessPlace) -> None:
        anna, away = place.ids["anna"], place.away()
        assert isinstance(away, GivesAccess)
        for call in (lambda: away.give_access(anna, 60), lambda: away.end_access(anna)):
            with pytest.raises(UnreachableError):
                call()


def access(place: Place) -> GivesAccess:
    """Give the directory as one that gives temporary access."""
    assert isinstance(place.directory, GivesAccess)
    return place.directory


class FactorPlace(Place, Protocol):
    """A directory that keeps second factors."""

    def register(self, person_id: str) -> None:
        """Let the person have two second factors of different kinds."""
        ...


class FactorContract:
    """The contract of a directory that keeps the second factors of its people."""

    def test_all_factors_are_removed_and_removing_none_is_no_trouble(self, place: FactorPlace) -> None:
        anna = place.ids["anna"]
        place.register(anna)
        assert (len(factors(place).factors(anna)), read(place, "anna").aal) == (2, 2)
        factors(place).reset_factors(anna)
        assert (list(factors(place).factors(anna)), read(place, "anna").aal) == ([], 1)
        factors(place).reset_factors(anna)

    def test_sr_54_each_factor_is_told_to_its_owner_by_kind_and_name_and_shows_no_secret(
        self, place: FactorPlace
    ) -> None:
        anna = place.ids["anna"]
        place.register(anna)
        words = sorted(factors(place).factors(anna))
        assert [one.partition(" “")[0] for one in words] == ["Authenticator app", "Security key or passkey"]

    def test_sr_61_the_password_and_the_lock_are_the_same_after_it(self, place: FactorPlace) -> None:
        anna = place.ids["anna"]
        place.directory.set_password(anna, NEW)
        place.register(anna)
        factors(place).reset_factors(anna)
        assert place.signs_in(anna, NEW)

    def test_sr_61_the_factors_are_the_same_before_and_after_a_reset(self, place: FactorPlace) -> None:
        anna = place.ids["anna"]
        place.register(anna)
        before = factors(place).factors(anna)
        place.directory.set_password(anna, NEW)
        assert factors(place).factors(anna) == before
        place.directory.revoke(anna, password=True)
        assert factors(place).factors(anna) == before

    @pytest.mark.parametrize("name", ["gone", "nobody"])
    def test_the_factors_of_an_account_that_is_disabled_or_not_there_stay(
        self, place: FactorPlace, name: str
    ) -> None:
        person_id = place.ids.get(name, "00000000-0000-0000-0000-000000000000")
        with pytest.raises(RejectedError) as refusal:
            factors(place).reset_factors(person_id)
        assert refusal.value.hint


def factors(place: Place) -> KeepsFactors:
    """Give the directory as one that keeps factors."""
    assert isinstance(place.directory, KeepsFactors)
    return place.directory


class SearchableContract:
    """The contract of a directory whose people can be looked for by parts of their names."""

    @pytest.mark.parametrize("text", ["anna", " ANN  ", "ann example", "Example anna"])
    def test_a_person_is_found_by_every_word_of_a_text(self, place: Place, text: str) -> None:
        assert [one.id for one in searched(place, text)] == [place.ids["anna"]]

    def test_no_more_people_are_found_than_are_wanted(self, place: Place) -> None:
        assert {one.id for one in searched(place, "both")} == {place.ids["twin"], place.ids["double"]}
        assert len(searched(place, "example", 2)) == 2

    @pytest.mark.parametrize("odd", [*ODD, " ", "anna nobody"])
    def test_odd_words_find_nobody_here_either(self, place: Place, odd: str) -> None:
        assert searched(place, odd) == []


def searched(place: Place, text: str, limit: int = 9) -> list[Person]:
    """Look for people by parts of their names."""
    assert isinstance(place.directory, Searchable)
    return list(place.directory.search(text, limit))
