"""What no policy may say: the limits of the standards, each with its sentence."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from deskward.core.errors import SettingsError
from deskward.core.policy import LONGEST_PROOF, LONGEST_RUN, Category, Limits, Typed, Way
from deskward.core.proof import ActionClass, Evidence
from deskward.core.risk import TOP

HIGH_CLASSES = frozenset({ActionClass.C3, ActionClass.C4})
NO_WAIT = timedelta(0)
WEAK = frozenset({Evidence.ISSUED, Evidence.NOTHING})
_TIGHTENS = "SR-67: a category may only be stricter than [limits], and"
_STRICTER = (
    "Take the value of [limits] or a stricter one, leave the key out, or change [limits] for all categories."
)


@dataclass(frozen=True)
class Rule:
    """One limit: the keys of [categories.NAME] that break it, when they do, its sentence, and what to do."""

    keys: tuple[str, ...]
    broken: Callable[[Category, Limits], bool]
    sentence: str
    hint: str


@dataclass(frozen=True)
class ProofRule:
    """One limit on what the steps of a category prove, from the kinds of evidence among them."""

    broken: Callable[[Category, frozenset[Evidence]], bool]
    sentence: str
    hint: str


RULES = (
    Rule(
        ("class",),
        lambda c, _: c.action_class is ActionClass.C4 and bool(c.action),
        "SR-20: an action of class C4 is never done by link",
        "Leave `action` out: then the category is verify only. Privileged accounts are identified in person.",
    ),
    Rule(
        ("typed",),
        lambda c, _: c.action_class in HIGH_CLASSES and c.typed is Typed.ALLOWED,
        "SR-42: a class C3 or C4 action never takes an address that the caller supplies",
        "Write “by class” or “never”.",
    ),
    Rule(
        ("ways",),
        lambda c, _: not c.ways,
        "SR-06: a link proves nothing without a value that binds it to the requester",
        "Name at least one of call, second, totp, passkey; or leave the key out for all of them.",
    ),
    Rule(
        ("challenges",),
        lambda c, _: not all(c.challenges),
        "SR-30: a step that nothing can fulfil is never passed",
        "Name a challenge in every step, or leave the step out.",
    ),
    Rule(
        ("challenges",),
        lambda c, _: _repeats([name for step in c.challenges for name in step]),
        "SR-21: one proof never counts as two, so a challenge stands in one step only",
        "Name each challenge once; alternatives of one step go in one list.",
    ),
    Rule(
        ("medium_from", "high_from"),
        lambda c, _: not 0 < c.medium_from < c.high_from <= TOP,
        "the risk levels have an order: Medium begins above 0 and below High, and the score ends at 10",
        "Choose 0 < medium_from < high_from ≤ 10; without the keys they are 4 and 7.",
    ),
    Rule(
        ("proof_minutes",),
        lambda c, limits: not NO_WAIT < limits.proof_of(c) <= LONGEST_PROOF,
        "SR-31: a proof counts for 60 minutes at most",
        "Choose a value above 0 and up to 60; 15 is the default.",
    ),
    Rule(
        ("proof_minutes", "grant_minutes"),
        lambda c, limits: limits.proof_of(c) + limits.grant_of(c) > LONGEST_RUN,
        "SR-80: the requester's session on the portal ends after 30 minutes, so both together are 30 at most",
        "Shorten one of them; what a category leaves out comes from [limits].",
    ),
    Rule(
        ("hold_hours",),
        lambda c, _: c.hold == NO_WAIT and c.action_class is not ActionClass.C1,
        "SR-66: a run that used an exception waits for a hold window",
        "Choose more than 0; only class C1, where no secret and no address changes, goes without.",
    ),
    Rule(
        ("proof_minutes",),
        lambda c, limits: limits.proof_of(c) > limits.proof,
        f"{_TIGHTENS} proof_minutes is less there",
        _STRICTER,
    ),
    Rule(
        ("grant_minutes",),
        lambda c, limits: limits.grant_of(c) > limits.grant,
        f"{_TIGHTENS} grant_minutes is less there",
        _STRICTER,
    ),
    Rule(
        ("hold_hours",),
        lambda c, limits: c.action_class is not ActionClass.C1 and limits.hold_of(c) < limits.hold,
        f"{_TIGHTENS} hold_hours is more there",
        _STRICTER,
    ),
    Rule(
        ("links_per_day",),
        lambda c, limits: limits.per_day_of(c) > limits.links_per_day,
        f"{_TIGHTENS} links_per_day is less there",
        _STRICTER,
    ),
)

PROOF_RULES = (
    ProofRule(
        lambda c, kinds: c.action_class is ActionClass.C3 and kinds == {Evidence.NOTHING},
        "SR-23: right answers to questions prove nothing, so they cannot be all the steps of class C3",
        "Add a step that proves something, such as passkey, totp or saved_code.",
    ),
    ProofRule(
        lambda c, kinds: c.action_class is ActionClass.C3 and Evidence.ISSUED in kinds and kinds <= WEAK,
        "SR-26: codes that are sent out, by SMS or otherwise, are never the only proof for class C3",
        "Add an alternative or a step that needs no message, such as passkey, totp or saved_code.",
    ),
)


def check(categories: Iterable[Category], limits: Limits) -> None:
    """Refuse what a standard forbids: SettingsError with key, sentence and what to do."""
    for category in categories:
        for rule in RULES:
            if rule.broken(category, limits):
                raise _error(category, rule.keys, rule.sentence, rule.hint)


def check_steps(categories: Iterable[Category], kinds: Mapping[str, Evidence]) -> None:
    """Refuse steps that cannot prove what the class needs; `kinds` says what each challenge gives."""
    for category in categories:
        found = frozenset(kinds[name] for step in category.challenges for name in step)
        for rule in PROOF_RULES:
            if rule.broken(category, found):
                raise _error(category, ("challenges",), rule.sentence, rule.hint)


def check_names(categories: Iterable[Category], known: Iterable[str]) -> None:
    """Refuse a challenge that is not set up, with the list of those that are."""
    there = sorted(known)
    listed = ", ".join(there) or "none"
    for category in categories:
        for name in (name for step in category.challenges for name in step):
            if name not in there:
                raise SettingsError(
                    f"categories.{category.name}.challenges: there is no [challenges.{name}]. Set up: {listed}.",
                    "Add its section, which may be empty, or name another one.",
                )


def check_ways(name: str, ways: Iterable[Way], known: Iterable[str]) -> None:
    """Refuse a way that a policy names and that needs a challenge which is not set up."""
    there = sorted(known)
    for way in ways:
        if way in {Way.TOTP, Way.PASSKEY} and way not in there:
            raise SettingsError(
                f"categories.{name}.ways: “{way}” needs [challenges.{way}], which is not there.",
                "Add its section, which may be empty, or leave this way out.",
            )


def _repeats(names: Sequence[str]) -> bool:
    return len(set(names)) < len(names)


def _error(category: Category, keys: tuple[str, ...], sentence: str, hint: str) -> SettingsError:
    named = " and ".join(f"categories.{category.name}.{key}" for key in keys)
    return SettingsError(f"{named}: {sentence}.", hint)
