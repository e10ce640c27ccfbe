"""Raises the threat level until a time, and lowers it early by two different people (SR-67)."""

from dataclasses import replace
from datetime import timedelta

from deskward.core.audit import Deed, Entry
from deskward.core.errors import ConflictError, InvalidError, RefusedError
from deskward.core.threat import HOURS, ThreatLevel
from deskward.lifecycle.house import Actor, House, reason_given, when

_CHANGED = "The threat level changed since you opened the page."


def level_raised(house: House) -> ThreatLevel | None:
    """Read the level as it is kept now; None where it is not raised."""
    found = house.store.threat.read()
    return found if found and found.stands(house.clock.now()) else None


def version_of(house: House) -> int:
    """Give the version that a form names, so that it changes what its reader saw; 0 before the first time."""
    found = house.store.threat.read()
    return found.version if found else 0


def raise_level(house: House, hours: int, reason: str, seen_version: int, actor: Actor) -> Deed | None:
    """Raise it for so many hours, of HOURS; one that is raised is given a later end only.

    Gives what was done; None for a second press of one form. InvalidError without a reason or such an end,
    RefusedError for an end that is not later, ConflictError when it changed since the page was read.
    """
    now, old = house.clock.now(), house.store.threat.read()
    if hours not in HOURS:
        listed = ", ".join(str(one) for one in HOURS)
        raise InvalidError("Say until when the level is raised.", f"Choose one of {listed} hours.", field="hours")
    said = reason_given(reason, "why the level is raised")
    ends_at = now + timedelta(hours=hours)
    version = old.version if old else 0
    if old and version == seen_version + 1 and (old.raiser_id, old.reason, old.asker_id) == (actor.id, said, ""):
        return None
    if version != seen_version:
        raise ConflictError(_CHANGED, "Look again, then decide.")
    if old and old.stands(now) and ends_at <= old.ends_at:
        raise RefusedError(
            f"The level is raised until {when(old.ends_at)} already.",
            "Choose a later end, or ask to lower it: two different people do that.",
        )
    raised = ThreatLevel(version + 1, now, ends_at, actor.id, actor.name, said)
    return _write(house, raised, Deed.THREAT_RAISED, actor, reason=said, ends=when(ends_at))


def lower_level(house: House, seen_version: int, actor: Actor) -> Deed | None:
    """Ask to lower it early, or confirm what another person asked.

    Gives what was done; None for a second press of one form. RefusedError where it is not raised, or who asked
    would confirm it themselves; ConflictError when it changed since the page was read.
    """
    now, old = house.clock.now(), house.store.threat.read()
    if old and old.version == seen_version + 1 and (old.lowered_at or old.asker_id == actor.id):
        return None
    if old is None or not old.stands(now):
        raise RefusedError("The threat level is not raised.", "Look at the page again.")
    if old.version != seen_version:
        raise ConflictError(_CHANGED, "Look again, then decide.")
    if not old.asker_id:
        asked = replace(old, version=old.version + 1, asker_id=actor.id, asked_by=actor.name)
        return _write(house, asked, Deed.THREAT_LOWERING_ASKED, actor)
    if actor.id == old.asker_id:
        raise RefusedError("You asked for it already.", "Another approver or administrator has to confirm it.")
    lowered = replace(old, version=old.version + 1, lowered_at=now)
    return _write(house, lowered, Deed.THREAT_LOWERED, actor, agent=old.asker_id)


def _write(house: House, changed: ThreatLevel, deed: Deed, actor: Actor, **fields: str) -> Deed:
    """Write it with its entry; whoever comes second is told so."""
    entry = Entry(deed, house.clock.now(), str(actor), "", fields)
    if not house.store.threat.write(changed, entry):
        raise ConflictError(_CHANGED, "Look again, then decide.")
    return deed
