"""What was refused or keeps failing stands on one page, hints without a verification too."""

from deskward.core.ports import Errand, ErrandKind
from deskward.store.opening import Opened
from tests.fakes import FakeClock
from tests.web.desk.conftest import Desk


def parked(store: Opened, clock: FakeClock) -> Errand:
    about = {"connector": "changegear", "ticket": "39"}
    store.store.enqueue([Errand(ErrandKind.INTAKE, "changegear:39", "intake:39", about, clock.now())])
    claimed = store.rows.claim("changegear:39", "me", clock.now(), clock.now())
    assert claimed is not None
    store.rows.park(claimed, "The ticketing system said no.")
    return claimed


def test_nothing_stuck_says_so(desk: Desk) -> None:
    assert "All is going out" in desk.get("/errands")


def test_a_parked_hint_is_shown_with_its_ticket_and_can_be_tried_again(
    desk: Desk, store: Opened, clock: FakeClock
) -> None:
    errand = parked(store, clock)
    page = desk.get("/errands")
    assert "The ticketing system said no." in page
    assert "ticket id 39" in page
    answer = desk.post("/errands/replay", errand=str(errand.id))
    assert (answer.status_code, answer.headers["location"]) == (303, "/errands")
    assert list(store.rows.due_lanes(clock.now(), 9)) == ["changegear:39"]


def test_an_errand_that_is_not_stuck_any_more_is_told(desk: Desk) -> None:
    desk.get("/errands")
    answer = desk.post("/errands/replay", errand="7")
    assert answer.status_code == 404
    assert "not stuck any more" in answer.text
