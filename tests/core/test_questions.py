"""What is asked: different topics, nothing that is shown or that most share, and choices that tell nothing."""

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from deskward.core.answers import FactKind
from deskward.core.colleagues import facts_among
from deskward.core.people import Person
from deskward.core.questions import LEAST_CHOICES, Fact, askable, choices_of, selected
from tests.core.samples import a_person

TOPICS = ("manager", "team", "office", "groups", "started", "colleagues")
VALUES = tuple(f"Team {n}" for n in range(30))
FACTS = st.lists(st.builds(Fact, st.sampled_from(TOPICS), st.sampled_from("abc"), st.just(("x",))), max_size=12)


def a_fact(topic: str = "team", *answers: str, **changes: object) -> Fact:
    return replace(Fact(topic, "Which?", answers or ("Harbour",)), **changes)  # type: ignore[arg-type]


@given(FACTS, st.integers(1, 6), st.text(max_size=5))
def test_the_same_nonce_asks_the_same_and_no_topic_twice(facts: list[Fact], number: int, nonce: str) -> None:
    chosen = selected(facts, number, nonce)
    assert chosen == selected(list(reversed(facts)), number, nonce)
    assert len(chosen) == min(number, len({fact.topic for fact in facts}))
    assert len({fact.topic for fact in chosen}) == len(chosen)


def test_another_nonce_asks_something_else() -> None:
    facts = [a_fact(topic) for topic in TOPICS]
    assert len({selected(facts, 2, str(n)) for n in range(30)}) > 5


def test_what_ticket_and_mail_show_is_not_asked() -> None:
    person = a_person(name="Grace Hopper", email="grace.hopper@northwind.example", login="ghopper")
    facts = [a_fact("team", "Hopper"), a_fact("office", "NorthWind"), a_fact("groups", "Grace", "Radio")]
    assert [(fact.topic, fact.answers, fact.weak) for fact in askable(facts, person)] == [
        ("groups", ("Radio",), ("Grace",))
    ]


def test_no_question_answers_another() -> None:
    facts = [
        a_fact("team", "Legal"),
        a_fact("team", "legal"),
        a_fact("office", "LEGAL"),
        a_fact("groups", "Legal", "Radio"),
    ]
    kept = askable(facts, a_person())
    assert [(fact.topic, fact.answers) for fact in kept] == [
        ("team", ("Legal",)),
        ("team", ("legal",)),
        ("groups", ("Radio",)),
    ]


def test_too_few_others_give_no_choices() -> None:
    assert choices_of(a_fact(others=("Depot", "Harbour", "harbor", "City", "Depot")), "s") == ()
    assert len(choices_of(a_fact(others=("Depot", "Park", "City")), "s")) == LEAST_CHOICES


def test_what_is_true_too_is_not_among_the_wrong_ones() -> None:
    fact = a_fact(
        "groups", "Radio", "Choir", weak=("Staff",), others=("staff", "Choir", "Chess", "Rowing", "Golf")
    )
    assert set(choices_of(fact, "s")) - {"Radio", "Choir"} == {"Chess", "Rowing", "Golf"}


def test_months_are_offered_in_their_order() -> None:
    months = ("May 2021", "January 2022", "April 2020", "July 2021")
    fact = a_fact("started", months[0], kind=FactKind.MONTH, others=months[1:])
    assert choices_of(fact, "s") == ("April 2020", "May 2021", "July 2021", "January 2022")


@given(st.sets(st.sampled_from(VALUES), min_size=LEAST_CHOICES), st.text(max_size=4))
def test_sr_24_the_choices_do_not_depend_on_which_of_them_is_right(values: set[str], seed: str) -> None:
    for right in sorted(values)[:4]:
        offered = choices_of(a_fact("team", right, others=tuple(values - {right})), seed)
        assert right in offered
        assert LEAST_CHOICES <= len(offered) < 2 * LEAST_CHOICES
        for other in offered:
            assert choices_of(a_fact("team", other, others=tuple(values - {other})), seed) == offered


MARCH = date(2021, 3, 15)
CREW = (
    a_person(
        id="1",
        name="Ada Stone",
        manager="4",
        team="Nets",
        office="Quay",
        groups=("All", "Radio"),
        started_on=MARCH,
    ),
    a_person(id="2", name="Bo Reed", manager="Ella Fox", team="Nets", office="Quay", groups=("All",)),
    a_person(id="3", name="Cy Ward", manager="Jo Hart", team="Hulls", office="Quay", groups=("All", "Choir")),
    a_person(id="4", name="Di Lake", manager="Jo Hart", groups=("All", ""), started_on=date(2020, 1, 1)),
    a_person(id="5", name="Ed Gone", manager="4", team="Nets", enabled=False),
    a_person(id="6", name="Flo Marsh", office="Mill", groups=("All", "Radio"), started_on=date(2019, 5, 1)),
)


def facts_by_topic(person: Person, crew: tuple[Person, ...] = CREW) -> dict[str, Fact]:
    return {fact.topic: fact for fact in facts_among(person, crew)}


def test_facts_come_from_what_the_directory_has() -> None:
    facts = facts_by_topic(CREW[0])
    assert {topic: fact.answers for topic, fact in facts.items()} == {
        "manager": ("Di Lake",),
        "groups": ("Radio",),
        "started": ("March 2021",),
        "colleagues": ("Bo Reed",),
    }
    assert facts["groups"].weak == ("All",)
    assert set(facts["manager"].others) == {"Ella Fox", "Jo Hart"}
    assert set(facts["colleagues"].others) == {"Cy Ward", "Di Lake", "Flo Marsh"}
    assert facts["started"].kind is FactKind.MONTH


def test_what_most_share_or_what_is_missing_is_not_asked() -> None:
    assert "office" not in facts_by_topic(CREW[0])
    assert facts_by_topic(CREW[5])["office"].answers == ("Mill",)
    assert set(facts_by_topic(CREW[3])) == {"manager", "started", "colleagues"}
    assert facts_among(a_person(id="9"), CREW) == ()


def test_a_team_of_nearly_everybody_is_no_question() -> None:
    crew = tuple(a_person(id=str(n), name=f"P{n}", team="One" if n < 4 else "Two") for n in range(5))
    assert facts_by_topic(crew[0], crew) == {}
