"""Prints the accuracy of the familiarity score beside the published figures, in Markdown."""

import inspect
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench import logins
from bench.accuracy import (
    HISTORIES,
    TPRS,
    Measured,
    at_history,
    auc,
    bins,
    brier,
    measured,
    microseconds,
    relation,
    threshold,
)
from bench.attackers import ATTACKERS
from bench.login_rows import Login, read
from deskward.signals.familiarity import Signal

SEED = 20260
PEOPLE, PEOPLE_ALIKE, PEOPLE_QUICK = 10_000, 3_000, 150
MOST_ROWS = 1_000_000
GOAL = 20.0
PUBLISHED = {  # read off a chart, +-1: median re-authentications at 12 and at 39 logins
    ("naive", 0.999): ("7", "6"),
    ("naive", 0.995): ("3", "2"),
    ("naive", 0.99): ("2", "1"),
    ("naive", 0.98): ("1", "1"),
    ("VPN", 0.999): ("7", "8"),
    ("VPN", 0.995): ("4", "3"),
    ("VPN", 0.99): ("3", "2"),
    ("VPN", 0.98): ("2", "1-2"),
    ("targeted", 0.999): ("8", "9"),
    ("targeted", 0.995): ("5", "4"),
    ("targeted", 0.99): ("4", "3"),
    ("targeted", 0.98): ("2", "2"),
}
PUBLISHED_RELATION = {"naive": "8.48", "VPN": "5.05", "targeted": "8.94"}


def run(path: Path | None, *, quick: bool) -> str:
    """Measure on a file in the data set's format, or on synthetic logins, and write everything down."""
    if path:
        return _told(f"Data: {path.name}, the first {MOST_ROWS:,} rows.", read(path, MOST_ROWS))
    people, alike = (PEOPLE_QUICK, PEOPLE_QUICK) if quick else (PEOPLE, PEOPLE_ALIKE)
    seed = f"seed {SEED}"
    return "\n\n".join(
        [
            _told(f"Synthetic data, {people:,} people, {seed}.", logins.made(SEED, people)),
            "#### The same where everybody has the same few devices",
            _told(
                f"Synthetic data, {alike:,} people, {seed}, one build of each version.",
                logins.made(SEED, alike, logins.SAME),
            ),
        ]
    )


def _told(source: str, rows: Sequence[Login]) -> str:
    found = measured(rows, SEED)
    asked = "Median re-authentications; the first login counts as one. Published figures +-1."
    return "\n\n".join(
        [
            source,
            asked,
            markdown(("Attacker", "TPR", "At 12", "Published", "At 39", "Published", "Threshold"), _asked(found)),
            markdown(("Attacker", "AUC", "Risk score relation", "Published", "Brier score"), _relations(found)),
            "How true the score is, read as odds of an attack (all attackers and people weighted the same):",
            markdown(("Said", "True", "Share"), _reliability(found)),
            _words(found),
        ]
    )


def _asked(found: Measured) -> Iterable[Sequence[str]]:
    for name in ATTACKERS:
        attacking = found.attacking(name)
        for tpr in sorted(TPRS, reverse=True):
            edge = threshold(attacking, tpr)
            published = PUBLISHED.get((name, tpr), ("", ""))
            pairs = [(f"{found.asked(h, edge):g}", p) for h, p in zip(HISTORIES, published, strict=True)]
            yield name, f"{tpr:g}", *pairs[0], *pairs[1], f"{edge:.2g}"


def _relations(found: Measured) -> Iterable[Sequence[str]]:
    legitimate = found.legitimate()
    for name in ATTACKERS:
        both = legitimate, found.attacking(name)
        yield (
            name,
            f"{auc(*both):.3f}",
            f"{relation(*both):.2f}",
            PUBLISHED_RELATION.get(name, ""),
            f"{brier(*both):.3f}",
        )


def _reliability(found: Measured) -> Iterable[Sequence[str]]:
    for one in bins(found.legitimate(), found.attacking()):
        yield f"{one.said:.2f}", f"{one.true:.2f}", f"{one.share:.3f}"


def _words(found: Measured) -> str:
    """Say what the signal's own thresholds would do to attackers and people."""
    lines = [f"One score takes {microseconds(found.inputs):.1f} microseconds; the goal is {GOAL:g}."]
    for name, parameter in inspect.signature(Signal).parameters.items():
        attacks, people = at_history(found, parameter.default)
        lines.append(
            f"About 12 logins: {attacks:.1%} of the naive and VPN attacks have {parameter.default:g} "
            f"(`{name}`) or more, and {people:.1%} of people's logins."
        )
    return "\n".join(f"- {line}" for line in lines)


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table."""
    written = [head, *rows]
    widths = [max(len(row[n]) for row in written) for n in range(len(head))]
    lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |" for row in written]
    return "\n".join([lines[0], "|" + "|".join("-" * (w + 2) for w in widths) + "|", *lines[1:]])
