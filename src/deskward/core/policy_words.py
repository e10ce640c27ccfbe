"""A policy in plain words: what an agent and a requester meet, and what would be let through."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from deskward.core.destinations import Kind, Provenance
from deskward.core.policy import Category, Limits, Way
from deskward.core.policy_promises import broken
from deskward.core.policy_table import AALS, Judged, Method, Path, Row, judged, rows
from deskward.core.proof import ActionClass, Evidence

CLASSES = {
    ActionClass.C1: "no secret and no address changes",
    ActionClass.C2: "a new password, or a hand-made change after it; other factors stay",
    ActionClass.C3: "a factor or an address changes",
    ActionClass.C4: "a privileged account",
}
WAYS = {
    Way.CALL: "On a call: the agent reads out a 6-digit code.",
    Way.SECOND: "Not on a call: a 6-digit code goes to a second established address.",
    Way.TOTP: "Not on a call: the code of the requester's authenticator app.",
    Way.PASSKEY: "Not on a call: the requester's passkey.",
}
LINKS = {
    Provenance.ESTABLISHED: "established address",
    Provenance.SAME_LOGIN: "address behind the same login",
    Provenance.CALLER_SUPPLIED: "address the caller supplied",
}
HEAD = ("Account", "Link to an", "And", "Level", "Risk below Medium", "Risk Medium")
NOTHING_PASSES = "Nothing is let through with the challenges that are set up."


def explained(category: Category, limits: Limits, methods: Sequence[Method]) -> Iterator[str]:
    """Say line by line what the agent and the requester meet, the limits, and which evidence passes."""
    yield f"{category.name} (class {category.action_class}: {CLASSES[category.action_class]})"
    for title, lines in chapters(category, limits, methods, judged(category, limits, methods)).items():
        yield ""
        yield f"{title}:"
        yield from (f"  {number}. {line}" for number, line in enumerate(lines, 1))


def chapters(
    category: Category, limits: Limits, methods: Sequence[Method], results: Sequence[Judged]
) -> Mapping[str, Sequence[str]]:
    """Give the same by title: what the agent and the requester meet, the limits, and what passes of `results`."""
    passing = _sentences(rows(results), category, limits)
    return {
        "The agent": [*_agent(category, limits, methods)],
        "The requester": [*_requester(category, limits, methods)],
        "Limits": [*_limits(category, limits)],
        "What passes, the least of it": passing or [NOTHING_PASSES],
    }


def tabled(category: Category, limits: Limits, results: Sequence[Judged]) -> Iterator[str]:
    """Give the table of what would be let through, as Markdown that reads well on a terminal too."""
    through, wrong = sum(j.let_through for j in results), broken(category, limits, results)
    action = f"action {category.action}" if category.action else "verify only"
    rules = "; ".join(f"BROKEN: {sentence}" for sentence in wrong) or "no rule of the standards is broken"
    yield f"### {category.name}"
    yield ""
    yield f"Class {category.action_class}, {action}: {len(results):,} combinations tried, {through:,} let through;"
    yield f"{rules}."
    yield ""
    cells = [_cells(row, category, limits) for row in rows(results)]
    yield from _aligned([HEAD, *cells]) if cells else (NOTHING_PASSES,)


def _agent(category: Category, limits: Limits, methods: Sequence[Method]) -> Iterator[str]:
    yield f"A ticket of {' or '.join(category.match)} gets a note with the link to the Send page."
    yield (
        "Addresses on file come first, masked. An established one carries proof: from a trusted source, unchanged "
        f"for {limits.min_age.days} days."
    )
    if category.takes_typed:
        second = "" if category.action_class is ActionClass.C1 else "a second person approves, and "
        yield f"An address that the caller supplies is taken with a reason; {second}{_waiting(category, limits)}."
    else:
        yield "An address that the caller supplies is not taken."
    there = {m.name for m in methods} | {Way.CALL, Way.SECOND}
    yield from (WAYS[way] for way in category.ways if way in there)


def _waiting(category: Category, limits: Limits) -> str:
    hold = limits.hold_of(category)
    return f"the run waits {_hours(hold)} before it goes on" if hold else "the run goes on without a hold"


def _requester(category: Category, limits: Limits, methods: Sequence[Method]) -> Iterator[str]:
    yield "The link shows a first name, the organisation and the field for the value that binds it."
    yield "The right value shows the card: agent, ticket, action and target. “Continue” agrees."
    named = {m.name: m for m in methods}
    for step in category.challenges:
        yield _step([named[name] for name in step])
    proving = [_said(m) for m in methods if m.evidence is not Evidence.NOTHING]
    if proving:
        yield f"Where the proof does not reach yet, whatever helps is offered: {', '.join(proving)}."
    yield "Where it still does not reach, a review; no approval replaces a missing proof."
    if category.action and limits.break_glass:
        lives = _minutes(limits.break_glass)
        yield f"Break-glass: two people can let it through, for {lives}; a third one reviews it."
    if category.action_class in {ActionClass.C3, ActionClass.C4}:
        yield "A second person approves every run."
    if category.action:
        yield f"After the pass, {_minutes(limits.grant_of(category))} for the action {category.action}."
    else:
        yield "After the pass the ticket says so; there is no action."


def _step(step: Sequence[Method]) -> str:
    names = ", ".join(_said(m) for m in step)
    weak = all(m.evidence is Evidence.NOTHING for m in step)
    return f"{'One of: ' if len(step) > 1 else ''}{names}." + (" Right answers prove nothing." if weak else "")


def _limits(category: Category, limits: Limits) -> Iterator[str]:
    links = " and ".join(f"{_minutes(limits.link[kind])} by {kind.said}" for kind in Kind)
    yield f"A link works {links}; a code {_minutes(limits.code)}, {limits.code_tries} tries."
    yield f"A proof counts for {_minutes(limits.proof_of(category))}."
    yield (
        f"Risk of {category.medium_from:g} out of 10 is Medium: a second proof or a second person; "
        f"risk of {category.high_from:g} is High: it fails."
    )
    yield (
        f"Links for one requester: {limits.links_per_hour} an hour, {limits.per_day_of(category)} a day. "
        f"After a review or a hold: {_hours(limits.to_return)} to come back."
    )


def _sentences(found: Sequence[Row], category: Category, limits: Limits) -> list[str]:
    """Say every least set, those that lead to the same in one line."""
    beside: dict[Row, list[str]] = {}
    for row in found:
        alike = replace(row, methods=row.methods[:0])
        beside.setdefault(alike, []).append(" + ".join(_said(m) for m in row.methods))
    return [_sentence(row, sets, category, limits) for row, sets in beside.items()]


def _sentence(row: Row, sets: Sequence[str], category: Category, limits: Limits) -> str:
    one_of = " + one of: " if len(sets) > 1 else " + "
    calm, medium = (_path(path, category, limits) for path in (row.calm, row.medium))
    tail = "" if calm == medium else f" (risk Medium: {medium})"
    more = f"{one_of}{'; '.join(sets)}" if any(sets) else ""
    return f"{_accounts(row)}: link to an {LINKS[row.link]}{more} → {row.level.name} → {calm}{tail}"


def _cells(row: Row, category: Category, limits: Limits) -> tuple[str, ...]:
    beside = " + ".join(_said(m) for m in row.methods) or "–"
    paths = (_path(path, category, limits) for path in (row.calm, row.medium))
    return (_accounts(row), LINKS[row.link], beside, row.level.name, *paths)


def _accounts(row: Row) -> str:
    return "any" if row.aals == AALS else ", ".join(f"AAL{aal}" for aal in row.aals)


def _path(path: Path, category: Category, limits: Limits) -> str:
    hold = limits.hold_of(category)
    words = {
        Path.PASSED: [],
        Path.HOLD: [f"{_hours(hold)} hold"] if hold else [],
        Path.SECOND: ["second person"],
        Path.SECOND_AND_HOLD: ["second person", *([f"{_hours(hold)} hold"] if hold else [])],
        Path.STOPPED: ["not let through"],
    }
    return ", then ".join(words[path]) or "passed"


def _said(method: Method) -> str:
    return method.title[:1].lower() + method.title[1:]


def _aligned(lines: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    for number, line in enumerate(lines):
        yield f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |"
        if not number:
            yield f"| {' | '.join('-' * width for width in widths)} |"


def _minutes(span: timedelta) -> str:
    return f"{span / timedelta(minutes=1):g} minutes"


def _hours(span: timedelta) -> str:
    return f"{span / timedelta(hours=1):g} h"
