import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from deskward.actions.reset_password import Action, _guessable
from deskward.core.errors import SettingsError, UncertainError, UnreachableError
from deskward.core.people import Person
from deskward.core.secret import Secret
from deskward.core.tickets import Check, TicketPerson

ANNA = Person("p-1", "aberg", "Anna-Lena Berg", "anna.berg@example.com", locked=True, stamp="0")
GOOD = "Regen auf dem Dach um 4"


@dataclass
class Book:
    """A directory that notes what it is asked; `keeps` tells that a new password leaves a lock alone."""

    person: Person = ANNA
    keeps: bool = True
    asked: list[str] = field(default_factory=list)
    name: str = "book"
    trouble: bool = False

    def find(self, person: TicketPerson) -> Sequence[Person]:
        return [self.person] if person else []

    def everyone(self) -> Sequence[Person]:
        return [self.person]

    def get(self, person_id: str) -> Person | None:
        return self.person if person_id == self.person.id else None

    def colleagues(self, person: Person) -> Sequence[Person]:
        return [] if person else [self.person]

    def set_password(self, person_id: str, password: Secret) -> None:
        assert password
        self.asked.append(f"set {person_id}")
        self.person = replace(self.person, stamp="1", locked=self.person.locked and self.keeps)

    def unlock(self, person_id: str) -> None:
        self.asked.append(f"unlock {person_id}")
        if self.trouble:
            raise UnreachableError("The directory is down.")
        self.person = replace(self.person, locked=False)

    def revoke(self, person_id: str, *, password: bool) -> str:
        return f"revoke {person_id} {password}"

    def doctor(self) -> Sequence[Check]:
        return []


def said(password: str, action: Action | None = None, person: Person = ANNA) -> str:
    return (action or Action()).problem(person, {"password": Secret(password)})


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "a" * 7 + " quick brown fox",
        "all small letters",
        "                kö",
        "48213907465120983",
        "Ein Satz ueber Anna und den See",
        "x" + "Wolke sieben " * 4 + "y" * 3,
        "長いパスワードはとても安全ですね",
        "w0rt kette aus drei",
        GOOD * 11,
    ],
)
def test_sr_71_a_long_password_nobody_guesses_will_do(password: str) -> None:
    assert said(password) == ""


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("", "This has 0 characters. Use at least 15."),
        ("x9#kQ!vb2&Lm4z", "This has 14 characters"),
        ("e\u0301" * 14, "This has 14 characters"),
        (GOOD * 12, "Use at most 256"),
        (GOOD + "\x00", "cannot be typed"),
        (GOOD + "\n", "cannot be typed"),
        ("123456789987654321", "guessers"),
        ("chickenwing101!!", "guessers"),
        ("Password1234567!", "guessers"),
        ("!!!P@ssw0rd!!!!!", "guessers"),
        ("passwordpassword", "guessers"),
        ("passwordpasswordpass", "guessers"),
        ("Password Password Password", "guessers"),
        ("123456789012345678", "guessers"),
        ("aaaaaaaaaaaaaaaa", "guessers"),
        ("abcabcabcabcabcabc", "guessers"),
        ("bcdefghijklmnopqrs", "guessers"),
        ("QWERTYUIOP12345", "guessers"),
        ("AnnaBerg20261123!", "little more than your name"),
        ("aberg aberg aberg 26", "little more than your name"),
        ("anna-lena.berg-2026", "little more than your name"),
        ("Example2026Example!", "little more than your name"),
        ("\uff21nna\uff22erg20261123", "little more than your name"),
    ],
)
def test_sr_71_a_password_that_guessers_find_is_refused_in_words(password: str, words: str) -> None:
    assert words in said(password, Action(extra_words=["Example"]))


def test_no_answer_is_an_empty_password() -> None:
    assert "0 characters" in Action().problem(ANNA, {})


def test_the_list_of_common_passwords_is_long_enough() -> None:
    assert len(_guessable()) > 3000


def test_a_person_without_names_is_no_obstacle() -> None:
    assert said(GOOD, person=Person("p-2", "", "", "")) == ""


def breached(folder: Path, count: bool = True, end: str = "\n") -> Path:
    words = [f"stolen password {n}" for n in range(300)]
    digests = sorted(hashlib.sha1(word.encode()).hexdigest().upper() for word in words)
    path = folder / "breached.txt"
    path.write_text("\n".join(f"{d}:{n}" if count else d.lower() for n, d in enumerate(digests)) + end)
    return path


@pytest.mark.parametrize(("count", "end"), [(True, "\n"), (False, "")])
def test_every_stolen_password_is_found_and_no_other(tmp_path: Path, count: bool, end: str) -> None:
    action = Action(breached_file=breached(tmp_path, count, end))
    assert all("stolen passwords" in said(f"stolen password {n}", action) for n in range(300))
    assert not any(said(f"another sentence {n}", action) for n in range(300))


def test_a_list_that_went_away_is_an_outage(tmp_path: Path) -> None:
    action = Action(breached_file=breached(tmp_path))
    (tmp_path / "breached.txt").unlink()
    with pytest.raises(UnreachableError):
        said(GOOD, action)


@pytest.mark.parametrize("written", ["", "password\n", "a" * 41])
def test_a_file_without_digests_is_told(tmp_path: Path, written: str) -> None:
    (tmp_path / "list.txt").write_text(written)
    with pytest.raises(SettingsError, match="breached_file"):
        Action(breached_file=tmp_path / "list.txt")
    with pytest.raises(SettingsError, match="breached_file"):
        Action(breached_file=tmp_path / "none.txt")


@pytest.mark.parametrize("length", [0, 7, 65])
def test_a_length_that_cannot_be_is_told(length: int) -> None:
    with pytest.raises(SettingsError, match="min_length"):
        Action(min_length=length)


def test_the_form_has_one_field_that_tells_the_length() -> None:
    (only,) = Action(min_length=8).fields
    assert (only.name, only.kind, only.min_length) == ("password", "new-password", 8)
    assert "8 characters" in only.hint
    assert said("x9#kQ!vb", Action(min_length=8)) == ""


@pytest.mark.parametrize(
    ("book", "asked"),
    [
        (Book(), ["set p-1", "unlock p-1"]),
        (Book(keeps=False), ["set p-1"]),
        (Book(person=replace(ANNA, locked=False)), ["set p-1"]),
    ],
)
def test_a_reset_sets_once_and_opens_a_locked_account(book: Book, asked: list[str]) -> None:
    action = Action()
    action.perform(book, ANNA, {"password": Secret(GOOD)})
    assert book.asked == asked
    assert action.achieved(ANNA, book.person)


def test_a_lock_that_cannot_be_lifted_leaves_it_uncertain() -> None:
    with pytest.raises(UncertainError, match="The password is set"):
        Action().perform(Book(trouble=True), ANNA, {"password": Secret(GOOD)})


@pytest.mark.parametrize("changed", [{"stamp": "0"}, {"locked": True}, {"id": "p-2"}, {"login": "b"}])
def test_a_change_that_is_not_seen_is_not_done(changed: dict[str, str]) -> None:
    after = replace(replace(ANNA, stamp="1", locked=False), **changed)  # type: ignore[arg-type]
    assert not Action().achieved(ANNA, after)
