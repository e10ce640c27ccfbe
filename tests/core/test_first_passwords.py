import re

from deskward.core.first_passwords import first_password


def test_sr_55_a_first_password_is_long_has_every_class_of_signs_and_is_never_the_same() -> None:
    made = [first_password().reveal() for _ in range(300)]
    assert len(set(made)) == len(made)
    for one in made:
        assert re.fullmatch(r"(?:[a-zA-Z2-9]{4}-){4}[a-zA-Z2-9]{4}", one)
        assert all(re.search(kind, one) for kind in ("[a-z]", "[A-Z]", "[2-9]"))
        assert not set(one) & set("0O1lI")
