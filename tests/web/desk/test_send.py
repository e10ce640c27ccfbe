"""The send page: what it offers, what it refuses, and that it sends once."""

import re
from collections.abc import Callable
from dataclasses import replace
from threading import Barrier, Thread

import pytest

from deskward.core.destinations import Destination, Kind
from deskward.core.errors import UnreachableError
from deskward.core.ports import Delivery, Receipt
from deskward.core.verification import State, Verification
from deskward.lifecycle import Lifecycle
from deskward.store.opening import Opened
from tests.fakes import ANNA, BEN, FakeClock, FakeDirectory
from tests.web.conftest import Sent
from tests.web.desk.conftest import Desk

Open = Callable[..., Verification]
Send = Callable[..., Sent]
SENDING = {"on_phone": "yes", "choice": "d-mail"}
FULL = ("anna@private.example", "+4915112345678", "4915112345678", "15112345678")


def shown_code(page: str) -> str:
    found = re.search(r'<p class="code"><span>(\d{3})</span> <span>(\d{3})</span>', page)
    return found.group(1) + found.group(2) if found else ""


def send(desk: Desk, verification: Verification, status: int = 303, **fields: str) -> str:
    desk.get(f"/send/{verification.id}" + ("?again=1" if verification.sends else ""))
    answer = desk.post(f"/send/{verification.id}", **(SENDING | fields))
    assert answer.status_code == status, answer.text
    return answer.text


def test_the_page_shows_ticket_requester_action_and_preselects_the_first_established_address(
    desk: Desk, opened: Open
) -> None:
    page = desk.get(f"/send/{opened().id}")
    for words in (
        "Send Verification Portal Link",
        "IR-1001",
        "I cannot sign in",
        "Anna Berg",
        "Reset the password",
    ):
        assert words in page
    assert "Is the requester on the phone?" in page
    assert re.search(r'value="d-mail"[^>]* checked', page)
    assert re.search(r'name="on_phone" value="yes" checked', page)
    assert "Leads all the way" in page


def test_sending_shows_the_call_code_and_the_steps(
    desk: Desk, opened: Open, secrets_of: Callable[..., Sent], store: Opened
) -> None:
    verification = opened()
    send(desk, verification)
    page = desk.get(f"/send/{verification.id}")
    now = store.store.get(verification.id)
    assert now
    assert (now.state, now.agent_name) == (State.SENT, "Kim Agent")
    assert shown_code(page) == secrets_of(now).code
    assert "Say this code to the caller:" in page
    for words in ("Waiting to go out", "Resend", "New call code", "Cancel"):
        assert words in page
    assert 'data-live="/send/' in page


def test_sr_35_no_page_of_the_desk_holds_a_full_address_a_link_or_another_secret(
    desk: Desk, sent: Send, lifecycle: Lifecycle
) -> None:
    link = sent(on_phone=False)
    typed = sent("1002", typed="new@elsewhere.example")
    pages = [desk.get("/"), desk.get("/news?since=2020-01-01T00:00:00%2B00:00")]
    for v in (link.verification, typed.verification):
        paths = (f"/send/{v.id}", f"/send/{v.id}?again=1", f"/send/{v.id}/progress", f"/verifications/{v.id}")
        pages += [desk.get(path) for path in paths]
    for page in pages:
        for secret in (*FULL, "new@elsewhere.example", link.token, typed.token, link.fallback, link.code):
            assert secret not in page
        assert link.verification.link_nonce not in page
    assert "a•••@p•••.example" in pages[2]


def test_the_call_code_is_on_the_send_page_only(desk: Desk, sent: Send) -> None:
    link = sent()
    assert shown_code(desk.get(f"/send/{link.verification.id}")) == link.code
    details = desk.get(f"/verifications/{link.verification.id}")
    assert link.code not in details
    assert f"{link.code[:3]} {link.code[3:]}" not in details


