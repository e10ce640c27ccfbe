"""The details view: labels, report, errands, and what an agent can do there."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from deskward.core.errors import UnreachableError
from deskward.core.events import Event, EventKind
from deskward.core.ports import Change, Delivery, ErrandKind, ErrandState, Receipt
from deskward.core.secret import Secret
from deskward.core.verification import Outcome, State, Verification
from deskward.lifecycle import Lifecycle
from deskward.store.opening import Opened
from tests.fakes import ANNA, BEN, FakeConnector, FakeDirectory
from tests.web.conftest import Sent
from tests.web.desk.conftest import Desk

Open = Callable[..., Verification]
Send = Callable[..., Sent]
LABELS = (
    "Ticket Number &amp; Subject",
    "Description",
    "Requested action",
    "Requestor User Name &amp; Email",
    "Verification Status",
    "Risk Level",
    "Initiated by",
    "Analysis Report",
    "Additional information about the user",
    "Timestamp",
)
SCRIPTS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "{{ 7*7 }}{% raw %}",
    "'-alert(1)-'",
    "</dd></dl><script>alert(1)</script>",
)


@pytest.fixture
def review(sent: Send, lifecycle: Lifecycle) -> Verification:
    link = sent(typed="new@elsewhere.example")
    for _ in range(2):
        lifecycle.start(link.token, "000000", address="192.0.2.1", pin_key="")
    v, secret = lifecycle.start(link.token, link.code, address="192.0.2.1", pin_key="")
    return lifecycle.answer(secret.reveal(), v.version)


def test_the_labels_are_exactly_these(desk: Desk, opened: Open) -> None:
    page = desk.get(f"/verifications/{opened().id}")
    for label in LABELS:
        assert f">{label}<" in page
    assert "https://changegear.example.com/ticket/1001" in page
    assert "Not decided yet" in page


def test_a_20_sr_108_ticket_text_is_text(desk: Desk, opened: Open) -> None:
    script = " ".join(SCRIPTS)
    verification = opened(subject=script, description=script)
    for path in (f"/send/{verification.id}", f"/verifications/{verification.id}"):
        page = desk.get(path)
        for part in SCRIPTS:
            assert part not in page or "<" not in part
        assert "&lt;script&gt;alert(1)" in page
        assert "{{ 7*7 }}" in page


def test_the_report_adds_up_and_names_source_proof_and_reason(desk: Desk, review: Verification) -> None:
    page = desk.get(f"/verifications/{review.id}")
    assert sum(f["weight"] for f in review.findings) == review.risk_score
    for finding in review.findings:
        assert finding["text"] in page
        assert f"{finding['weight']:.1f}" in page
    assert f">{review.risk_score:.1f}<" in page
    assert "P1" in page
    assert review.reason in page
    assert "Not decided - Ask for stronger proof before any action" in page
    assert "Caller-supplied" not in page.split("Addresses on file")[1].split("</dl>")[0]


def test_the_users_account_is_told_masked(desk: Desk, opened: Open, directory: FakeDirectory) -> None:
    verification = opened()
    page = desk.get(f"/verifications/{verification.id}")
    for words in ("anna.berg", "Active", "Ben Vogel", "Sales", "a•••@p•••.example", "Established"):
        assert words in page
    directory.people[ANNA.id] = replace(ANNA, locked=True, privileged=True, destinations=(), groups=(), manager="")
    page = desk.get(f"/verifications/{verification.id}")
    assert "Locked" in page
    assert "None on file" in page
    directory.people[ANNA.id] = replace(ANNA, enabled=False)
    assert "Disabled" in desk.get(f"/verifications/{verification.id}")
    directory.people.clear()
    assert "not in the directory any more" in desk.get(f"/verifications/{verification.id}")


def test_the_time_line_names_who_did_what(desk: Desk, sent: Send, lifecycle: Lifecycle, store: Opened) -> None:
    link = sent()
    lifecycle.reported(link.verification.sending_id, Receipt(Delivery.REFUSED, "", "550 away"))
    page = desk.get(f"/verifications/{link.verification.id}")
    for words in ("Opened", "Link sent", "Kim Agent", "Message not delivered", "550 away"):
        assert words in page


def test_reject_ends_a_review_and_needs_a_reason(desk: Desk, review: Verification, store: Opened) -> None:
    path = f"/verifications/{review.id}"
    desk.get(path)
    empty = desk.post(f"{path}/reject", reason="  ")
    assert empty.status_code == 422
    assert "Say why the request is rejected." in empty.text
    assert 'aria-invalid="true"' in empty.text
    assert desk.post(f"{path}/reject", reason="The voice was wrong").headers["location"] == path
    now = store.store.get(review.id)
    assert now
    assert now.state is State.FAILED
    assert "Not verified - Do not proceed" in desk.get(path)
    assert desk.post(f"{path}/reject", reason="again").status_code == 409


def test_cancel_and_start_again(desk: Desk, sent: Send, connector: FakeConnector) -> None:
    link = sent()
    path = f"/verifications/{link.verification.id}"
    desk.get(path)
    assert desk.post(f"{path}/cancel").headers["location"] == path
    assert "Cancelled" in desk.get(path)
    fresh = desk.post(f"{path}/again").headers["location"]
    assert fresh.startswith("/send/DW-")
    connector.tickets.clear()
    gone = desk.post(f"{path}/again")
    assert gone.status_code == 409
    assert "Open a new ticket." in gone.text
    for part in ("again", "cancel"):
        assert desk.post(f"/verifications/DW-2222222222/{part}").status_code == 404


@pytest.mark.parametrize(("seen", "state"), [("done", State.DONE), ("not done", State.CANCELLED)])
def test_an_action_in_doubt_is_ended_by_what_the_agent_saw(
    desk: Desk, sent: Send, store: Opened, seen: str, state: State
) -> None:
    link = sent()
    path, button = f"/verifications/{link.verification.id}", f"Checked: it was {seen}"
    acting = replace(link.verification, state=State.ACTING, outcome=Outcome.PASSED)
    begun = Event(acting.id, EventKind.ACTING, acting.updated_at, "requester")
    acting = store.store.save(acting, Change(event=begun))
    assert button not in desk.get(path)
    assert desk.post(f"{path}/checked", seen=seen).status_code == 409
    store.store.save(acting, Change(event=replace(begun, kind=EventKind.ACTION_UNKNOWN)))
    assert button in desk.get(f"/send/{acting.id}")
    assert button in desk.get(path)
    assert desk.post(f"{path}/checked", seen="").status_code == 422
    assert desk.post(f"{path}/checked", seen=seen).headers["location"] == path
    now = store.store.get(acting.id)
    assert now
    assert now.state is state
    assert f"Kim Agent checked the account: the action was {seen}." in desk.get(path)


def test_a_stopped_errand_can_be_tried_again(desk: Desk, opened: Open, store: Opened) -> None:
    verification = opened()
    path = f"/verifications/{verification.id}"
    errand = store.console.errands(verification.id)[0]
    now = store.clock.now()
    held = store.rows.claim(errand.lane, "me", now, now)
    assert held
    store.rows.park(held, "The ticketing system said no.")
    page = desk.get(path)
    assert "The ticketing system said no." in page
    assert "Stopped" in page
    assert desk.post(f"{path}/replay", errand=str(held.id)).headers["location"] == path
    assert store.console.errands(verification.id)[0].state is ErrandState.DUE
    assert "Errand tried again by hand" in desk.get(path)
    assert store.store.events(verification.id)[-1].actor == "agent:AG-KIM"
    for wrong in ("", "99999", "x", "٣"):
        assert desk.post(f"{path}/replay", errand=wrong).status_code == 404


def test_while_the_directory_is_down_the_details_still_show(
    desk: Desk, opened: Open, directory: FakeDirectory
) -> None:
    verification = opened()
    directory.down = UnreachableError("The roster is away.")
    assert "The roster is away." in desk.get(f"/verifications/{verification.id}")


def test_while_the_directory_is_down_an_analyst_sees_a_result_and_marks_it_later(
    ada: Desk, sent: Send, lifecycle: Lifecycle, directory: FakeDirectory
) -> None:
    passed = passed_by(sent, lifecycle)
    lifecycle.act(passed, {"password": Secret("violet otter paints 9 barns")})
    path = f"/verifications/{passed.id}"
    assert "Missed" in ada.get(path)
    directory.down = UnreachableError("The roster is away.")
    page = ada.get(path)
    assert ("The roster is away." in page, "Missed" in page) == (True, False)


def test_a_refusal_stands_on_top(desk: Desk, opened: Open) -> None:
    verification = opened(requester_id="p-nobody")
    page = desk.get(f"/verifications/{verification.id}")
    assert verification.refusal in page
    assert "No account is bound" in page
    assert BEN.name not in page


def test_sr_72_the_next_agent_sees_every_attempt_for_the_person_and_no_answer(
    desk: Desk, review: Verification, opened: Open
) -> None:
    assert "None on file." in desk.get(f"/verifications/{review.id}")
    fresh = opened("1777")
    for page in (desk.get(f"/verifications/{fresh.id}"), desk.get(f"/send/{fresh.id}")):
        assert f'href="/verifications/{review.id}">{review.ticket_number}</a>' in page
        assert "2 wrong answers" in page
        assert "000000" not in page
    assert "1 other request for this person" in desk.get(f"/send/{fresh.id}")
    other = opened("1778", requester_id="p-ben")
    assert review.id not in desk.get(f"/send/{other.id}") + desk.get(f"/verifications/{other.id}")


def passed_by(sent: Send, lifecycle: Lifecycle) -> Verification:
    link = sent()
    v, secret = lifecycle.start(link.token, link.code, address="192.0.2.1", pin_key="")
    return lifecycle.answer(secret.reveal(), v.version)


def test_a_suspicious_pass_is_handed_to_an_approver_with_a_reason(
    desk: Desk, sent: Send, lifecycle: Lifecycle
) -> None:
    passed = passed_by(sent, lifecycle)
    path = f"/verifications/{passed.id}"
    assert "<summary>Send to review</summary>" in desk.get(path)
    empty = desk.post(f"{path}/review", reason=" ")
    assert (empty.status_code, "Say why" in empty.text) == (422, True)
    assert desk.post(f"{path}/review", reason="The voice changed.").headers["location"] == path
    page = desk.get(path)
    assert "Kim Agent handed it to an approver: The voice changed." in page
    assert "Send to review" not in page
    assert "Another person with the role approver decides here." in page
    again = desk.post(f"{path}/review", version=str(passed.version), reason="Twice.")
    assert again.status_code == 409


def test_the_account_is_described_with_what_the_directory_knows(
    desk: Desk, opened: Open, directory: FakeDirectory
) -> None:
    directory.people["o-anna"] = replace(
        ANNA, title="Buyer", team="Purchasing", office="Hall 3", started_on=date(2021, 4, 1), locked=True
    )
    page = desk.get(f"/verifications/{opened().id}")
    for text in ("Anna Berg, Buyer", "Purchasing, Hall 3", "01 Apr 2021", ">roster<", "Locked", "Sales"):
        assert text in page


def test_each_note_stands_there_with_its_words_and_whether_the_ticket_has_it(
    desk: Desk, sent: Send, store: Opened
) -> None:
    link = sent()
    path = f"/verifications/{link.verification.id}"
    page = desk.get(path)
    notes = page.partition('id="notes"')[2].partition("</section>")[0]
    assert notes.index("Identity verification needed") < notes.index("Verification link sent")
    assert notes.count(">Waiting<") == 2
    assert f"Ref: {link.verification.id}-1" in notes
    assert link.token not in page
    note = next(e for e in store.console.errands(link.verification.id) if e.kind is ErrandKind.NOTE)
    held = store.rows.claim(note.lane, "me", note.due_at, note.due_at)
    assert held
    store.rows.park(held, "The ticket is closed.")
    notes = desk.get(path).partition('id="notes"')[2].partition("</section>")[0]
    assert "The ticket is closed." in notes
    assert "Try again" in notes
    desk.post(f"{path}/replay", errand=str(held.id))
    assert store.console.errands(link.verification.id)[0].state is ErrandState.DUE


def test_resend_leads_to_the_form(desk: Desk, sent: Send) -> None:
    link = sent()
    address = f"/send/{link.verification.id}?again=1"
    assert f'href="{address}"' in desk.get(f"/verifications/{link.verification.id}")
    assert 'name="form_key"' in desk.get(address)
