"""The contract of every directory whose log tells of resets (SR-68): its own test inherits it beside the other."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from deskward.core.resets import KeepsLog, Reset, ResetKind
from tests.contracts.directories import NEW, NEXT, Place, read

AROUND = timedelta(minutes=10)


def log_of(place: Place) -> KeepsLog:
    directory = place.directory
    assert isinstance(directory, KeepsLog)
    return directory


def now() -> datetime:
    return datetime.now(UTC)


def resets(place: Place, who: str = "anna") -> list[Reset]:
    found: Iterable[Reset] = log_of(place).resets(now() - AROUND, now() + AROUND)
    return sorted((one for one in found if one.subject_id == place.ids[who]), key=lambda one: one.at)


class LogContract:
    """What the log of every directory keeps that has the power."""

    def test_sr_68_a_new_password_is_told_with_account_and_time_and_is_not_the_owners_doing(
        self, place: Place
    ) -> None:
        before = {one.id for one in resets(place)}
        place.directory.set_password(place.ids["anna"], NEW)
        (told,) = [one for one in resets(place) if one.id not in before]
        assert (told.kind, told.own) == (ResetKind.PASSWORD, False)
        assert told.login.casefold() == read(place, "anna").login.casefold()
        assert abs(told.at - now()) < AROUND
        assert not [one for one in resets(place, "twin") if one.id == told.id]

    def test_a_reset_has_the_same_id_whenever_it_is_read_and_each_its_own(self, place: Place) -> None:
        for password in (NEW, NEXT):
            place.directory.set_password(place.ids["anna"], password)
        first, again = resets(place), resets(place)
        assert [one.id for one in first] == [one.id for one in again]
        assert len({one.id for one in first}) == len(first) >= 2

    def test_what_was_at_another_time_is_not_told(self, place: Place) -> None:
        place.directory.set_password(place.ids["anna"], NEW)
        assert not list(log_of(place).resets(now() - 2 * AROUND, now() - AROUND))