def test_sr_137_a_form_clicked_64_times_at_once_sends_once(desk: Desk, opened: Open, store: Opened) -> None:
    verification = opened()
    desk.get(f"/send/{verification.id}")
    fields, barrier, seen = desk.hidden() | SENDING, Barrier(64), list[int]()

    def click() -> None:
        barrier.wait()
        answer = desk.client.post(f"/send/{verification.id}", data=fields, follow_redirects=False)
        seen.append(answer.status_code)

    threads = [Thread(target=click) for _ in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [303] * 64
    assert [s.purpose for s in store.store.sendings(verification.id)] == ["notice-start", "link"]


def test_the_second_of_two_agents_sees_where_it_stands(desk: Desk, opened: Open) -> None:
    verification = opened()
    desk.get(f"/send/{verification.id}")
    stale = desk.seen
    send(desk, verification)
    desk.seen = stale
    answer = desk.post(f"/send/{verification.id}", **SENDING, form_key="another-form-key-1234")
    assert answer.status_code == 409
    assert "changed since you opened the page" in answer.text
    assert "Say this code to the caller:" in answer.text


def test_a_typed_private_address_on_file_counts_as_that_one(desk: Desk, opened: Open, store: Opened) -> None:
    verification = opened()
    send(desk, verification, choice="typed", kind="email", typed=" Anna@Private.example ")
    assert store.store.sendings(verification.id)[0].provenance.value == "established"


def test_a_caller_supplied_address_needs_a_reason_and_keeps_what_was_typed(
    desk: Desk, opened: Open, store: Opened
) -> None:
    verification = opened()
    typed = {"choice": "typed", "kind": "email", "typed": "who@else.example", "again": "who@else.example"}
    page = send(desk, verification, 422, **typed)
    assert "needs a reason" in page
    assert 'value="who@else.example"' in page
    assert re.search(r'id="reason"[^>]*aria-invalid="true"', page)
    answer = desk.post(
        f"/send/{verification.id}",
        on_phone="yes",
        choice="typed",
        kind="email",
        typed="who@else.example",
        again="Who@else.example",
        reason="Another reason",
        reason_text="On a boat",
    )
    assert answer.status_code == 303
    assert store.store.sendings(verification.id)[-1].reason == "Another reason: On a boat"


LOOKS = (
    ("anna@private.example", "email", "established", "is on file and established"),
    ("+4915112345678", "sms", "established", "is on file and established"),
    ("anna@private.examp1e", "email", "caller-supplied", "is not on file"),
    ("nonsense", "email", "", "not an address that can be used"),
    ("", "email", "", "Type an address"),
    ("who@else.example", "pigeon", "", "Choose e-mail or SMS"),
    ("who@else.example" * 90, "email", "", "not an address"),
    ("wh\u202eo@else.example", "email", "", "not an address"),
)


def test_before_send_the_page_says_what_a_typed_address_is(desk: Desk, opened: Open) -> None:
    verification = opened()
    desk.get(f"/send/{verification.id}")
    for typed, kind, provenance, words in LOOKS:
        answer = desk.post(f"/send/{verification.id}/look", typed=typed, kind=kind)
        assert answer.status_code == 200
        assert f'data-provenance="{provenance}"' in answer.text
        assert words in answer.text
        assert typed not in answer.text or not typed
    assert desk.post("/send/DW-2222222222/look", typed="a@b.example", kind="email").status_code == 404


def test_an_address_on_file_that_is_too_new_is_not_established(
    desk: Desk, opened: Open, directory: FakeDirectory, clock: FakeClock
) -> None:
    fresh = Destination("d-new", Kind.EMAIL, "new@private.example", "private e-mail", "HR", changed_at=clock.now())
    directory.people[ANNA.id] = replace(ANNA, destinations=(fresh,))
    verification = opened()
    page = desk.get(f"/send/{verification.id}")
    assert "not yet established" in page
    looked = desk.post(f"/send/{verification.id}/look", typed="new@private.example", kind="email").text
    assert "is on file, but not established" in looked


def test_off_the_phone_the_code_goes_to_a_second_address(desk: Desk, opened: Open, store: Opened) -> None:
    verification = opened()
    send(desk, verification, on_phone="no", second="d-phone")
    assert [s.purpose for s in store.store.sendings(verification.id)] == ["notice-start", "link", "code"]
    page = desk.get(f"/send/{verification.id}")
    assert "on its way to a second address" in page
    assert shown_code(page) == ""
    assert "New call code" not in page
    assert "Code: Waiting to go out" in page


def test_off_the_phone_with_one_address_the_page_says_call_back(desk: Desk, opened: Open) -> None:
    page = desk.get(f"/send/{opened(requester_id='p-ben').id}")
    assert "Call the requester back on the number on file" in page
    assert 'name="second"' not in page


def test_sr_26_the_page_names_the_risk_of_sms_and_another_way(desk: Desk, opened: Open) -> None:
    page = desk.get(f"/send/{opened().id}")
    assert "a phone number can be taken over. Prefer e-mail, or call back on the number on file" in page


def test_a_limit_is_said_with_its_wait(desk: Desk, opened: Open, lifecycle: Lifecycle) -> None:
    verification = opened()
    send(desk, verification)
    again = lifecycle.get(verification.id)
    desk.get(f"/send/{again.id}?again=1")
    answer = desk.post(f"/send/{again.id}", **SENDING)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 61
    assert "Please wait" in answer.text


def test_a_new_call_code_replaces_the_old_one(desk: Desk, sent: Send) -> None:
    link = sent()
    path = f"/send/{link.verification.id}"
    desk.get(path)
    assert desk.post(f"{path}/code").status_code == 303
    fresh = shown_code(desk.get(path))
    assert fresh
    assert fresh != link.code


def test_an_old_call_code_is_not_shown(desk: Desk, sent: Send, clock: FakeClock) -> None:
    link = sent()
    clock.forward(minutes=10, seconds=1)
    page = desk.get(f"/send/{link.verification.id}")
    assert "The call code is too old" in page
    assert shown_code(page) == ""


def test_cancelling_twice_is_once_and_start_again_opens_a_fresh_one(desk: Desk, sent: Send, store: Opened) -> None:
    link = sent()
    path = f"/send/{link.verification.id}"
    for _ in range(2):
        desk.get(path)
        assert desk.post(f"{path}/cancel").headers["location"] == path
    assert "Cancelled" in desk.get(path)
    fresh = desk.post(f"{path}/again").headers["location"]
    assert fresh != path
    assert "Is the requester on the phone?" in desk.get(fresh)


def test_a_refusal_says_why_and_what_to_do(desk: Desk, opened: Open) -> None:
    verification = opened(requester_id="p-nobody")
    page = desk.get(f"/send/{verification.id}")
    assert "Nothing can be sent" in page
    assert verification.refusal in page
    assert "Start again" in page
    assert '<form class="send' not in page
    assert desk.post(f"/send/{verification.id}", **SENDING, form_key="k" * 32, version="1").status_code == 409
    looked = desk.post(f"/send/{verification.id}/look", typed="a@b.example", kind="email")
    assert "names no requester" in looked.text


def test_while_the_directory_is_down_the_page_says_so(desk: Desk, opened: Open, directory: FakeDirectory) -> None:
    verification = opened()
    directory.down = UnreachableError("The roster is away.")
    page = desk.get(f"/send/{verification.id}")
    assert "The roster is away." in page
    assert "cannot be read" in page


def test_what_cannot_be_done_now_is_said_on_the_page(desk: Desk, opened: Open, lifecycle: Lifecycle) -> None:
    verification = opened(requester_id="p-ben")
    desk.get(f"/send/{verification.id}")
    answer = desk.post(f"/send/{verification.id}/code")
    assert answer.status_code == 409
    assert "There is no call code to renew now." in answer.text
    assert desk.post("/send/DW-2222222222/cancel").status_code == 404
    assert desk.post("/send/DW-2222222222", **SENDING).status_code == 404


GARBAGE = ["", "\x00", "x" * 5000, "-1", "9" * 40, "\u202e", "<script>", "typed", "٣", "\ufffd\ud7ff"]


@pytest.mark.parametrize(
    "field", ["form_key", "version", "on_phone", "choice", "kind", "typed", "second", "reason"]
)
def test_garbage_in_any_field_is_answered_and_never_breaks(desk: Desk, opened: Open, field: str) -> None:
    verification = opened()
    whole = {"on_phone": "no", "choice": "typed", "kind": "email", "typed": "a@b.example", "second": "d-phone"}
    for value in GARBAGE:
        desk.get(f"/send/{verification.id}")
        answer = desk.post(f"/send/{verification.id}", **(whole | {"reason": ""} | {field: value}))
        assert answer.status_code in {409, 422}
        assert "<script>" not in answer.text


@pytest.mark.parametrize("path", ["DW-nope", "DW-2222222222", "%00", "x" * 300, "DW-222222222%0a"])
def test_an_unknown_id_is_a_calm_404(desk: Desk, path: str) -> None:
    for kind in ("send", "verifications"):
        answer = desk.client.get(f"/{kind}/{path}")
        assert answer.status_code == 404
        assert "<h1>" in answer.text


RECEIPTS = (
    (Receipt(Delivery.UNKNOWN, "r", ""), "Not known whether it went out"),
    (Receipt(Delivery.ACCEPTED, "r", "250"), "Accepted by the mail server"),
    (Receipt(Delivery.REFUSED, "r", "550 no such mailbox"), "550 no such mailbox"),
)


def test_the_progress_says_how_far_the_message_has_come(
    desk: Desk, sent: Send, lifecycle: Lifecycle, store: Opened
) -> None:
    link = sent()
    for receipt, words in RECEIPTS:
        lifecycle.reported(link.verification.sending_id, receipt)
        assert words in desk.get(f"/send/{link.verification.id}/progress")


def test_the_progress_follows_the_requester_to_the_closed_ticket(
    desk: Desk, sent: Send, lifecycle: Lifecycle
) -> None:
    from deskward.core.secret import Secret
    from deskward.core.tickets import Closing

    link = sent()
    path = f"/send/{link.verification.id}/progress"
    lifecycle.opened(link.token)
    assert "Opened, perhaps by a mail scanner" in desk.get(path)
    v, secret = lifecycle.start(link.token, link.code, address="192.0.2.1", pin_key="")
    page = desk.get(path)
    assert "The right code was entered." in page
    assert link.code not in page
    lifecycle.answer(secret.reveal(), v.version)
    assert "User verified successfully - Proceed with action" in desk.get(path)
    lifecycle.act(secret.reveal(), {"password": Secret("violet otter paints 9 barns")})
    assert "The requester completed it." in desk.get(path)
    assert "data-live=" in desk.seen
    lifecycle.closed(link.verification.id, Closing("Closed", closed=True))
    page = desk.get(path)
    assert re.search(r'<li class="done">\s*<span class="strong">Ticket closed', page)
    assert "data-live=" not in page


def test_a_ticket_that_is_to_be_closed_by_hand_says_so(desk: Desk, sent: Send, lifecycle: Lifecycle) -> None:
    from deskward.core.secret import Secret
    from deskward.core.tickets import Closing

    link = sent(category_name="Account Unlock", requester_id="p-ben")
    v, secret = lifecycle.start(link.token, link.code, address="192.0.2.1", pin_key="")
    lifecycle.answer(secret.reveal(), v.version)
    lifecycle.act(secret.reveal(), {"none": Secret("")})
    lifecycle.closed(v.id, Closing("Resolved", closed=False, by_hand=True))
    assert "Close the ticket by hand." in desk.get(f"/send/{v.id}")
    assert BEN.name in desk.seen


def test_a_refused_action_and_a_pass_that_timed_out_are_said(
    desk: Desk, sent: Send, lifecycle: Lifecycle, directory: FakeDirectory, clock: FakeClock
) -> None:
    from deskward.core.errors import InvalidError
    from deskward.core.secret import Secret

    link = sent()
    v, secret = lifecycle.start(link.token, link.code, address="192.0.2.1", pin_key="")
    lifecycle.answer(secret.reveal(), v.version)
    directory.refuses = "The password was used before."
    with pytest.raises(InvalidError):
        lifecycle.act(secret.reveal(), {"password": Secret("violet otter paints 9 barns")})
    assert "The directory refused; the requester may try again." in desk.get(f"/send/{v.id}")
    clock.forward(minutes=30)
    lifecycle.expire()
    page = desk.get(f"/verifications/{v.id}")
    assert "Timed Out" in page
    assert "did not complete the action in time" in desk.get(f"/send/{v.id}")


def test_a_review_can_be_sent_again_to_an_established_address(
    desk: Desk, sent: Send, lifecycle: Lifecycle
) -> None:
    link = sent(typed="new@elsewhere.example")
    v, secret = lifecycle.start(link.token, link.code, address="192.0.2.1", pin_key="")
    lifecycle.answer(secret.reveal(), v.version)
    page = desk.get(f"/send/{v.id}")
    assert "In review" in page
    assert "Result: in review" in page
    assert "Is the requester on the phone?" in desk.get(f"/send/{v.id}?again=1")
