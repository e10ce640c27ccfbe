"""What goes over the gateway's socket comes out as it was, errors too."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from deskward.core.answers import FactKind
from deskward.core.errors import (
    ConflictError,
    DeskwardError,
    InvalidError,
    LimitError,
    OutsideError,
    RefusedError,
    RejectedError,
    SecondPersonError,
    UncertainError,
    UnreachableError,
)
from deskward.core.ports import Spent
from deskward.core.questions import Fact
from deskward.core.secret import Secret
from deskward.core.tickets import Check
from deskward.remote.calls import OF_DIRECTORIES, OF_GATEWAY, error_in, error_line
from tests.fakes import ANNA

WHOLE = replace(
    ANNA,
    groups=("a", "b\u2028c"),
    started_on=date(2020, 2, 29),
    destinations=tuple(replace(d, changed_at=datetime(2026, 1, 2, 3, 4, 5, 678, UTC)) for d in ANNA.destinations),
)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("get", [WHOLE]),
        ("get", [None]),
        ("everyone", [WHOLE, ANNA]),
        ("everyone", []),
        ("facts", [Fact("team", "Which?", ("A",), FactKind.MONTH, ("B",), ("C", "D"))]),
        ("rules", ["One.", "“Two”\nlines"]),
        ("doctor", [Check("reach", well=False, text="no", hint="do")]),
    ],
)
def test_values_come_out_as_they_went_in(name: str, values: list[Any]) -> None:
    call = OF_DIRECTORIES[name]
    written = b"".join(call.answered(values if call.many else values[0]))
    assert list(call.read(written.split(b"\n"))) == values


def test_arguments_come_out_as_they_went_in_secrets_too() -> None:
    call = OF_GATEWAY["spend"]
    assert call.heard(call.asked("v1", {"password": Secret("a “b”")})) == ("v1", {"password": Secret("a “b”")})
    spent = Spent(done=True, text="Done.", sessions="All.")
    assert list(call.read(b"".join(call.answered(spent)).split(b"\n"))) == [spent]


class FaultError(UnreachableError):
    """A kind that a plugin has for itself."""


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (RefusedError("a", "b"), RefusedError),
        (SecondPersonError("a", "b"), SecondPersonError),
        (ConflictError("a", "b"), ConflictError),
        (InvalidError("a", "b", "c"), InvalidError),
        (LimitError("a", 5, "b"), LimitError),
        (UnreachableError("a", "b", 3.5), UnreachableError),
        (UncertainError("a", "b"), UncertainError),
        (RejectedError("a", "b"), RejectedError),
        (OutsideError("a", "b"), OutsideError),
        (FaultError("a", "b", 2.0), UnreachableError),
    ],
)
def test_errors_come_out_as_the_same_kind_with_their_words(error: DeskwardError, kind: type) -> None:
    read = error_in(error_line(error)[1:])
    assert type(read) is kind
    assert vars(read) == vars(error)


@pytest.mark.parametrize("written", [b"", b"7", b"[]", b'["Exception", {}]', b'["RefusedError", {"odd": 1}]'])
def test_an_error_that_is_none_is_rejected(written: bytes) -> None:
    assert isinstance(error_in(written), RejectedError)


def test_an_answer_that_broke_off_is_unreachable_or_where_it_counts_uncertain() -> None:
    with pytest.raises(UnreachableError):
        list(OF_DIRECTORIES["everyone"].read([]))
    with pytest.raises(UncertainError):
        list(OF_GATEWAY["spend"].read([]))
    with pytest.raises(RejectedError, match="cannot be read"):
        list(OF_DIRECTORIES["get"].read([b"=7", b"."]))
