import pytest

from deskward.core.destinations import Kind
from deskward.outbound.contacts import Contacts, mail_of, phone_of


def test_addresses_are_named_once_in_one_spelling_with_label_source_and_standing() -> None:
    contacts = Contacts("the directory", authoritative=True, region="DE")
    found = contacts.of(
        "p-1", "Anna@Example.com", ["anna@example.com", "a@private.example"], ["0151 12345678", "+4915112345678"]
    )
    assert [(d.kind, d.value, d.label, d.same_login) for d in found] == [
        (Kind.EMAIL, "anna@example.com", "work e-mail", True),
        (Kind.EMAIL, "a@private.example", "private e-mail", False),
        (Kind.SMS, "+4915112345678", "mobile phone", False),
    ]
    assert {(d.source, d.declared, d.changed_at) for d in found} == {("the directory", True, None)}
    assert len({d.id for d in found}) == 3


def test_what_is_no_address_is_left_out() -> None:
    contacts = Contacts("the directory", authoritative=False, region="")
    assert contacts.of("p-1", "", ["nobody", "a@b"], ["", "12", "0151 12345678", "call me"]) == ()


@pytest.mark.parametrize(
    ("spell", "wrong"), [(mail_of, "a b@example.com"), (phone_of, "me"), (phone_of, "+1 202")]
)
def test_what_is_wrong_with_an_address_is_said(spell: type, wrong: str) -> None:
    with pytest.raises(ValueError, match=r".{10}"):
        spell(wrong)
