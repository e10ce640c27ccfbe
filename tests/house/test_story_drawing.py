"""docs/story.md says what the program does."""

import re
from itertools import product
from pathlib import Path

from deskward.core.verification import ENDS, MOVES, Outcome, State, status_of

TEXT = (Path(__file__).parents[2] / "docs" / "story.md").read_text(encoding="utf-8")


def test_the_drawing_equals_the_table_of_moves() -> None:
    drawn = re.findall(r"^ {4}(\S+) --> (\S+)$", TEXT, re.MULTILINE)
    moves = {(start.value, to.value) for start, ends in MOVES.items() for to in ends}
    edges = {("[*]", State.OPENED.value)} | {(end.value, "[*]") for end in ENDS}
    assert sorted(drawn) == sorted(moves | edges)


def test_the_table_of_statuses_is_the_programs() -> None:
    rows = re.findall(r"^\| (\w+) \| (\w*) ?\| ([\w -]+) \| (\w+) \| (.+) \|$", TEXT, re.MULTILINE)
    written = {(state, outcome): tuple(rest) for state, outcome, *rest in rows if state != "State"}
    for state, outcome in product(State, Outcome):
        status = status_of(state, outcome)
        row = written.get((state.value, outcome.value), written[(state.value, "")])
        assert row == (status.label, status.colour, status.sentence)
