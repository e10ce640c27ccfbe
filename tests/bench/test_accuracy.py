"""The accuracy bench measures what it says, and the score keeps its accuracy; a seed, no clock."""

import math
from functools import cache
from pathlib import Path

import pytest

from bench import accuracy, accuracy_tables, logins
from bench.accuracy import Measured, auc, bins, brier, measured, relation, threshold
from bench.attackers import ATTACKERS, Attackers
from bench.counts import Counts, split
from bench.login_rows import COLUMNS, read, write

SEED, PEOPLE = 11, 1500
# What the score reached when these were written; it may become better, not worse.
FLOORS = {"naive": 0.97, "VPN": 0.94, "targeted": 0.91}
MOST_ASKED = {12: 4, 39: 3}


@cache
def played() -> Measured:
    return measured(logins.made(SEED, PEOPLE), SEED)


@pytest.mark.parametrize("attacker", FLOORS)
def test_the_score_tells_people_from_attackers_as_well_as_before(attacker: str) -> None:
    found = played()
    assert auc(found.legitimate(), found.attacking(attacker)) >= FLOORS[attacker]


@pytest.mark.parametrize("history", MOST_ASKED)
def test_at_a_tpr_of_99_percent_a_targeted_attacker_costs_few_prompts(history: int) -> None:
    found = played()
    assert found.asked(history, threshold(found.attacking("targeted"), 0.99)) <= MOST_ASKED[history]


def test_the_same_seed_makes_the_same_logins() -> None:
    assert logins.made(3, 50) == logins.made(3, 50)
    assert logins.made(3, 50) != logins.made(4, 50)


def test_the_logins_have_the_published_shape() -> None:
    rows = logins.made(SEED, 3000)
    good = [row for row in rows if row.successful]
    people = {row.person for row in good}
    early = [row for row in good if row.at < "2020-02-16 12:43"]
    assert len(good) / len(people) == pytest.approx(12, rel=0.1)
    assert len(early) / len({row.person for row in early}) == pytest.approx(1.754, rel=0.1)
    assert len(good) / len(rows) == pytest.approx(0.4766, abs=0.01)
    assert [row.at for row in rows] == sorted(row.at for row in rows)


def test_a_file_in_the_format_of_the_data_set_reads_back_as_it_was_written(tmp_path: Path) -> None:
    rows = logins.made(5, 20)
    write(tmp_path / "logins.csv", rows)
    head = (tmp_path / "logins.csv").read_text(encoding="utf-8").splitlines()[0]
    assert head == ",".join(("index", *COLUMNS))
    assert read(tmp_path / "logins.csv", len(rows)) == rows
    assert len(read(tmp_path / "logins.csv", 7)) == 7
    written = accuracy_tables.run(tmp_path / "logins.csv", quick=True)
    assert "the first 1,000,000 rows" in written
    assert "Synthetic" not in written


def test_synthetic_figures_say_that_they_are() -> None:
    assert accuracy_tables.run(None, quick=True).count("Synthetic data") == 2


def test_the_counters_of_the_bench_count_as_the_store_does() -> None:
    counts, home = Counts(), {"address": "A", "asn": "B", "country": "C"}
    for month in ("2020-02", "2020-03"):
        counts.learn("anna", home, month, counts.met("anna", home, month))
    own, everyone = split(counts.met("anna", home, "2020-07"), "anna")
    assert own["all"] == 2
    assert everyone["distinct owner"] == everyone["distinct asn"] == 1
    assert counts.met("anna", home, "2020-09") == {}


def test_attackers_never_come_from_where_the_victim_was() -> None:
    rows = logins.made(7, 200)
    attackers = Attackers(7)
    for row in rows:
        attackers.note(row)
    last = next(row for row in reversed(rows) if row.successful)
    own = {row.address for row in rows if row.person == last.person and row.successful}
    others = {row.address for row in rows if row.person != last.person or row.attack_address}
    for attacker in ATTACKERS:
        features = attackers.attempt(attacker, last)
        assert set(features) == set(last.features)
        assert features["address"] in others or features["address"] not in own


def test_without_anybody_else_an_attacker_can_only_copy_the_victim() -> None:
    alone = next(row for row in logins.made(9, 1) if row.successful)
    attackers = Attackers(1)
    attackers.note(alone)
    assert attackers.attempt("neighbour", alone) == alone.features


def test_measures_are_what_they_are_called() -> None:
    people, attacks = [0.1, 0.2, 0.5], [0.2, 0.6, 3.0]
    assert auc(people, attacks) == pytest.approx((1.5 + 3 + 3) / 9)
    assert relation(people, attacks) == pytest.approx(3.8 / 0.8)
    assert [threshold(attacks, tpr) for tpr in (1.0, 0.66, 0.33)] == [0.2, 0.6, 3.0]
    assert brier([0.0], [1e12]) == pytest.approx(0.0)
    assert brier([1.0], [1.0]) == pytest.approx(0.25)


def test_bins_say_how_true_a_score_is() -> None:
    one = bins([1.0, 1.0], [1.0])
    assert [(b.said, b.true, b.share) for b in one] == [(0.5, 0.5, 1.0)]
    two = bins([0.0], [1e12])
    assert [(b.true, b.share) for b in two] == [(0.0, 0.5), (1.0, 0.5)]


def test_nobody_with_that_many_logins_gives_no_median() -> None:
    assert math.isnan(Measured().asked(12, 1.0))


def test_the_first_login_is_always_asked() -> None:
    found = Measured()
    found.people["p"] += [math.inf, 0.0, 5.0]
    assert found.asked(3, 1.0) == 2
    assert found.legitimate() == [0.0, 5.0]


def test_a_score_is_timed() -> None:
    assert accuracy.microseconds(played().inputs[:20]) > 0
