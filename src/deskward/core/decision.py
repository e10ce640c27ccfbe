"""The verdict: proof against the class of the action, what risk vetoes, and when a second person is needed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from deskward.core.destinations import Provenance
from deskward.core.people import Person
from deskward.core.policy import Category
from deskward.core.proof import AAL3, ActionClass, ProofLevel, needed
from deskward.core.risk import Assessment, Finding, RiskLevel, assess, repeats_finding, wrong_codes_finding
from deskward.core.verification import Outcome, State

ENOUGH_AT_MEDIUM = 2
RAISED = "The threat level is raised, so a second person must approve."
_REVIEW = "The result will be a review, not a pass."


@dataclass(frozen=True)
class Standing:
    """How far a run has come.

    `level` is what its fresh proofs reach, `roots` how many different trust roots stand behind it; `missing`
    says which step of the policy is not done. `exception` tells that an address of the caller's choice was used,
    `again` that an action for this person was done within 24 hours (SR-65), `approved` that a second person
    said yes, `waited` that its hold window is over, `suspected` that an agent handed it to an approver, `raised`
    that the threat level is raised (SR-67). `glass` says who lets it through by break-glass and why, empty where
    nobody does (SR-69).
    """

    level: ProofLevel
    roots: int = 1
    missing: str = ""
    suspected: bool = False
    exception: bool = False
    again: bool = False
    approved: bool = False
    waited: bool = False
    raised: bool = False
    glass: str = ""


@dataclass(frozen=True)
class Case:
    """All that the verdict depends on besides the risk.

    `asked` is the level that is needed; `second` says why a second person has to look, empty when nobody has to;
    `waits` tells that an exception waits out a hold, whatever the risk; `glass` is as in the standing.
    """

    level: ProofLevel
    asked: ProofLevel
    roots: int = 1
    missing: str = ""
    second: str = ""
    approved: bool = False
    waits: bool = False
    waited: bool = False
    glass: str = ""


@dataclass(frozen=True)
class Verdict:
    """Where the verification goes, with the reason in one sentence; `short` tells that more proof would help.

    `standing` is the case as rows keep it, so that it can be judged again under other rules.
    """

    state: State
    outcome: Outcome
    reason: str
    assessment: Assessment
    proof_level: ProofLevel
    short: bool = False
    standing: Mapping[str, Any] = field(default_factory=dict)


def decide(category: Category, person: Person, standing: Standing, findings: Iterable[Finding | None]) -> Verdict:
    """Decide: risk may veto, only proof may permit, no approval replaces a missing proof (DESIGN 5).

    Only break-glass goes around the missing proof, and around nothing else (SR-69).
    """
    assessment = assess((f for f in findings if f), category.medium_from, category.high_from)
    return verdict_of(case_of(category, person, standing), assessment)


def case_of(category: Category, person: Person, standing: Standing) -> Case:
    """Put together what proof, category and account say, without the risk."""
    return Case(
        level=standing.level,
        asked=asked_of(category, person, exception=standing.exception),
        roots=standing.roots,
        missing=standing.missing,
        second=needs_second_person(category, standing),
        approved=standing.approved,
        waits=standing.exception,
        waited=standing.waited,
        glass=standing.glass,
    )


def verdict_of(case: Case, assessment: Assessment) -> Verdict:
    """Judge a case under a risk."""

    def verdict(state: State, outcome: Outcome, reason: str, *, short: bool = False) -> Verdict:
        return Verdict(state, outcome, reason, assessment, case.level, short, kept_case(case))

    if assessment.level is RiskLevel.HIGH:
        return verdict(State.FAILED, Outcome.FAILED, f"The risk is high. {assessment.words}")
    lacks = _lacking(case, assessment)
    if lacks and case.glass and not case.waits:
        return verdict(State.PASSED, Outcome.BREAK_GLASS, f"{let_through(case)} {case.glass}")
    if lacks:
        return verdict(State.REVIEW, Outcome.NONE, lacks, short=True)
    reason = f"The proof reaches {case.level.name}, which is enough for the requested action."
    if case.second and not case.approved:
        return verdict(State.REVIEW, Outcome.NONE, f"{reason} {case.second}")
    if waits(case, assessment) and not case.waited:
        return verdict(State.HELD, Outcome.PASSED, f"{reason} As an exception it waits first.")
    return verdict(State.PASSED, Outcome.PASSED, reason)


def let_through(case: Case) -> str:
    """Say what break-glass goes around (SR-69)."""
    if case.level < case.asked:
        return f"Let through by break-glass: the proof reaches {case.level.name}, {case.asked.name} was needed."
    return f"Let through by break-glass: a step was left out. {case.missing}"


def kept_case(case: Case) -> dict[str, Any]:
    """Give a case as rows keep it."""
    return {
        "level": int(case.level),
        "asked": int(case.asked),
        "roots": case.roots,
        "missing": case.missing,
        "second": bool(case.second),
        "approved": case.approved,
        "waits": case.waits,
        "waited": case.waited,
        "glass": case.glass,
    }


def read_case(row: Mapping[str, Any]) -> Case:
    """Read a case back from a row."""
    return Case(
        level=ProofLevel(row["level"]),
        asked=ProofLevel(row["asked"]),
        roots=row["roots"],
        missing=row["missing"],
        second="A second person must approve." if row["second"] else "",
        approved=row["approved"],
        waits=row["waits"],
        waited=row["waited"],
        glass=row.get("glass", ""),
    )


def asked_of(category: Category, person: Person, *, exception: bool = False) -> ProofLevel:
    """Give the level this person needs for this category; verify only does not touch the account."""
    return needed(category.action_class, person.aal if category.action else 1, exception=exception)


def needs_second_person(category: Category, standing: Standing) -> str:
    """Say why an approver has to look; empty when nobody has to (SR-38, SR-62, SR-65, SR-67)."""
    if standing.suspected:
        return "An agent found it suspicious, so a second person must approve."
    if category.action_class in {ActionClass.C3, ActionClass.C4}:
        return f"Class {category.action_class} needs a second person's approval."
    raised = RAISED if standing.raised and category.action else ""
    if raised or category.action_class is ActionClass.C1:
        return raised
    if standing.exception:
        return "The link went to an address that the caller supplied, so a second person must approve."
    if standing.again and category.action:
        return "It is the second action for this person within 24 hours, so a second person must approve."
    return ""


def waits(case: Case, assessment: Assessment) -> bool:
    """Tell whether a hold window comes before the action (SR-66): exceptions, approved ones too."""
    return case.waits or (case.approved and assessment.level is RiskLevel.MEDIUM)


def _lacking(case: Case, assessment: Assessment) -> str:
    if case.missing:
        return case.missing
    if case.level < case.asked:
        return f"The proof reaches {case.level.name}, the requested action needs {case.asked.name}."
    calm = assessment.level is not RiskLevel.MEDIUM or case.roots >= ENOUGH_AT_MEDIUM or case.approved
    return "" if calm else f"The risk is medium. {assessment.words}"


def story_findings(provenance: Finding | None, wrong: int, earlier: int) -> tuple[Finding | None, ...]:
    """Collect what the story itself knows: provenance, wrong codes, earlier runs (DESIGN 9.10)."""
    return provenance, wrong_codes_finding(wrong), repeats_finding(earlier)


def obstacle(category: Category, person: Person, reach: ProofLevel = ProofLevel.P2) -> str:
    """Say why this person can never be served by link here; empty when they can.

    `reach` is the level that a link with everything the person has enrolled can reach.
    """
    if category.action and not person.enabled:
        return "The account is disabled in the directory. Ask the person's manager before anything is done."
    if category.action and person.privileged:
        return "The account is privileged. Privileged accounts are never served by link; identify in person."
    if category.action and person.aal >= AAL3:
        return "The account was proofed on site (AAL3). It is recovered on site only, never by link (SR-20)."
    asked = asked_of(category, person)
    if asked > reach:
        second_factor = category.action_class is ActionClass.C2
        why = "the account uses a second factor" if second_factor else "it changes how the person signs in"
        return (
            f"This request needs proof level {asked.name}, because {why}; with what this person has set up a link "
            f"reaches {reach.name} at most. "
            "Identify the person in person or by video with a second member of staff."
        )
    return ""


def leads_to(
    category: Category,
    person: Person,
    *,
    provenance: Provenance,
    more: ProofLevel,
    earlier: int = 0,
    raised: bool = False,
) -> str:
    """Say before “Send” what an address of this kind can lead to (DESIGN 9.5).

    `more` is the level that everything else the person can do reaches together with such an address; `earlier`
    counts the verifications of this person that were begun within a day; `raised` tells that the threat level is.
    """
    reach = ProofLevel.P2 if provenance is Provenance.ESTABLISHED else ProofLevel.P1
    exception = provenance is Provenance.CALLER_SUPPLIED
    asked = asked_of(category, person, exception=exception)
    second = needs_second_person(category, Standing(reach, exception=exception, raised=raised))
    after = " A second person must approve, and the action waits." if second and exception else f" {second}"
    many = repeats_finding(earlier)
    if reach >= asked and many and assess([many]).level is RiskLevel.MEDIUM:
        end = "One more independent proof will be asked for." if more > reach else _REVIEW
        return f"{many.text} {end}"
    if reach >= asked:
        return f"Leads all the way: proof level {reach.name}, and {asked.name} is needed.{after.rstrip()}"
    kind = provenance.value.capitalize()
    if more >= asked:
        return (
            f"{kind}: reaches proof level {reach.name} by itself, and {asked.name} is needed. The requester is "
            f"asked for more proof that they have set up.{after.rstrip()}"
        )
    return f"{kind}: reaches proof level {max(reach, more).name} at most, and {asked.name} is needed. {_REVIEW}"
