"""An agent vouches at the desk, as the person they are."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from deskward.challenges.vouch import Challenge as Colleagues
from deskward.core.accounts import Agent, Role
from deskward.core.challenges import Challenge
from deskward.core.destinations import Destination, Kind
from deskward.core.people import Person
from deskward.core.verification import State
from deskward.core.vouching import Doubt, Met
from deskward.lifecycle import House, Lifecycle
from deskward.store.opening import Opened
from tests.fakes import ANNA, BEN, FakeClock, FakeDirectory
from tests.web.conftest import AGENT, Sent
from tests.web.desk.conftest import Desk

CARA = Person(
    "o-cara",
    "cara.xu",
    "Cara Xu",
    "cara@acme.example",
    (Destination("d-cara", Kind.EMAIL, "cara@acme.example", "work e-mail", "HR", same_login=True),),
    groups=("Sales",),
)


@pytest.fixture
def challenges() -> dict[str, Challenge]:
    return {"vouch": Colleagues()}


@pytest.fixture
def page(
    sent: Callable[..., Sent],
    lifecycle: Lifecycle,
    directory: FakeDirectory,
    store: Opened,
    staffed: Callable[..., Agent],
) -> str:
    """Give the path of the page on which Ben is asked."""
    directory.people |= {ANNA.id: replace(ANNA, aal=2), CARA.id: CARA}
    for person in (BEN, CARA):
        staffed(person.login, Role.AGENT)
    link = sent()
    started, pin = lifecycle.start(link.token, link.code, address="192.0.2.7", pin_key="")
    agreed = lifecycle.answer(pin.reveal(), started.version)
    lifecycle.ask(pin.reveal(), agreed.version, "vouch", "colleagues")
    return f"/vouch/{next(v.id for v in store.store.vouches.of(started.id) if v.voucher_id == BEN.id)}"


@pytest.fixture
def ben(page: str, visitor: Callable[[], Desk]) -> Desk:
    made = visitor()
    answer = made.log_in(BEN.login, next=page)
    assert answer.headers["location"] == page
    return made


def test_who_is_asked_vouches_after_their_login(ben: Desk, page: str, house: House) -> None:
    shown = ben.get(page)
    assert "Is this really Anna Berg?" in shown
    assert "Signed as Ben.Vogel Agent" in shown
    answer = ben.post(f"{page}/sign", met=Met.IN_PERSON.value)
    assert answer.headers["location"] == page
    assert "You confirmed that Anna Berg" in ben.get(page)
    vouch = house.store.vouches.get(page.rpartition("/")[2])
    assert vouch is not None
    assert vouch.signed_by == "desk login"
    details = ben.get(f"/verifications/{vouch.verification_id}")
    assert "A colleague vouched" in details
    assert "1 of 2 people vouched" in details
    assert "Request to vouch to" in details
    assert "Colleagues are asked to vouch." in ben.get(f"/send/{vouch.verification_id}")


def test_sr_88_a_login_of_a_while_ago_is_no_signature(
    ben: Desk, page: str, clock: FakeClock, house: House
) -> None:
    ben.get(page)
    clock.forward(minutes=6)
    assert "/login" in ben.post(f"{page}/sign", met=Met.IN_PERSON.value).headers["location"]
    vouch = house.store.vouches.get(page.rpartition("/")[2])
    assert vouch is not None
    assert vouch.signed_at is None


def test_who_is_asked_can_say_no(ben: Desk, page: str, house: House, lifecycle: Lifecycle) -> None:
    ben.get(page)
    ben.post(f"{page}/refuse", doubt=Doubt.NOT_THEM.value)
    assert "was told that you do not confirm" in ben.get(page)
    vouch = house.store.vouches.get(page.rpartition("/")[2])
    assert vouch is not None
    assert lifecycle.get(vouch.verification_id).state is State.FAILED


@pytest.mark.parametrize("path", ["sign", "refuse"])
def test_a_missing_choice_is_said_on_the_page(ben: Desk, page: str, path: str) -> None:
    ben.get(page)
    answer = ben.post(f"{page}/{path}")
    assert answer.status_code == 422
    assert "Say " in answer.text


def test_sr_29_nobody_vouches_in_somebody_elses_name(desk: Desk, page: str, house: House) -> None:
    assert "Somebody else is asked" in desk.get(page, 409)
    desk.get("/")
    assert desk.post(f"{page}/sign", met=Met.IN_PERSON.value).status_code == 409
    vouch = house.store.vouches.get(page.rpartition("/")[2])
    assert vouch is not None
    assert vouch.signed_at is None


@pytest.mark.parametrize("path", ["/vouch/MS-2222222222", "/vouch/x", "/vouch/%3Cb%3E"])
def test_a_page_that_is_not_there_says_so(desk: Desk, path: str) -> None:
    assert "This link does not work." in desk.get(path, 404)


def test_an_answer_to_a_request_that_is_gone_is_the_neutral_page(
    ben: Desk, page: str, lifecycle: Lifecycle, house: House
) -> None:
    ben.get(page)
    vouch = house.store.vouches.get(page.rpartition("/")[2])
    assert vouch is not None
    read = lifecycle.get(vouch.verification_id)
    lifecycle.cancel(read.id, AGENT, "Solved.")
    assert ben.post(f"{page}/sign", met=Met.IN_PERSON.value).status_code == 404
