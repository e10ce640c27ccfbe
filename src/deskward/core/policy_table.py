"""Every combination of evidence under a policy, judged by the functions that the product judges with."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from functools import lru_cache
from itertools import chain, combinations, product

from deskward.core.challenges import Challenge
from deskward.core.decision import Standing, case_of, obstacle, story_findings, verdict_of
from deskward.core.destinations import Provenance
from deskward.core.people import Person
from deskward.core.policy import Category, Limits
from deskward.core.proof import AAL3, LINK, Evidence, Proof, ProofLevel, fresh_of, independent, level_of
from deskward.core.risk import Assessment, Finding, RiskLevel, Section, assess, provenance_finding
from deskward.core.verification import State

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LINKS = (*Provenance, None)
AALS = (1, 2, AAL3)
RISKS = (RiskLevel.NOT_ASSESSED, RiskLevel.MEDIUM, RiskLevel.HIGH)
FLAGS = (False, True)


@dataclass(frozen=True)
class Method:
    """One challenge that is set up: its name, what people read, the kind of evidence it gives."""

    name: str
    title: str
    evidence: Evidence


@dataclass(frozen=True)
class Trial:
    """One combination: where the link went (None: no link), what was proven, for which account, at which risk."""

    link: Provenance | None
    methods: tuple[Method, ...]
    aal: int
    risk: RiskLevel
    approved: bool = False
    waited: bool = False

    @property
    def exception(self) -> bool:
        """Tell whether an address of the caller's choice was used."""
        return self.link is Provenance.CALLER_SUPPLIED

    @property
    def person(self) -> Person:
        """Make the account of the trial."""
        return Person("subject", "subject", "Subject", "", aal=self.aal)

    @property
    def proofs(self) -> tuple[Proof, ...]:
        """Make the proofs at their strongest: fresh, each with a root of its own, enrolled at the top."""
        linked = Proof(LINK, LINK, self.link is Provenance.ESTABLISHED, NOON, self.person.id)
        given = (Proof(m.name, m.name, True, NOON, self.person.id, m.evidence) for m in self.methods)
        return (*((linked,) if self.link else ()), *given)


@dataclass(frozen=True)
class Judged:
    """What became of a trial; `state` is `failed` where it could not even begin."""

    trial: Trial
    state: State
    level: ProofLevel = ProofLevel.P0
    asked: ProofLevel = ProofLevel.P0
    roots: int = 0
    missing: str = ""

    @property
    def let_through(self) -> bool:
        """Tell whether the action may be done, or the agent may go on where there is none."""
        return self.state is State.PASSED


class Path(IntEnum):
    """What stands between the proof and the action; the least first."""

    PASSED = 0
    HOLD = 1
    SECOND = 2
    SECOND_AND_HOLD = 3
    STOPPED = 4


@dataclass(frozen=True)
class Row:
    """One least set of evidence that is let through: for which accounts, to which level, by which path."""

    aals: tuple[int, ...]
    link: Provenance
    methods: tuple[Method, ...]
    level: ProofLevel
    calm: Path
    medium: Path


def methods_of(challenges: Iterable[Challenge]) -> tuple[Method, ...]:
    """List the challenges that are set up, the easiest first."""
    return tuple(Method(c.name, c.title, c.evidence) for c in sorted(challenges, key=lambda c: (c.ease, c.name)))


def trials(methods: Sequence[Method]) -> Iterator[Trial]:
    """Give every combination."""
    for link, chosen, aal, risk in product(LINKS, _subsets(methods), AALS, RISKS):
        for approved, waited in product(FLAGS, FLAGS):
            yield Trial(link, chosen, aal, risk, approved, waited)


def judge(category: Category, limits: Limits, trial: Trial) -> Judged:
    """Judge one combination as a run is judged: may it be sent, what does it reach, what is decided."""
    person, window = trial.person, limits.proof_of(category)
    if _unsendable(category, trial, person):
        return Judged(trial, State.FAILED)
    standing = Standing(
        *reached(trial.link, trial.methods, window),
        _missing(category, trial),
        exception=trial.exception,
        approved=trial.approved,
        waited=trial.waited,
    )
    case = case_of(category, person, standing)
    risky = _assessed(trial.risk, category.medium_from, category.high_from, trial.link is Provenance.ESTABLISHED)
    verdict = verdict_of(case, risky)
    return Judged(trial, verdict.state, standing.level, case.asked, standing.roots, standing.missing)


