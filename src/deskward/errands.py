"""Does what must happen outside: notes, messages, closing; retried, in order, once."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from deskward.core.console import ErrandRows
from deskward.core.errors import (
    ConflictError,
    DeskwardError,
    NotFoundError,
    OutsideError,
    RejectedError,
    UncertainError,
    UnreachableError,
    places,
)
from deskward.core.integrations import CHANNELS, CONNECTORS, DIRECTORIES
from deskward.core.notes import note_of
from deskward.core.ports import Delivery, Errand, ErrandKind, KnownTicket, Receipt
from deskward.core.resets import KeepsLog
from deskward.core.sign_ins import SignInLog
from deskward.core.tickets import Closing, Ticket
from deskward.lifecycle import BASELINE, House, Lifecycle, checking
from deskward.lifecycle.importing import due, import_directory
from deskward.lifecycle.learning import learn
from deskward.lifecycle.pulsing import Pulses
from deskward.lifecycle.reconciling import logs_of, reconcile
from deskward.lifecycle.signed_in import learn_sign_ins
from deskward.lifecycle.writing import message_of, wanted

LEASE = timedelta(minutes=2)
PRUNE_EVERY, PRUNE_MORE = timedelta(hours=1), timedelta(seconds=5)
IMPORT_AGAIN = timedelta(minutes=10)
RESETS_EVERY, RESETS_MORE = timedelta(minutes=1), timedelta(seconds=5)
SIGN_INS_EVERY, SIGN_INS_MORE = timedelta(hours=1), timedelta(seconds=5)
LONGEST_WAIT = 300.0
PARK_SMS_AFTER = 5
PARK_FAULT_AFTER = 20
CLOSING_COMMENT = "The requester's identity was verified and the request was completed. Reference: {id}"
log = structlog.get_logger("deskward.errands")


def wait_of(attempts: int) -> float:
    """Give the seconds before the next try: doubling from 1, at most 300, with jitter."""
    ceiling = min(LONGEST_WAIT, 2.0 ** min(attempts, 9))
    return ceiling * (0.5 + secrets.randbelow(1000) / 2000)


@dataclass
class Errands:
    """Drains lanes; a runner tells which. `holder` names this process on its leases."""

    house: House
    lifecycle: Lifecycle
    rows: ErrandRows
    holder: str
    _polled: dict[str, datetime] = field(default_factory=dict)
    _imported: dict[str, datetime] = field(default_factory=dict)
    _sign_ins_at: dict[str, datetime] = field(default_factory=dict)
    _resets_at: dict[str, datetime] = field(default_factory=dict)
    _prune_at: datetime | None = None

    def __post_init__(self) -> None:
        self._pulses = Pulses(self.house)

    def drain(self, lane: str) -> None:
        """Do what is due in a lane, in order, until nothing is."""
        while errand := self._claim(lane):
            self._run(errand)

    def tick(self) -> None:
        """Time out what waited too long, learn from results, forget what nobody needs, poll, read logs."""
        self.lifecycle.expire()
        learn(self.house)
        now = self.house.clock.now()
        if self._prune_at is None or now >= self._prune_at:
            self._prune_at = now + PRUNE_EVERY
            if self.house.store.prune(now, self.house.retention):
                self._prune_at = now + PRUNE_MORE
        for name in self.house.people:
            self._import(name, now)
        for name in self.house.sign_ins:
            self._learn_sign_ins(name, now)
        for name, kept in logs_of(self.house).items():
            self._reconcile(name, kept, now)
        for name, connector in self.house.connectors.items():
            last = self._polled.get(name)
            if last is None or now - last >= timedelta(seconds=connector.poll_seconds):
                self._polled[name] = now
                self._poll(name)

    def _import(self, name: str, now: datetime) -> None:
        tried = self._imported.get(name)
        if tried is not None and now - tried < IMPORT_AGAIN:
            return
        self._imported[name] = now
        try:
            if due(self.house, name, now):
                with self._pulses.of(DIRECTORIES, name):
                    people = import_directory(self.house, name)
                log.info("directory imported", directory=name, people=people)
        except DeskwardError as error:
            log.warning("import failed", directory=name, reason=error.text)

    def _learn_sign_ins(self, name: str, now: datetime) -> None:
        """Read once an hour, at a calm pace while more is waiting; after a failure as for an import."""
        if now < self._sign_ins_at.get(name, now):
            return
        wait = IMPORT_AGAIN
        try:
            with self._pulses.of(checking.SIGNALS, self._log_of(name)):
                wait = SIGN_INS_MORE if learn_sign_ins(self.house, name) else SIGN_INS_EVERY
        except DeskwardError as error:
            log.warning("sign-ins not learned", directory=name, reason=error.text)
        self._sign_ins_at[name] = now + wait

    def _reconcile(self, name: str, kept: KeepsLog, now: datetime) -> None:
        """Look for resets without a grant once a minute (SR-68)."""
        if now < self._resets_at.get(name, now):
            return
        wait = RESETS_EVERY
        try:
            with self._pulses.of(DIRECTORIES, name):
                looked = reconcile(self.house, name, kept)
            wait = RESETS_MORE if looked.more else RESETS_EVERY
            for one in looked.incidents:
                log.warning(
                    "reset without a grant",
                    incident=one.id,
                    directory=name,
                    kind=one.kind.value,
                    subject=one.subject_id,
                )
        except DeskwardError as error:
            log.warning("resets not looked at", directory=name, reason=error.text)
        self._resets_at[name] = now + wait

    def _log_of(self, directory: str) -> str:
        logs = {one.teaches: name for name, one in self.house.signals.items() if isinstance(one, SignInLog)}
        return logs.get(directory, directory)

    def _claim(self, lane: str) -> Errand | None:
        now = self.house.clock.now()
        return self.rows.claim(lane, self.holder, now, now + LEASE)

    def _run(self, errand: Errand) -> None:
        known = log.bind(errand=errand.id, kind=errand.kind.value, attempt=errand.attempts)
        try:
            self._doing()[errand.kind](errand)
        except (ConflictError, UncertainError, UnreachableError) as error:
            self._retry(errand, error.text, getattr(error, "retry_after", 0.0))
        except DeskwardError as error:
            known.warning("errand needs a person", reason=error.text)
            self.rows.park(errand, error.text)
        except Exception as error:  # noqa: BLE001 - the outermost edge: one bad errand must not stop the lane
            known.error("errand failed", error=type(error).__name__, where=places(error))
            self._fault(errand, error)
        else:
            self.rows.finish(errand, self.house.clock.now())

    def _fault(self, errand: Errand, error: Exception) -> None:
        text = f"An unexpected {type(error).__name__}; see the log."
        if errand.attempts >= PARK_FAULT_AFTER:
            self.rows.park(errand, text)
        else:
            self._retry(errand, text, 0.0)

    def _retry(self, errand: Errand, text: str, at_least: float) -> None:
        seconds = max(at_least, wait_of(errand.attempts))
        log.info("errand waits", errand=errand.id, kind=errand.kind.value, seconds=round(seconds), reason=text)
        self.rows.retry(errand, self.house.clock.now() + timedelta(seconds=seconds), text)

    def _doing(self) -> Mapping[ErrandKind, Callable[[Errand], None]]:
        return {
            ErrandKind.INTAKE: self._intake,
            ErrandKind.NOTE: self._note,
            ErrandKind.STATUS: self._status,
            ErrandKind.SEND: self._send,
            ErrandKind.CLOSE: self._close,
            ErrandKind.HAND_OVER: self._hand_over,
            ErrandKind.SETTLE: self._settle,
            ErrandKind.CONFIRM: self._confirm,
            ErrandKind.REVOKE: self._revoke,
            ErrandKind.CHECK: self._check,
            ErrandKind.END_ACCESS: self._end_access,
        }

    def _intake(self, errand: Errand) -> None:
        with self._pulses.of(CONNECTORS, errand.about["connector"]):
            ticket = self.house.connectors[errand.about["connector"]].read(errand.about["ticket"])
        if ticket:
            self.lifecycle.open(ticket)

    def _note(self, errand: Errand) -> None:
        verification = self.lifecycle.get(errand.about["verification"])
        seq = int(errand.about["seq"])
        event = next((e for e in self.house.store.events(verification.id) if e.seq == seq), None)
        if event is None:
            raise NotFoundError(f"The event {seq} of this note is missing.")
        note = note_of(event, verification, self.house.words)
        connector = self.house.connectors[verification.connector]
        checking.told_of_notes(self.house, verification.connector)
        with self._pulses.of(CONNECTORS, verification.connector):
            connector.add_note(verification.ticket_id, note.marker, note.as_text(), note.as_html())

    def _status(self, errand: Errand) -> None:
        verification = self.lifecycle.get(errand.about["verification"])
        connector = self.house.connectors[verification.connector]
        with self._pulses.of(CONNECTORS, verification.connector):
            connector.show_status(verification.ticket_id, verification.status.label)

    def _send(self, errand: Errand) -> None:
        sending = self.house.store.sending(errand.about["sending"])
        verification = self.lifecycle.get(errand.about["verification"])
        if (
            sending is None
            or sending.delivery is not Delivery.QUEUED
            or not wanted(self.house, verification, sending)
        ):
            return
        channel = self.house.channels[sending.channel]
        message = message_of(self.house, verification, sending, channel.kind)
        try:
            with self._pulses.of(CHANNELS, sending.channel):
                receipt = channel.send(message, again=errand.attempts > 1)
        except UncertainError as error:
            if errand.attempts < PARK_SMS_AFTER:
                raise
            receipt = Receipt(Delivery.UNKNOWN, text=f"{error.text} Ask the requester, or send again.")
        self.lifecycle.reported(sending.id, receipt)

    def _revoke(self, errand: Errand) -> None:
        self.lifecycle.revoke(errand.about["verification"])

    def _end_access(self, errand: Errand) -> None:
        self.lifecycle.end_access(errand.about["verification"])

    def _close(self, errand: Errand) -> None:
        verification = self.lifecycle.get(errand.about["verification"])
        comment = CLOSING_COMMENT.format(id=verification.id)
        try:
            with self._pulses.of(CONNECTORS, verification.connector):
                closing = self.house.connectors[verification.connector].close(verification.ticket_id, comment)
        except RejectedError as error:
            closing = Closing(error.text, closed=False, by_hand=True)
        self.lifecycle.closed(verification.id, closing)

    def _hand_over(self, errand: Errand) -> None:
        verification = self.lifecycle.get(errand.about["verification"])
        with self._pulses.of(CONNECTORS, verification.connector):
            self.house.connectors[verification.connector].hand_over(verification.ticket_id)

    def _settle(self, errand: Errand) -> None:
        self.lifecycle.settle(errand.about["verification"], errand.about.get("grant", ""))

    def _confirm(self, errand: Errand) -> None:
        if asked := self.lifecycle.confirmation(errand.about):
            channel, message = asked
            with self._pulses.of(CHANNELS, channel.name):
                channel.send(message, again=errand.attempts > 1)

    def _check(self, errand: Errand) -> None:
        checking.run(self.house, errand.about["checkup"])

    def _poll(self, name: str) -> None:
        try:
            tickets = self.house.connectors[name].waiting()
        except OutsideError as error:
            self._pulses.failed(CONNECTORS, name, error)
            log.warning("poll failed", connector=name, reason=error.text)
            return
        if tickets is None:
            return
        self._pulses.succeeded(CONNECTORS, name)
        # A row of a list may be old by now: it only hints, and the errand reads the ticket in its lane.
        older = [t for t in tickets if self.lifecycle.predates(t)]
        self.house.store.remember(self.lifecycle.seen(t) for t in older if self._new(t))
        if self.house.store.known(name, BASELINE) is None:
            self.house.store.remember([KnownTicket(name, BASELINE, "", "")])
        for ticket in tickets:
            if ticket not in older and self._new(ticket):
                self.lifecycle.hint(name, ticket.id)
        self._look_after_missing(name, {t.id for t in tickets})

    def _new(self, ticket: Ticket) -> bool:
        return self.house.store.known(ticket.connector, ticket.id) != self.lifecycle.seen(ticket)

    def _look_after_missing(self, name: str, seen: set[str]) -> None:
        for ticket_id in self.house.store.open_tickets(name):
            if ticket_id not in seen:
                self.lifecycle.hint(name, ticket_id)
