"""“Integrations”: how everything outside stands, its tests, webhook addresses, and looks at test notes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from deskward.core.audit import Deed
from deskward.core.errors import DeskwardError, InvalidError, NotFoundError
from deskward.core.integrations import CONNECTORS, ByEye, Checkup, Lane, Pulse
from deskward.core.notes import clean
from deskward.core.secret import Secret
from deskward.lifecycle import House, checking, hook_paths
from deskward.lifecycle.checking import Outside
from deskward.web.desk.doors import Door, Visit, attempted

PAGE, ONE = "/integrations", "/integrations/{place}"
FOLDERS = {
    "connectors": "Ticketing system",
    "actions": "Action of your own",
    "channels": "Channel",
    "directories": "Directory",
    "networks": "Network files",
    "sources": "Source of questions",
    "signals": "Source of signals",
}
SHOWN_LANES, SHOWN_LOOKS = 10, 5


@dataclass(frozen=True)
class Standing:
    """How one integration stands, from the last contact, the newest test, and what is not done."""

    outside: Outside
    pulse: Pulse
    checkup: Checkup | None
    lanes: Sequence[Lane]
    now: datetime
    notes_visible: bool

    @property
    def kind(self) -> str:
        """Say what it is."""
        return FOLDERS[self.outside.place.partition(".")[0]]

    @property
    def running(self) -> bool:
        """Tell whether a test is under way."""
        return self.checkup is not None and self.checkup.running(self.now)

    @property
    def trouble(self) -> Sequence[Any]:
        """List what the newest test found wrong."""
        return [] if self.checkup is None or self.running else [c for c in self.checkup.checks if not c.well]

    @property
    def state(self) -> tuple[str, str]:
        """Give words and colour: the worst comes first."""
        answered = self.pulse.succeeded_at or (self.checkup and self.checkup.done_at)
        return next(
            said
            for holds, said in (
                (self.notes_visible, ("Requesters see notes", "red")),
                (self.pulse.failing and not self.pulse.reached, ("Not reachable", "red")),
                (self.pulse.failing, ("Refused something", "amber")),
                (bool(self.trouble), ("Needs your hands", "amber")),
                (bool(answered), ("Working", "green")),
                (not self.outside.testable, ("Not watched", "grey")),
                (True, ("Not asked yet", "grey")),
            )
            if holds
        )

    @property
    def sums(self) -> Mapping[str, int]:
        """Count what waits, keeps failing and is parked."""
        return {
            "waiting": sum(lane.waiting for lane in self.lanes),
            "failing": sum(lane.failing for lane in self.lanes),
            "parked": sum(lane.parked for lane in self.lanes),
        }


@dataclass(frozen=True)
class IntegrationPages:
    """The list, the page of each integration, and their forms."""

    door: Door
    house: House

    def routes(self) -> list[Route]:
        """Give the routes."""
        return [
            self.door.page(PAGE, self._list),
            self.door.page(ONE, self._show),
            self.door.fragment(f"{ONE}/live", self._live),
            self.door.form(f"{ONE}/test", self._test, page=ONE),
            self.door.form(f"{ONE}/note", self._note, page=ONE),
            self.door.fresh_form(f"{ONE}/look", self._look, page=ONE),
            self.door.fresh_form(f"{ONE}/address", self._address, page=ONE),
        ]

    def _list(self, visit: Visit) -> Response:
        return self.door.show(visit, "integrations.html", here="integrations", standings=self._standings())

    def _show(self, visit: Visit, error: DeskwardError | None = None, address: Secret | None = None) -> Response:
        standing, status = self._standing(visit), error.status if error else 200
        connector = standing.outside.name if standing.outside.place.startswith(f"{CONNECTORS}.") else ""
        return self.door.show(
            visit,
            "integration.html",
            status,
            here="integrations",
            error=error,
            fresh_address=address.reveal() if address else "",
            **self._hook(connector),
            overlap=int(hook_paths.OVERLAP.total_seconds() // 3600),
            notes=self._notes(standing.outside) if connector else None,
            **self._values(standing),
        )

    def _live(self, visit: Visit) -> Response:
        return self.door.show(visit, "checkup.html", **self._values(self._standing(visit)))

    def _test(self, visit: Visit) -> Response:
        return self._do(visit, lambda: self._ask(visit, ""))

    def _note(self, visit: Visit) -> Response:
        def write() -> None:
            ticket = clean(visit.fields.get("ticket", ""))
            if not ticket:
                raise InvalidError(
                    "Name a ticket for the test note.", "A test ticket of your own is best.", "ticket"
                )
            self._ask(visit, ticket)

        return self._do(visit, write)

    def _ask(self, visit: Visit, ticket: str) -> None:
        checkup = checking.ask(self.house, _place(visit), visit.actor, ticket)
        self.door.note(visit.agent, Deed.TESTED, integration=checkup.integration, note=bool(ticket))

    def _look(self, visit: Visit) -> Response:
        def answer() -> None:
            seen, marker = visit.fields.get("seen"), clean(visit.fields.get("marker", ""))
            if seen not in {"hidden", "visible"}:
                raise InvalidError("Say what you saw.", "Use one of the two buttons.")
            name, hidden = checking.outside(self.house, _place(visit)).name, seen == "hidden"
            checking.answer_look(self.house, name, marker, visit.actor, hidden=hidden)
            self.door.note(visit.agent, Deed.NOTE_JUDGED, connector=name, note=marker, hidden=hidden)

        return self._do(visit, answer)

    def _address(self, visit: Visit) -> Response:
        one, seen = checking.outside(self.house, _place(visit)), clean(visit.fields.get("version", ""))
        at_once = visit.fields.get("leaked") == "yes"
        try:
            made = hook_paths.new_address(self.house, _connector(one), visit.actor, seen, at_once=at_once)
        except NotFoundError:
            raise
        except DeskwardError as error:
            return self._show(visit, error)
        self.door.note(visit.agent, Deed.ADDRESS_MADE, connector=one.name, at_once=at_once)
        return self._show(visit, address=made)

    def _do(self, visit: Visit, step: Callable[[], None]) -> Response:
        return attempted(visit, step, self._show, f"{PAGE}/{_place(visit)}")

    def _standings(self) -> list[Standing]:
        rows, now = self.house.store.integrations, self.door.clock.now()
        pulses, checkups, backlog = rows.pulses(), rows.checkups(), rows.backlog()
        return [
            Standing(
                one,
                pulses.get(place, Pulse(place)),
                checkups.get(place),
                backlog.get(place, ()),
                now,
                self._visible(one),
            )
            for place, one in checking.outsides(self.house).items()
        ]

    def _standing(self, visit: Visit) -> Standing:
        wanted = checking.outside(self.house, _place(visit)).place
        return next(one for one in self._standings() if one.outside.place == wanted)

    def _values(self, standing: Standing) -> dict[str, Any]:
        by = checking.name_of(self.house, standing.checkup.asked_by) if standing.checkup else ""
        return {
            "one": standing,
            "asked_by": by,
            "lanes": standing.lanes[:SHOWN_LANES],
            "place": standing.outside.place,
        }

    def _hook(self, connector: str) -> dict[str, Any]:
        if not connector:
            return {"hook": None}
        hook = hook_paths.address_of(self.house, connector)
        return {"hook": hook, "hook_by": checking.name_of(self.house, hook.token.made_by if hook.token else "")}

    def _visible(self, one: Outside) -> bool:
        if not isinstance(one.plugin, ByEye):
            return False
        said = self.house.store.integrations.seen(one.name, one.plugin.note_way)
        return said is not None and said.hidden is False

    def _notes(self, one: Outside) -> dict[str, Any] | None:
        """Tell how notes are written, whether they may be, and what people saw of test notes."""
        plugin = one.plugin
        if not isinstance(plugin, ByEye):
            return None
        checking.told_of_notes(self.house, one.name)
        rows = self.house.store.integrations
        looks = [
            (look, checking.name_of(self.house, look.written_by), checking.name_of(self.house, look.looked_by))
            for look in rows.looks(one.name, SHOWN_LOOKS)
        ]
        return {
            "way": plugin.note_way,
            "said": rows.seen(one.name, plugin.note_way),
            "may": plugin.may_note,
            "looks": looks,
        }


def _place(visit: Visit) -> str:
    return str(visit.request.path_params["place"])


def _connector(one: Outside) -> str:
    return one.name if one.place.startswith(f"{CONNECTORS}.") else ""
