"""What no policy may let through, whatever it says: each sentence with its test on one combination."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from deskward.core.destinations import Provenance
from deskward.core.policy import Category, Limits
from deskward.core.policy_table import Judged, reached
from deskward.core.proof import AAL2, AAL3, ActionClass, Evidence
from deskward.core.risk import RiskLevel

STRONG = frozenset({Evidence.PASSKEY, Evidence.IN_PERSON})
SENT_OUT = frozenset({Evidence.ISSUED, Evidence.NOTHING})
TWO = 2


@dataclass(frozen=True)
class Promise:
    """One sentence of the standards, and when something that was let through breaks it."""

    sentence: str
    broken: Callable[[Category, Limits, Judged], bool]


def _raised(category: Category, limits: Limits, one: Judged) -> bool:
    proving = tuple(m for m in one.trial.methods if m.evidence is not Evidence.NOTHING)
    bare, _ = reached(one.trial.link, proving, limits.proof_of(category))
    return one.level > bare


PROMISES = (
    Promise("SR-30: nothing begins without a link", lambda _c, _l, j: j.trial.link is None),
    Promise("SR-66: no approval replaces a missing proof", lambda _c, _l, j: j.level < j.asked or bool(j.missing)),
    Promise(
        "SR-37: an address that is not established, alone, releases nothing of class C2 or higher",
        lambda c, _l, j: _heavy(c) and j.trial.link is not Provenance.ESTABLISHED and not _proving(j),
    ),
    Promise(
        "SR-38: an address that the caller supplied needs a second person from class C2 on",
        lambda c, _l, j: _heavy(c) and j.trial.exception and not j.trial.approved,
    ),
    Promise(
        "SR-42: classes C3 and C4 take no address that the caller supplies",
        lambda c, _l, j: _grave(c) and j.trial.exception,
    ),
    Promise(
        "SR-66: an address that the caller supplied waits for a hold window",
        lambda c, limits, j: j.trial.exception and bool(limits.hold_of(c)) and not j.trial.waited,
    ),
    Promise(
        "SR-21: the action of an account with a second factor (AAL2) rests on two trust roots, or on a passkey",
        lambda c, _l, j: _heavy(c) and bool(c.action) and j.trial.aal >= AAL2 and _one_root(j),
    ),
    Promise(
        "SR-20: an account proofed on site (AAL3) is never acted on by link",
        lambda c, _l, j: bool(c.action) and j.trial.aal >= AAL3,
    ),
    Promise(
        "SR-20: an action of class C4 is never done by link",
        lambda c, _l, _j: c.action_class is ActionClass.C4 and bool(c.action),
    ),
    Promise("SR-62: class C3 needs a second person", lambda c, _l, j: _grave(c) and not j.trial.approved),
    Promise(
        "SR-26: codes that are sent out are never the only proof for class C3",
        lambda c, _l, j: _grave(c) and {m.evidence for m in j.trial.methods} <= SENT_OUT,
    ),
    Promise("SR-23: right answers to questions raise nothing", _raised),
    Promise("High risk fails", lambda _c, _l, j: j.trial.risk is RiskLevel.HIGH),
    Promise(
        "Medium risk needs a second trust root or a second person",
        lambda _c, _l, j: j.trial.risk is RiskLevel.MEDIUM and not j.trial.approved and j.roots < TWO,
    ),
)


def broken(category: Category, limits: Limits, results: Iterable[Judged]) -> tuple[str, ...]:
    """List the sentences that something let through breaks, each once."""
    through = [j for j in results if j.let_through]
    return tuple(p.sentence for p in PROMISES if any(p.broken(category, limits, j) for j in through))


def _heavy(category: Category) -> bool:
    return category.action_class is not ActionClass.C1


def _grave(category: Category) -> bool:
    return category.action_class in {ActionClass.C3, ActionClass.C4}


def _proving(one: Judged) -> bool:
    return any(m.evidence is not Evidence.NOTHING for m in one.trial.methods)


def _one_root(one: Judged) -> bool:
    return one.roots < TWO and not STRONG & {m.evidence for m in one.trial.methods}
