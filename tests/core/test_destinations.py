"""Addresses: masked, ranked, established or not."""

from datetime import timedelta

import pytest

from deskward.core.destinations import Destination, Kind, Provenance, choices, masked, provenance_of, root_of
from tests.core.samples import NOON, a_destination

AGE = timedelta(days=14)
YOUNG, OLD = NOON - AGE + timedelta(seconds=1), NOON - AGE


@pytest.mark.parametrize(
    ("destination", "provenance"),
    [
        (a_destination(), Provenance.ESTABLISHED),
        (a_destination(changed_at=OLD), Provenance.ESTABLISHED),
        (a_destination(changed_at=YOUNG), Provenance.CALLER_SUPPLIED),
        (a_destination(changed_at=NOON + timedelta(days=30)), Provenance.CALLER_SUPPLIED),
        (a_destination(trusted=False), Provenance.CALLER_SUPPLIED),
        (a_destination(same_login=True), Provenance.SAME_LOGIN),
    ],
)
def test_sr_34_established_is_trusted_and_old_enough(destination: Destination, provenance: Provenance) -> None:
    assert provenance_of(destination, NOON) is provenance


def test_sr_35_established_choices_come_first_masked_and_with_their_reason() -> None:
    known = [
        a_destination(id="young", changed_at=YOUNG),
        a_destination(id="strange", trusted=False),
        a_destination(id="own", same_login=True),
        a_destination(id="old", changed_at=OLD),
        a_destination(id="plain"),
    ]
    offered = choices(known, NOON, AGE)
    assert [c.id for c in offered] == ["old", "plain", "young", "strange", "own"]
    assert [c.reason for c in offered] == [
        "from HR, confirmed 9 November 2026",
        "from HR",
        "from HR, changed 13 days ago, not yet established",
        "from HR, not a trusted source",
        "from HR, opens with the account itself",
    ]
    assert all("maria" not in repr(c) for c in offered)


def test_masks_show_enough_to_recognise() -> None:
    assert masked(Kind.EMAIL, "maria@gmail.com") == "m•••@g•••.com"
    assert masked(Kind.SMS, "+14155550142") == "+1 ••• ••• 42"


def test_one_mailbox_is_one_root_whatever_the_case() -> None:
    assert root_of(Kind.EMAIL, "A@b.C") == root_of(Kind.EMAIL, "a@B.c") != root_of(Kind.SMS, "a@b.c")
