import pytest

from deskward.outbound.doctoring import clock_check, reset_check, rights_check, unknown_password
from tests.fakes import ANNA, BEN, FakeDirectory


@pytest.mark.parametrize(
    ("granted", "words"),
    [
        ({"read", "write"}, ""),
        ({"read", "write", "query"}, ""),
        ({"read", "query"}, "lacks write"),
        ({"read", "write", "own", "all"}, "more power than it needs: all, own"),
    ],
)
def test_rights_are_enough_and_no_more(granted: set[str], words: str) -> None:
    check = rights_check("x rights", {"read", "write"}, granted, {"query"})
    assert check.well is not bool(words)
    assert words in check.text
    assert bool(check.hint) is bool(words)


@pytest.mark.parametrize(("ahead", "well"), [(None, True), (0.4, True), (-59, True), (61, False), (-3600, False)])
def test_sr_17_clocks_may_differ_by_a_minute(ahead: float | None, well: bool) -> None:
    check = clock_check("x clock", ahead)
    assert check.well is well
    assert bool(check.hint) is not well


def test_a_reset_is_tried_on_the_named_account_and_read_back() -> None:
    directory = FakeDirectory(people={p.id: p for p in (ANNA, BEN)})
    assert reset_check(directory, "").well
    assert not directory.passwords
    check = reset_check(directory, ANNA.email)
    assert (check.name, check.well) == ("roster reset", True)
    assert set(directory.passwords) == {ANNA.id}
    assert "no one account" in reset_check(directory, "nobody@example.com").text


def test_a_reset_that_fails_or_is_forgotten_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    directory = FakeDirectory(people={ANNA.id: ANNA}, refuses="No.")
    assert (reset_check(directory, ANNA.email).well, reset_check(directory, ANNA.email).text) == (False, "No.")
    monkeypatch.setattr(directory, "set_password", lambda *_: None)
    assert "cannot be read back" in reset_check(directory, ANNA.email).text
    monkeypatch.setattr(directory, "set_password", lambda person_id, _: directory.people.pop(person_id))
    assert not reset_check(directory, ANNA.email).well


def test_a_password_that_nobody_knows_is_new_each_time() -> None:
    assert unknown_password() != unknown_password()
    assert 40 < len(unknown_password().reveal()) <= 72
