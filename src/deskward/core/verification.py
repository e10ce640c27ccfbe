"""The states of a verification, the table of its moves, and its value."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from deskward.core.break_glass import GlassStep, GlassUse, uses_of
from deskward.core.errors import RefusedError
from deskward.core.proof import Proof, ProofLevel
from deskward.core.risk import RiskLevel


class State(StrEnum):
    """Where a verification stands; DESIGN section 4."""

    OPENED = "opened"
    SENT = "sent"
    STARTED = "started"
    PASSED = "passed"
    ACTING = "acting"
    DONE = "done"
    REVIEW = "review"
    HELD = "held"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    DISPUTED = "disputed"


class Outcome(StrEnum):
    """What the proof came to; separate from the state. `unable`: there can be none, nothing can be sent.

    `break_glass`: it was not enough, and two people let the request through (SR-69).
    """

    NONE = "none"
    UNABLE = "unable"
    PASSED = "passed"
    BREAK_GLASS = "break_glass"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    NOT_ENOUGH_QUESTIONS = "not_enough_questions"


class Mark(StrEnum):
    """What an analyst says of a result afterwards."""

    NONE = ""
    RIGHT = "right"
    FALSE_ALARM = "false_alarm"
    MISSED = "missed"


_STOPS = (State.TIMED_OUT, State.CANCELLED, State.DISPUTED)

MOVES: Mapping[State, frozenset[State]] = {
    State.OPENED: frozenset({State.SENT, State.TIMED_OUT, State.CANCELLED}),
    State.SENT: frozenset({State.SENT, State.STARTED, State.FAILED, *_STOPS}),
    State.STARTED: frozenset({State.SENT, State.PASSED, State.REVIEW, State.HELD, State.FAILED, *_STOPS}),
    State.REVIEW: frozenset({State.SENT, State.PASSED, State.HELD, State.FAILED, *_STOPS}),
    State.HELD: frozenset({State.SENT, State.PASSED, State.REVIEW, State.FAILED, *_STOPS}),
    State.PASSED: frozenset({State.ACTING, State.DONE, State.REVIEW, *_STOPS}),
    State.ACTING: frozenset({State.DONE, State.PASSED, State.CANCELLED}),
    State.DONE: frozenset(),
    State.FAILED: frozenset(),
    State.TIMED_OUT: frozenset(),
    State.CANCELLED: frozenset(),
    State.DISPUTED: frozenset(),
}

ENDS = frozenset({State.DONE, State.FAILED, State.TIMED_OUT, State.CANCELLED, State.DISPUTED})


@dataclass(frozen=True)
class Status:
    """How a state with its outcome reads: label, colour (a design token), next step in one sentence."""

    label: str
    colour: str
    sentence: str


_BY_STATE: Mapping[State, Status] = {
    State.OPENED: Status("In progress", "blue", "Waiting for the agent to send the link."),
    State.SENT: Status("In progress", "blue", "Waiting for the requester to open the link."),
    State.STARTED: Status("In progress", "blue", "The requester is proving who they are."),
    State.REVIEW: Status("In progress", "amber", "Stronger proof or a second person is needed."),
    State.HELD: Status(
        "In progress", "amber", "The proof is enough; the action waits or the requester comes back."
    ),
    State.PASSED: Status("Passed", "green", "The requester proved who they are."),
    State.ACTING: Status("Passed", "green", "The action is being carried out."),
    State.DONE: Status("Passed", "green", "The requester completed the action."),
    State.FAILED: Status("Failed", "red", "The requester did not prove who they are."),
    State.TIMED_OUT: Status("Timed Out", "grey", "Nothing was done in time."),
    State.CANCELLED: Status("Cancelled", "grey", "The verification was cancelled; its link is dead."),
    State.DISPUTED: Status("Failed", "red", "The account's owner said: this is not me."),
}
_BY_BOTH: Mapping[tuple[State, Outcome], Status] = {
    (State.OPENED, Outcome.UNABLE): Status(
        "Cannot be sent", "amber", "No link can be sent for this ticket; the ticket says why."
    ),
    (State.FAILED, Outcome.NOT_ENOUGH_QUESTIONS): Status(
        "Not Enough Questions", "amber", "Too few questions were answered to decide."
    ),
    (State.TIMED_OUT, Outcome.PASSED): Status(
        "Timed Out", "grey", "The requester passed but did not complete the action in time."
    ),
    (State.HELD, Outcome.BREAK_GLASS): Status(
        "In progress", "amber", "Let through by break-glass; the requester may go on."
    ),
    (State.PASSED, Outcome.BREAK_GLASS): Status(
        "Break-glass", "amber", "Let through by break-glass; the requester did not prove enough."
    ),
    (State.ACTING, Outcome.BREAK_GLASS): Status(
        "Break-glass", "amber", "Let through by break-glass; the action is being carried out."
    ),
    (State.DONE, Outcome.BREAK_GLASS): Status(
        "Break-glass", "amber", "Let through by break-glass; the action was completed."
    ),
    (State.TIMED_OUT, Outcome.BREAK_GLASS): Status(
        "Timed Out", "grey", "Let through by break-glass, but the action was not completed in time."
    ),
    (State.PASSED, Outcome.FAILED): Status("Failed", "red", "The account's owner said: this is not me."),
    (State.DONE, Outcome.FAILED): Status("Failed", "red", "The account's owner said: this is not me."),
}


def status_of(state: State, outcome: Outcome) -> Status:
    """Look the pair up in the one table that pages, notes and API read."""
    return _BY_BOTH.get((state, outcome), _BY_STATE[state])


@dataclass(frozen=True)
class Verification:
    """One verification, a row; times are UTC, ids are opaque text.

    `subject_id` is the directory's object id, fixed at opening; empty with `refusal` saying why nothing can be
    sent. `link_*` and `code_*` belong to the newest link; `pin` is the digest of the portal session. `asked` is
    the challenge that waits for its answer, `tried` names those that can be used no more, `misses` counts wrong
    answers by challenge, `signalled` are findings of challenges, `observed` those of signals. `link_kind` is how
    the newest link went out, `link_way` how link and code did, in words. `surroundings` are the raw values that
    signals saw at `looked_at`, kept for 30 days, and `sighting` what is remembered of them for later visits,
    kept for six months (SR-121); `standing` is how far the run had come when it was decided, `shadow` what the
    shadow policy would have decided; `mark` is what an analyst said of the result. `exception` tells that an
    address of the caller's choice was used; `glass` are the steps of break-glass, oldest first.
    """

    id: str
    connector: str
    ticket_id: str
    ticket_number: str
    ticket_subject: str
    ticket_description: str
    ticket_url: str
    category: str
    requester_id: str
    requester_name: str
    requester_email: str
    directory: str
    subject_id: str
    action: str
    opened_at: datetime
    deadline: datetime
    updated_at: datetime
    refusal: str = ""
    state: State = State.OPENED
    outcome: Outcome = Outcome.NONE
    agent_id: str = ""
    agent_name: str = ""
    risk_level: RiskLevel = RiskLevel.NOT_ASSESSED
    risk_score: float | None = None
    findings: tuple[Mapping[str, Any], ...] = ()
    proof_level: ProofLevel = ProofLevel.P0
    proofs: tuple[Proof, ...] = ()
    reason: str = ""
    link_nonce: str = ""
    link_digest: str = ""
    fallback_digest: str = ""
    link_expires_at: datetime | None = None
    sending_id: str = ""
    code_nonce: str = ""
    code_expires_at: datetime | None = None
    code_tries: int = 0
    code_way: str = "call"
    link_kind: str = ""
    link_way: str = ""
    wrong_total: int = 0
    sends: int = 0
    opens: int = 0
    pin: str = ""
    pin_key: str = ""
    started_at: datetime | None = None
    agreed_at: datetime | None = None
    decided_at: datetime | None = None
    acting_stamp: str = ""
    grant_id: str = ""
    ended_at: datetime | None = None
    closed_status: str = ""
    asked: Mapping[str, Any] = field(default_factory=dict)
    asks: int = 0
    tried: tuple[str, ...] = ()
    misses: Mapping[str, int] = field(default_factory=dict)
    transcript: tuple[Mapping[str, Any], ...] = ()
    signalled: tuple[Mapping[str, Any], ...] = ()
    consent: str = ""
    observed: tuple[Mapping[str, Any], ...] = ()
    surroundings: Mapping[str, Any] = field(default_factory=dict)
    sighting: Mapping[str, Any] = field(default_factory=dict)
    looked_at: datetime | None = None
    standing: Mapping[str, Any] = field(default_factory=dict)
    shadow: Mapping[str, Any] = field(default_factory=dict)
    mark: Mark = Mark.NONE
    marked_by: str = ""
    marked_at: datetime | None = None
    exception: bool = False
    approver_id: str = ""
    approver_name: str = ""
    approved_at: datetime | None = None
    hold_until: datetime | None = None
    glass: tuple[GlassStep, ...] = ()
    version: int = 0

    def moved(self, to: State, **changes: Any) -> Self:
        """Return the verification in state `to`; RefusedError when the table has no such move."""
        if self.ended or to not in MOVES[self.state]:
            raise RefusedError(
                f"This verification is {status_of(self.state, self.outcome).label.lower()}; "
                f"it cannot become “{to.value}” now.",
                "Reload the page to see where it stands.",
            )
        return replace(self, state=to, **changes)

    @property
    def ended(self) -> bool:
        """Tell whether nothing moves any more; `passed` ends where no action follows."""
        return _is_end(self.state, self.action)

    @property
    def succeeded(self) -> bool:
        """Tell whether it ended with a pass that still holds."""
        return self.ended and self.state in {State.PASSED, State.DONE} and self.outcome is Outcome.PASSED

    @property
    def let_through(self) -> GlassUse | None:
        """Give the use of break-glass that stands for its approval; None where there is none (SR-69)."""
        return next((use for use in uses_of(self.glass) if use.confirmed.at == self.approved_at), None)

    @property
    def disputed(self) -> bool:
        """Tell whether the owner objected to this run: nothing else fails what did not fail by itself."""
        failed_after = self.outcome is Outcome.FAILED and self.state is not State.FAILED
        return self.state is State.DISPUTED or failed_after

    @property
    def teaches(self) -> bool:
        """Tell whether later visits learn from this one: it was looked at, passed, and nobody objected."""
        return self.looked_at is not None and self.outcome is Outcome.PASSED and not self.disputed

    @property
    def status(self) -> Status:
        """Give label, colour and sentence of this state and outcome."""
        return status_of(self.state, self.outcome)


@dataclass(frozen=True)
class Run:
    """How a verification went, without what was seen and proven: enough for what later ones ask of it."""

    id: str
    ticket_id: str
    category: str
    action: str
    agent_id: str
    state: State
    opened_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def ended(self) -> bool:
        """Tell whether nothing moves any more."""
        return _is_end(self.state, self.action)


def _is_end(state: State, action: str) -> bool:
    return state in ENDS or (state is State.PASSED and not action)
