"""The small values: people, tickets, secrets, proof, policy, errors."""

from datetime import timedelta
from pathlib import Path

import pytest

from deskward.core.destinations import Kind
from deskward.core.errors import InvalidError, LimitError, SettingsError, UnreachableError, in_words
from deskward.core.policy import Category, Limits, Policy
from deskward.core.proof import ActionClass, Proof, ProofLevel, level_of, needed
from deskward.core.secret import Secret, read_secret
from deskward.core.tickets import Ticket
from tests.core.samples import NOON, a_destination, a_person


def a_ticket(**changes: object) -> Ticket:
    fields: dict[str, object] = dict.fromkeys(
        ("connector", "id", "number", "subject", "description", "url", "category_id", "category_name"), ""
    )
    fields |= {"requester_id": "", "status": "", "created_at": None, "version": ""} | changes
    return Ticket(**fields)  # type: ignore[arg-type]


def test_a_person_is_called_by_first_name() -> None:
    assert a_person().called == "Grace"
    assert a_person(first_name="Amazing").called == "Amazing"
    assert a_person(destinations=(a_destination(),)).without_destinations().destinations == ()


def test_a_person_has_the_words_of_name_login_and_e_mail_case_and_accents_aside() -> None:
    person = a_person(name="Åsa Lindgren", login="asa.l", email="asa@work.example")
    assert person.has_words("ASA lind")
    assert person.has_words("work.ex")
    assert not person.has_words("asa nobody")


def test_sr_60_the_same_account_has_the_same_id_and_name() -> None:
    assert a_person().same_account(a_person(stamp="s2"))
    assert not a_person().same_account(a_person(login="renamed"))
    assert not a_person().same_account(a_person(id="recreated"))


def test_sr_54_a_secret_does_not_show_itself() -> None:
    secret = Secret("hunter22")
    assert "hunter22" not in f"{secret} {secret!r}"
    assert secret.reveal() == "hunter22"
    assert not Secret("")


def test_a_secret_is_read_from_text_file_or_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "s").write_text("from file\n")
    monkeypatch.setenv("A_SECRET", "from env")
    assert read_secret("plain") == Secret("plain")
    assert read_secret({"file": f"{tmp_path}/s"}) == Secret("from file")
    assert read_secret({"env": "A_SECRET"}) == Secret("from env")
    assert read_secret(None) is None
    assert read_secret(Secret("s")) == Secret("s")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"file": "/nowhere/at/all"}, "cannot be read"),
        ({"env": "NOT_SET_AT_ALL"}, "NOT_SET_AT_ALL is not set"),
        ({"env": 3}, "write a text"),
        ({"file": "a", "env": "b"}, "write a text"),
        (3, "write a text"),
    ],
)
def test_a_secret_that_cannot_be_read_says_why(value: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_secret(value)


def test_a_secret_file_that_is_no_text_shows_none_of_it(tmp_path: Path) -> None:
    (tmp_path / "s").write_bytes(b"\xffpass")
    with pytest.raises(ValueError, match=r"holds no UTF-8 text$"):
        read_secret({"file": f"{tmp_path}/s"})


@pytest.mark.parametrize(
    ("action_class", "aal", "level"),
    [
        (ActionClass.C1, 2, ProofLevel.P1),
        (ActionClass.C2, 1, ProofLevel.P2),
        (ActionClass.C2, 2, ProofLevel.P3),
        (ActionClass.C3, 1, ProofLevel.P3),
        (ActionClass.C4, 1, ProofLevel.P4),
    ],
)
def test_sr_19_a_class_needs_its_level(action_class: ActionClass, aal: int, level: ProofLevel) -> None:
    assert needed(action_class, aal) is level


@pytest.mark.parametrize(
    ("age", "established", "level"),
    [
        (timedelta(minutes=15), True, ProofLevel.P2),
        (timedelta(minutes=15), False, ProofLevel.P1),
        (timedelta(minutes=15, seconds=1), True, ProofLevel.P0),
        (timedelta(seconds=-1), True, ProofLevel.P0),
    ],
)
def test_sr_31_proof_counts_within_its_window(age: timedelta, established: bool, level: ProofLevel) -> None:
    proof = Proof("link and code", "r", established, NOON - age, "s1")
    assert level_of([proof], "s1", NOON, timedelta(minutes=15)) is level
    assert level_of([proof], "s2", NOON, timedelta(minutes=15)) is ProofLevel.P0


def test_a_category_fits_by_id_or_name_whatever_the_case() -> None:
    reset = Category("r", ("password reset", "17"), "roster")
    policy = Policy((reset,), Limits(), "1")
    assert policy.category_of(a_ticket(category_name="Password Reset")) is reset
    assert policy.category_of(a_ticket(category_id="17")) is reset
    assert policy.category_of(a_ticket()) is None
    assert policy.named("r") is reset
    assert policy.named("x") is None


@pytest.mark.parametrize(
    ("limits", "key"),
    [
        ({"link": {Kind.SMS: timedelta(minutes=11), Kind.EMAIL: timedelta(hours=1)}}, "link_minutes_sms"),
        ({"link": {Kind.SMS: timedelta(minutes=1), Kind.EMAIL: timedelta(hours=25)}}, "link_minutes_email"),
        ({"code": timedelta(minutes=11)}, "code_minutes"),
        ({"code": timedelta(0)}, "code_minutes"),
        ({"proof": timedelta(minutes=61)}, "proof_minutes"),
        ({"min_age": timedelta(days=6)}, "min_age_days"),
    ],
)
def test_sr_10_a_policy_above_the_limits_is_rejected(limits: dict[str, object], key: str) -> None:
    with pytest.raises(SettingsError, match=key) as caught:
        Limits(**limits)  # type: ignore[arg-type]
    assert "SR-" in caught.value.hint


def test_errors_carry_words_status_and_what_to_do() -> None:
    assert str(InvalidError("wrong", "do this", "field")) == "wrong"
    assert LimitError("later", 60).retry_after == 60
    assert UnreachableError("down", retry_after=3).status == 503


def test_mistakes_are_told_by_key_and_never_by_value() -> None:
    mistakes: list[dict[str, object]] = [
        {"loc": ("a", 1), "type": "extra_forbidden", "msg": "", "input": "hush"},
        {"loc": (), "type": "value_error", "msg": "Value error, write more"},
    ]
    text = in_words(mistakes, "web")
    assert text == "web.a.1: this key is unknown; look for a typing error\nweb: write more"
    assert in_words([{"loc": (), "type": "missing", "msg": ""}]) == "settings: this key is missing"