@lru_cache(maxsize=8192)
def reached(link: Provenance | None, methods: tuple[Method, ...], window: timedelta) -> tuple[ProofLevel, int]:
    """Tell level and independent roots of these proofs: the same for every account and at every risk."""
    trial = Trial(link, methods, AALS[0], RISKS[0])
    fresh = fresh_of(trial.proofs, trial.person.id, NOON, window)
    return level_of(fresh, trial.person.id, NOON, window), independent(fresh)


def judged(category: Category, limits: Limits, methods: Sequence[Method]) -> tuple[Judged, ...]:
    """Judge every combination."""
    return tuple(judge(category, limits, trial) for trial in trials(methods))


def rows(results: Iterable[Judged]) -> tuple[Row, ...]:
    """Give the least sets that are let through; whoever proves more passes as well."""
    paths, levels = _paths(results)
    shown = {key: best for key, best in paths.items() if _is_least(key, paths)}
    accounts: dict[tuple[object, ...], list[int]] = {}
    for (aal, link, methods), path in shown.items():
        accounts.setdefault((link, methods, path), []).append(aal)
    return tuple(
        Row(tuple(accounts[link, methods, path]), link, methods, levels[aal, link, methods], *path)
        for (aal, link, methods), path in shown.items()
        if link and accounts[link, methods, path][0] == aal
    )


_Key = tuple[int, Provenance | None, tuple[Method, ...]]
_Pair = tuple[Path, Path]


def _paths(results: Iterable[Judged]) -> tuple[Mapping[_Key, _Pair], Mapping[_Key, ProofLevel]]:
    passing: dict[_Key, dict[RiskLevel, Path]] = {}
    levels: dict[_Key, ProofLevel] = {}
    for one in results:
        trial = one.trial
        key = (trial.aal, trial.link, trial.methods)
        levels[key] = one.level
        best = passing.setdefault(key, dict.fromkeys(RISKS, Path.STOPPED))
        if one.let_through:
            best[trial.risk] = min(best[trial.risk], Path(2 * trial.approved + trial.waited))
    pairs = {key: (best[RiskLevel.NOT_ASSESSED], best[RiskLevel.MEDIUM]) for key, best in passing.items()}
    return pairs, levels


def _is_least(key: _Key, paths: Mapping[_Key, _Pair]) -> bool:
    aal, link, methods = key
    mine = paths[key]
    if mine == (Path.STOPPED, Path.STOPPED):
        return False
    fewer = (paths[aal, link, chosen] for chosen in _subsets(methods) if chosen != methods)
    return not any(other[0] <= mine[0] and other[1] <= mine[1] for other in fewer)


def _unsendable(category: Category, trial: Trial, person: Person) -> bool:
    """Tell whether there can be no run: no link, an account that is never served, an address that is not taken."""
    refused = trial.exception and not category.takes_typed
    return trial.link is None or refused or bool(obstacle(category, person, ProofLevel.P4))


def _missing(category: Category, trial: Trial) -> str:
    step = category.next_step([m.name for m in trial.methods])
    return f"The policy asks for one of these: {', '.join(step)}." if step else ""


@lru_cache(maxsize=64)
def _assessed(risk: RiskLevel, medium_from: float, high_from: float, established: bool) -> Assessment:
    """Bring the score to exactly where the wanted level begins, with what provenance adds by itself."""
    told = [f for f in story_findings(provenance_finding(established=established), 0, 0) if f]
    starts = {RiskLevel.MEDIUM: medium_from, RiskLevel.HIGH: high_from}
    more = max(0.0, starts.get(risk, 0.0) - sum(f.weight for f in told))
    tried = Finding("trial", Section.NETWORK, more, "As tried.", "policy check")
    return assess([*told, tried], medium_from, high_from)


def _subsets(methods: Sequence[Method]) -> Iterator[tuple[Method, ...]]:
    return chain.from_iterable(combinations(methods, size) for size in range(len(methods) + 1))
