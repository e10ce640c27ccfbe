"""The way of a verification as steps: sent, delivered, opened, started, result, action, ticket closed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from deskward.core.events import EventKind
from deskward.core.ports import Delivery, Sending
from deskward.core.proof import LINK
from deskward.core.verification import Outcome, State
from deskward.lifecycle.reading import DeskView
from deskward.web.desk.words import METHODS, by_mail, delivery

_SPOKEN = {"done": "done", "now": "now", "wait": "to come", "bad": "problem", "skip": "left out"}
_BAD = {State.FAILED, State.TIMED_OUT, State.CANCELLED, State.DISPUTED}


@dataclass(frozen=True)
class Step:
    """One step; `state` is done, now, wait, bad or skip."""

    title: str
    state: str
    text: str = ""
    at: datetime | None = None

    @property
    def spoken(self) -> str:
        """Say the state in words."""
        return _SPOKEN[self.state]


def steps(view: DeskView) -> tuple[Step, ...]:
    """Give the steps in order; the first that waits is the one that is going on now."""
    found = [_settled(step, view) for step in _steps(view)]
    waiting = next((i for i, step in enumerate(found) if step.state == "wait"), None)
    if waiting is not None and all(s.state != "now" for s in found):
        found[waiting] = Step(found[waiting].title, "now", "waiting")
    return tuple(found)


def say(view: DeskView) -> str:
    """Say the present step in one sentence, for the live region."""
    reached = [s for s in steps(view) if s.state in {"done", "bad"}]
    last = reached[-1] if reached else None
    return f"{last.title}. {view.verification.status.sentence}" if last else view.verification.status.sentence


def _steps(view: DeskView) -> Iterator[Step]:
    v, link = view.verification, _last_link(view)
    if link:
        yield Step("Sent", "done", f"to {link.masked}, {link.label}", link.at)
        yield _delivered(link, begun=v.started_at is not None)
        yield from _second(view, link)
    yield _opened(view)
    yield Step(
        "Started",
        "done" if v.started_at else "wait",
        "The right code was entered." * bool(v.started_at),
        v.started_at,
    )
    yield from _proofs(view)
    yield _result(view)
    if v.action:
        yield _acted(view)
        yield from _closed(view)


def _settled(step: Step, view: DeskView) -> Step:
    stopped = view.verification.state in _BAD
    return Step(step.title, "skip", step.text, step.at) if stopped and step.state in {"wait", "now"} else step


def _last_link(view: DeskView) -> Sending | None:
    return next((s for s in reversed(view.sendings) if s.purpose == "link"), None)


def _second(view: DeskView, link: Sending) -> Iterator[Step]:
    """Tell of the code that went to a second address with this link."""
    for code in view.sendings:
        if code.purpose == "code" and code.form_key == link.form_key:
            step = _delivered(code, begun=view.verification.started_at is not None)
            yield Step(f"Code: {step.title}", step.state, step.text or f"to {code.masked}, {code.label}")


def _delivered(link: Sending, *, begun: bool) -> Step:
    words, _ = delivery(link)
    if link.delivery is Delivery.REFUSED and not begun:
        return Step(words, "bad", link.detail or "Send to another address.")
    arrived = begun or link.delivery in {Delivery.ACCEPTED, Delivery.DELIVERED}
    if not arrived:
        return Step(words, "now")
    known = link.delivery in {Delivery.ACCEPTED, Delivery.DELIVERED}
    return Step(words if known else "Delivered", "done", "" if by_mail(link) else "by SMS")


def _opened(view: DeskView) -> Step:
    v = view.verification
    if v.started_at:
        return Step("Opened", "done")
    if v.opens:
        times = "once" if v.opens == 1 else f"{v.opens} times"
        return Step("Opened, perhaps by a mail scanner", "done", times)
    return Step("Opened", "wait")


def _proofs(view: DeskView) -> Iterator[Step]:
    """Tell of proof beyond the link, where any was given or is asked for."""
    v = view.verification
    given = [p.method for p in v.proofs if p.method != LINK]
    for method in given:
        yield Step(f"Proof: {METHODS.get(method, method.replace('_', ' '))}", "done")
    if v.state is State.STARTED and v.agreed_at:
        text = "Colleagues are asked to vouch." if v.asked.get("sent") else "The requester is asked for more."
        yield Step("More proof", "now", text)


def _result(view: DeskView) -> Step:
    v = view.verification
    if v.outcome is Outcome.BREAK_GLASS:
        return Step("Result: let through by break-glass", "done", v.reason, v.approved_at)
    if v.state is State.HELD:
        return Step("Result: waiting", "now", v.reason, v.hold_until)
    if v.state is State.REVIEW:
        return Step("Result: in review", "now", v.reason, v.decided_at)
    if v.outcome is Outcome.FAILED or (v.state in _BAD and v.outcome is not Outcome.PASSED):
        return Step(f"Result: {v.status.label}", "bad", v.reason, v.ended_at)
    if v.outcome is Outcome.PASSED:
        return Step("Result: Passed", "done", f"Risk level: {v.risk_level.value}", v.decided_at)
    return Step("Result", "wait")


def _acted(view: DeskView) -> Step:
    v, title = view.verification, view.action_title
    events = {e.kind: e for e in view.events}
    if v.state is State.DONE:
        return Step(title, "done", "The requester completed it.", v.ended_at)
    if v.state in _BAD and v.outcome in {Outcome.PASSED, Outcome.BREAK_GLASS}:
        return Step(title, "bad", v.reason, v.ended_at)
    if EventKind.ACTION_UNKNOWN in events:
        return Step(title, "bad", "Not known whether it was done. Check the account.")
    if EventKind.ACTION_REFUSED in events:
        return Step(title, "now", "The directory refused; the requester may try again.")
    return Step(title, "wait")


def _closed(view: DeskView) -> Iterator[Step]:
    v = view.verification
    by_hand = next((e for e in view.events if e.kind is EventKind.CLOSE_BY_HAND), None)
    if by_hand:
        yield Step("Done, not closed", "bad", "Close the ticket by hand.", by_hand.at)
    elif v.closed_status:
        closed = next((e.at for e in view.events if e.kind is EventKind.CLOSED), None)
        yield Step("Ticket closed", "done", "", closed)
    elif v.connector and view.category and view.category.closes:
        yield Step("Ticket closed", "wait")
