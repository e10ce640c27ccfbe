"""Attacks on the public page: a coached requester, pages that collect secrets, guessing who exists."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from deskward.challenges.passkey import Challenge as Passkey
from deskward.challenges.questions import Challenge as Questions
from deskward.challenges.totp import Challenge as App
from deskward.core.answers import FactKind
from deskward.core.challenges import Challenge
from deskward.core.links import new_nonce
from deskward.core.notices import NOTICES
from deskward.core.proof import Evidence
from deskward.core.questions import Fact
from deskward.core.verification import Outcome, State
from deskward.errands import Errands
from deskward.lifecycle import Actor, House, Lifecycle, Reading
from deskward.store.opening import Opened
from deskward.web import portal
from deskward.web.guard import Guard
from deskward.web.portal import create_app
from tests.fakes import ANNA, FakeChannel, FakeClock, FakeDirectory, FakeSource
from tests.web.conftest import AGENT, Sent
from tests.web.test_not_me import word_of
from tests.web.test_portal import PASSWORD, advance, hidden, start

Send = Callable[..., Sent]
Browser = Callable[[], TestClient]
BOSS = Actor("agent", "a-boss", "Bea Boss")
TEMPLATES = Path(portal.__file__).parent / "templates" / "portal"
FACTS = (
    Fact("manager", "Who is your manager?", ("Ben Vogel",), FactKind.NAME),
    Fact("team", "Which team do you work in?", ("Harbour",)),
    Fact("office", "Which office do you belong to?", ("Quay",)),
)
RIGHT = {"manager": "Ben Vogel", "team": "Harbour", "office": "Quay"}
ANSWERS = (RIGHT, RIGHT | {"team": "Sails"}, RIGHT | {"office": ""}, RIGHT | {"team": "Sails", "office": "Mill"})
WAYS_IN = (
    "/v/open",
    "/v/start",
    "/enrol/open",
    "/not-me/open",
    "/not-me/press",
    "/confirm/open",
    "/confirm",
    "/vouch/open",
    "/vouch/sign",
    "/vouch/refuse",
)


@pytest.fixture
def challenges() -> dict[str, Challenge]:
    made: tuple[Challenge, ...] = (Questions(ask=3, least=2, choices=0), App(), Passkey())
    return {c.name: c for c in made}


@pytest.fixture
def source() -> FakeSource:
    return FakeSource("roster", FACTS)


@pytest.fixture
def house(house: House, source: FakeSource) -> House:
    return replace(house, sources={"roster": source})


@pytest.fixture
def browser(lifecycle: Lifecycle, reading: Reading, guard: Guard) -> Browser:
    app = create_app(lifecycle, reading, guard)
    headers = {"sec-fetch-site": "same-origin", "origin": "null"}
    return lambda: TestClient(app, base_url=guard.portal_url, headers=headers)


@pytest.fixture
def asks_questions(house: House) -> None:
    """Let the category ask questions after the card."""
    category = replace(house.policy.categories[0], challenges=(("questions",),))
    object.__setattr__(house, "policy", replace(house.policy, categories=(category,)))


def drained(house: House, lifecycle: Lifecycle, store: Opened) -> None:
    """Run every errand that is due."""
    errands = Errands(house, lifecycle, store.rows, "here")
    while lanes := store.rows.due_lanes(house.clock.now(), 100):
        for lane in lanes:
            errands.drain(lane)


def plain(page: Response, reference: str = "") -> str:
    """Give a page without what is new on every page: nonces, version, masked address, and its reference."""
    text = page.text.replace(reference, "ID") if reference else page.text
    text = re.sub(r'(name="version" value|data-nonce|nonce)="[^"]*"', "", text)
    return re.sub(r"\bIR-\d+|\d{4}-\d\d-\d\d|\d\d:\d\d|\w•+@\w•+", "", text)


def own(house: House, use: str, sending: str) -> str:
    return house.keyring.own_token(use, sending).reveal()


def answered(client: TestClient, link: Sent, answers: dict[str, str]) -> Response:
    """Go on to the questions and answer them by their topics."""
    start(client, link)
    advance(client, "/v/continue")
    page = advance(client, "/v/way", challenge="questions", option="questions")
    fields = {
        name: answers.get(fact.topic, "")
        for fact in FACTS
        for name in re.findall(rf'<label for="[^"]*(question_\d)">{re.escape(fact.question)}', page.text)
    }
    assert len(fields) == len(FACTS)
    return advance(client, "/v/prove", **fields)


def test_sr_43_sr_78_a_05_who_is_coached_to_the_end_has_read_what_for_and_the_owner_takes_it_back(
    browser: Browser,
    sent: Send,
    house: House,
    lifecycle: Lifecycle,
    store: Opened,
) -> None:
    link, coached, owner = sent(), browser(), browser()
    directory = house.people["roster"]
    assert isinstance(directory, FakeDirectory)
    drained(house, lifecycle, store)
    channel = house.channels["sms"]
    assert isinstance(channel, FakeChannel)
    assert len(channel.sent) == 1, "the other address is told before anything is proven"
    card = start(coached, link)
    reverse = house.keyring.reverse_code(link.verification.id)
    for shown in ("Kim Agent", "IR-1001", "Reset the password", ANNA.login, reverse):
        assert shown in card.text
    assert "Nobody from IT will ever ask you to read a number to them" in card.text
    advance(coached, "/v/continue")
    advance(coached, "/v/act", password=PASSWORD)
    drained(house, lifecycle, store)
    assert directory.passwords == {ANNA.id: PASSWORD}
    notices = [s for s in store.store.sendings(link.verification.id) if s.purpose in NOTICES]
    assert len(notices) == 3
    token = own(house, "objection", next(s.id for s in notices if s.address == "+4915112345678"))
    assert any(f"/not-me#{token}" in m.text for m in channel.sent)
    page = owner.post("/not-me/open", data={"token": token})
    owner.post("/not-me/press", data={"token": token, "word": word_of(page)})
    drained(house, lifecycle, store)
    now = lifecycle.get(link.verification.id)
    assert (now.state, now.outcome) == (State.DONE, Outcome.FAILED)
    assert directory.passwords == {}
    assert directory.revoked == [(ANNA.id, True)]
    assert store.store.fences("roster", ANNA.id)[0].stands(house.clock.now())


def scanned(client: TestClient, link: Sent, lifecycle: Lifecycle) -> Iterator[tuple[str, bool]]:
    """Walk a run from the link to the end: each page, and whether a grant exists."""
    yield client.get("/v").text, False
    yield client.post("/v/open", data={"token": link.token}).text, False
    yield start(client, link, value="1").text, False
    yield start(client, link).text, False
    yield advance(client, "/v/continue").text, True
    yield advance(client, "/v/act", password="short").text, True
    yield advance(client, "/v/act", password=PASSWORD).text, False
    yield client.get("/v/address").text, False
    yield advance(client, "/v/address", typed="new@boat.example").text, False
    yield advance(client, "/v/faster").text, False
    for kind in ("totp", "passkey"):
        yield client.get(f"/enrol/means/{kind}").text, False
    for inert in ("/enrol", "/not-me", "/confirm", "/vouch"):
        yield client.get(inert).text, False
    notice = next(s for s in lifecycle.house.store.sendings(link.verification.id) if s.purpose in NOTICES)
    yield client.post("/not-me/open", data={"token": own(lifecycle.house, "objection", notice.id)}).text, False
    yield client.post("/v/not-me").text, False
    yield client.get("/v/step").text, False


def test_sr_79_a_11_no_page_of_a_run_asks_for_a_password_without_a_grant(
    browser: Browser, sent: Send, lifecycle: Lifecycle
) -> None:
    pages = list(scanned(browser(), sent(), lifecycle))
    assert len(pages) == 19
    for text, granted in pages:
        fields = re.findall(r"<input[^>]*>", text)
        secret = [f for f in fields if re.search(r'type="password"|password|passwd|secret', f)]
        assert len(secret) == granted, text
        assert all('autocomplete="new-password"' in f for f in secret)
        assert "present password" not in text.lower()


@pytest.mark.usefixtures("asks_questions")
def test_sr_79_a_11_the_pages_of_more_proof_ask_for_no_password_either(
    browser: Browser, sent: Send, lifecycle: Lifecycle
) -> None:
    client, link = browser(), sent()
    start(client, link)
    pages = [advance(client, "/v/continue"), advance(client, "/v/way", challenge="questions", option="questions")]
    pages += [advance(client, "/v/prove"), client.get("/v/step")]
    assert lifecycle.get(link.verification.id).outcome is Outcome.NOT_ENOUGH_QUESTIONS
    assert all("password" not in field for page in pages for field in re.findall(r"<input[^>]*>", page.text))


def test_sr_79_a_11_one_template_alone_can_ask_for_a_password() -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in TEMPLATES.glob("*.html")}
    assert {name for name, text in texts.items() if 'type="password"' in text} == {"act.html"}
    assert not [name for name, text in texts.items() if "current-password" in text]


@pytest.fixture
def dead(sent: Send, house: House, lifecycle: Lifecycle, browser: Browser, clock: FakeClock) -> list[str]:
    """Give tokens of every kind that are unknown, used, cancelled or expired, and some rubbish."""
    expired = sent("3", requester_id="p-ben")
    asked = lifecycle.enrol_open(expired.verification.id, AGENT, "Passport seen at the front desk")
    late = lifecycle.enrol_address(lifecycle.enrol_approve(asked.id, BOSS), AGENT).reveal().partition("#")[2]
    objections = [own(house, "objection", s.id) for s in house.store.sendings(expired.verification.id)]
    clock.forward(hours=73)
    cancelled = sent("2", requester_id="p-ben")
    lifecycle.cancel(cancelled.verification.id, AGENT, "Wrong person.")
    used, client = sent("1"), browser()
    start(client, used)
    advance(client, "/v/continue")
    advance(client, "/v/act", password=PASSWORD)
    advance_address(client)
    waiting = lifecycle.waiting(lifecycle.get(used.verification.id))
    assert waiting
    found, _ = lifecycle.confirming(waiting.token.reveal())
    client.post("/confirm", data={"token": waiting.token.reveal(), "value": found.code(house.keyring).reveal()})
    rubbish = ["", "x", "1234 5678", "\0", "ü" * 43, "0" * 9_000, new_nonce()[:43], "anna.berg", ANNA.email]
    return [used.token, cancelled.token, expired.token, late, *objections, waiting.token.reveal(), *rubbish]


def advance_address(client: TestClient) -> Response:
    version = hidden(client.get("/v/address"), "version")
    return client.post("/v/address", data={"version": version, "typed": "new@boat.example"})


@pytest.mark.parametrize("path", WAYS_IN)
def test_sr_75_a_17_every_dead_token_gives_the_same_bytes_on_every_way_in(
    browser: Browser, dead: list[str], path: str
) -> None:
    fields = {"value": "123456", "word": "anchor", "form_key": "5a" * 32, "met": "x", "doubt": "x"}
    answers = [browser().post(path, data={"token": token} | fields) for token in dead]
    assert {a.status_code for a in answers} == {404}
    assert len({a.content for a in answers}) == 1
    assert len({tuple(k for k, _ in a.headers.multi_items()) for a in answers}) == 1


@pytest.mark.parametrize("path", WAYS_IN)
def test_sr_75_a_17_a_living_token_of_another_kind_is_as_dead_as_an_unknown_one(
    browser: Browser, sent: Send, house: House, lifecycle: Lifecycle, path: str
) -> None:
    link = sent()
    asked = lifecycle.enrol_open(link.verification.id, AGENT, "Passport seen at the front desk")
    enrol = lifecycle.enrol_address(lifecycle.enrol_approve(asked.id, BOSS), AGENT).reveal().partition("#")[2]
    objection = own(house, "objection", house.store.sendings(link.verification.id)[0].id)
    kinds = {"/v": link.token, "/enrol": enrol, "/not-me": objection}
    unknown = browser().post(path, data={"token": new_nonce()[:43], "value": link.code, "form_key": "5a" * 32})
    foreign = [t for prefix, t in kinds.items() if not path.startswith(f"{prefix}/")]
    assert foreign
    for token in foreign:
        answer = browser().post(path, data={"token": token, "value": link.code, "form_key": "5a" * 32})
        assert (answer.status_code, answer.content) == (404, unknown.content)


def test_a_17_an_address_of_somebody_else_is_answered_like_a_new_one(browser: Browser, sent: Send) -> None:
    client = browser()
    start(client, sent())
    advance(client, "/v/continue")
    advance(client, "/v/act", password=PASSWORD)
    told = []
    for typed in ("ben@home.example", "bob@hand.example"):
        version = hidden(client.get("/v/address?other"), "version")
        page = client.post("/v/address", data={"version": version, "typed": typed})
        told.append((page.status_code, plain(page)))
    assert told[0] == told[1]


@pytest.mark.usefixtures("asks_questions")
def test_sr_24_right_half_right_and_wrong_answers_give_the_same_bytes(
    browser: Browser, sent: Send, lifecycle: Lifecycle, clock: FakeClock
) -> None:
    pages: list[tuple[int, str]] = []
    for number, answers in enumerate(ANSWERS):
        link = sent(str(number))
        page = answered(browser(), link, answers)
        assert "It is you" in page.text
        assert not [word for word in ("correct", "partial", "wrong") if word in page.text]
        pages.append((page.status_code, plain(page, link.verification.id)))
        lifecycle.cancel(link.verification.id, AGENT, "Enough.")
        clock.forward(hours=48)
    assert len(set(pages)) == 1


@pytest.mark.usefixtures("asks_questions")
def test_sr_28_a_source_that_is_down_in_the_middle_passes_nobody(
    browser: Browser, sent: Send, lifecycle: Lifecycle, source: FakeSource
) -> None:
    client, link = browser(), sent()
    start(client, link)
    advance(client, "/v/continue")
    advance(client, "/v/way", challenge="questions", option="questions")
    source.known = ()
    client.get("/v/step")
    assert lifecycle.get(link.verification.id).state is not State.PASSED
    later, other = browser(), sent("1002")
    start(later, other)
    assert "Thank you" in advance(later, "/v/continue").text
    assert lifecycle.get(other.verification.id).state is State.REVIEW
    assert not lifecycle.get(other.verification.id).grant_id


@pytest.mark.parametrize("at", [State.SENT, State.STARTED])
def test_sr_20_an_account_that_is_proofed_on_site_ends_without_a_grant_on_every_way(
    browser: Browser, sent: Send, lifecycle: Lifecycle, directory: FakeDirectory, at: State
) -> None:
    client, link = browser(), sent()
    if at is State.STARTED:
        start(client, link)
    directory.people[ANNA.id] = replace(ANNA, aal=3)
    start(client, link)
    for path in ("/v/continue", "/v/none", "/v/resume", "/v/act"):
        version = str(lifecycle.get(link.verification.id).version)
        client.post(path, data={"version": version, "password": PASSWORD})
    now = lifecycle.get(link.verification.id)
    assert now.state in {State.FAILED, State.REVIEW}
    assert (now.grant_id, directory.passwords) == ("", {})


@pytest.mark.parametrize("on_phone", [True, False])
def test_sr_22_a_link_is_kept_as_an_issued_code_and_never_as_a_factor(
    browser: Browser, sent: Send, lifecycle: Lifecycle, on_phone: bool
) -> None:
    link = sent(on_phone=on_phone)
    start(browser(), link)
    kept = lifecycle.get(link.verification.id).proofs
    assert kept
    assert {p.evidence for p in kept} == {Evidence.ISSUED}


def test_sr_21_a_second_code_to_the_mailbox_of_the_link_is_not_offered(sent: Send, reading: Reading) -> None:
    link = sent(on_phone=False)
    roots = {p.root for p in link.verification.proofs}
    assert len(roots) == len(link.verification.proofs)
    offers = reading.portal(link.verification).offers
    assert not [o for o in offers if o.option.id == "d-mail"]


def test_sr_31_a_proof_that_is_too_old_leads_to_no_grant_on_the_page(
    browser: Browser, sent: Send, lifecycle: Lifecycle, clock: FakeClock
) -> None:
    client, link = browser(), sent()
    start(client, link)
    version = hidden(client.get("/v/step"), "version")
    clock.at += timedelta(minutes=15, seconds=1)
    assert client.post("/v/continue", data={"version": version}).status_code == 404
    assert lifecycle.get(link.verification.id).grant_id == ""
