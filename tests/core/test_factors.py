import pytest

from deskward.core.factors import FactorKind, in_words, phone_in_words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "Authenticator app"),
        (" \n\u202e ", "Authenticator app"),
        ("Work phone", "Authenticator app “Work phone”"),
        ("a\nb\u202e  c", "Authenticator app “a b c”"),
        ("x" * 40, f"Authenticator app “{'x' * 40}”"),
        ("x" * 41, f"Authenticator app “{'x' * 39}…”"),
    ],
)
def test_a_factor_is_told_by_kind_and_name_on_one_short_line(name: str, words: str) -> None:
    assert in_words(FactorKind.APP, name) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [("+1 2025550142", "Phone “+1 ••• ••• 42”"), ("112", "Phone"), ("", "Phone")],
)
def test_sr_54_of_a_number_no_more_is_told_than_its_owner_needs(number: str, words: str) -> None:
    assert phone_in_words(number) == words
