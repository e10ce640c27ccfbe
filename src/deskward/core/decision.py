"""The verdict: proof against the class of the action, and what risk vetoes."""

from collections.abc import Iterable
from dataclasses import dataclass

from deskward.core.destinations import Provenance
from deskward.core.people import Person
from deskward.core.policy import Category
from deskward.core.proof import ActionClass, ProofLevel, needed
from deskward.core.risk import Assessment, Finding, RiskLevel, assess, velocity_finding, wrong_codes_finding
from deskward.core.verification import Outcome, State


@dataclass(frozen=True)
class Verdict:
    """Where the verification goes, with the reason in one sentence."""

    state: State
    outcome: Outcome
    reason: str
    assessment: Assessment
    proof_level: ProofLevel


def decide(category: Category, person: Person, level: ProofLevel, findings: Iterable[Finding | None]) -> Verdict:
    """Decide: risk may veto, only proof may permit (DESIGN section 5)."""
    assessment = assess(f for f in findings if f)
    asked = needed(category.action_class, person.aal if category.action else 1)
    if assessment.level is RiskLevel.HIGH:
        words = "; ".join(f.text for f in assessment.findings)
        return Verdict(State.FAILED, Outcome.FAILED, f"The risk is high: {words}", assessment, level)
    if level < asked:
        reason = f"The proof reaches {level.name}, the requested action needs {asked.name}."
        return Verdict(State.REVIEW, Outcome.NONE, reason, assessment, level)
    if assessment.level is RiskLevel.MEDIUM:
        words = "; ".join(f.text for f in assessment.findings)
        return Verdict(State.REVIEW, Outcome.NONE, f"The risk is medium: {words}", assessment, level)
    reason = f"The proof reaches {level.name}, which is enough for the requested action."
    return Verdict(State.PASSED, Outcome.PASSED, reason, assessment, level)


def story_findings(provenance: Finding | None, wrong: int, earlier: int) -> tuple[Finding | None, ...]:
    """Collect what the story itself knows: provenance, wrong codes, velocity (DESIGN 9.10)."""
    return provenance, wrong_codes_finding(wrong), velocity_finding(earlier)


def obstacle(category: Category, person: Person) -> str:
    """Say why this person can never be served by link here; empty when they can."""
    if category.action and not person.enabled:
        return "The account is disabled in the directory. Ask the person's manager before anything is done."
    if category.action and person.privileged:
        return "The account is privileged. Privileged accounts are never served by link; identify in person."
    asked = needed(category.action_class, person.aal if category.action else 1)
    if asked > ProofLevel.P2:
        second_factor = category.action_class is ActionClass.C2
        why = "the account uses a second factor" if second_factor else "it changes how the person signs in"
        return (
            f"This request needs proof level {asked.name}, because {why}; a link reaches P2 at most. "
            "Identify the person in person or by video with a second member of staff."
        )
    return ""


def leads_to(category: Category, person: Person, *, provenance: Provenance, earlier: int = 0) -> str:
    """Say before “Send” what an address of this kind can lead to, after so many begun before (DESIGN 9.5)."""
    reach = ProofLevel.P2 if provenance is Provenance.ESTABLISHED else ProofLevel.P1
    asked = needed(category.action_class, person.aal if category.action else 1)
    many = velocity_finding(earlier)
    if reach >= asked and many and assess([many]).level is not RiskLevel.NOT_ASSESSED:
        return f"{many.text} The result will be a review, not a pass."
    if reach >= asked:
        return f"Leads all the way: proof level {reach.name}, and {asked.name} is needed."
    kind = provenance.value.capitalize()
    return (
        f"{kind}: reaches proof level {reach.name} at most, and {asked.name} is needed. "
        "The result will be a review, not a pass."
    )
