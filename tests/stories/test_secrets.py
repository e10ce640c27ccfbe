"""After the story at DEBUG no secret is in log, database, errand, note, roster or page (SR-02, SR-54, A-26)."""

import json
import re
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.stories.conftest import SETTINGS, address_of
from tests.stories.people import Human
from tests.stories.product import PASSWORD, Product, started
from tests.stories.walk import NEW_PASSWORD, Agent, Story, Ticket, fallback_of, mailed_link, texted_link

OF_THE_SANDBOX = ("sandbox-changegear", "sandbox-webhook", "sandbox-phone-token")
SESSION = re.compile(r"(?<![\w-])(?![0-9a-f]{64}(?![\w-]))[\w-]{64}(?![\w-])")


@dataclass
class Hunt:
    """What must be nowhere: secrets, codes as digits, full private addresses; `call` holds the call codes."""

    words: set[str] = field(default_factory=lambda: {PASSWORD, NEW_PASSWORD, *OF_THE_SANDBOX})
    codes: set[str] = field(default_factory=set)
    call: set[str] = field(default_factory=set)

    def issued(self, human: Human, link: str, message: str, call: str) -> None:
        """Remember what one message and one call told."""
        self.words |= {link.partition("#")[2], human.mail, human.phone}
        self.codes |= {fallback_of(message), call}
        self.call.add(call)

    def found(self, text: str) -> set[str]:
        """Give everything of it that a text holds, sessions of ChangeGear too; codes also in two groups."""
        words = {word for word in self.words if word.casefold() in text.casefold()}
        return words | {code for code in self.codes if _holds(text, code)} | set(SESSION.findall(text))


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_no_secret_is_in_any_log_database_or_errand_after_the_story_at_debug(
    chromium: Browser, tmp_path: Path, kind: str
) -> None:
    hunt, seen = Hunt(), tmp_path / "seen.har"
    with ExitStack() as stack:
        product = stack.enter_context(started(tmp_path, address_of(stack, kind), log="DEBUG", settings=SETTINGS))
        with Story.told(chromium, product) as story:
            window = story.window(record_har_path=seen, record_har_content="embed")
            _by_mail(story, Agent(window.new_page(), product), hunt)
            _by_sms(story, Agent(window.new_page(), product), hunt)
            hunt.words |= {str(cookie["value"]) for cookie in window.cookies()}
            hunt.words.add((tmp_path / "deskward.key").read_text().strip())
        for name, text in _kept(product).items():
            assert hunt.found(text) == set(), name
    log = (tmp_path / "log.txt").read_text()
    assert '"level": "debug"' in log
    assert hunt.found(log) == set()
    _pages_are_clean(seen, hunt)


def _by_mail(story: Story, agent: Agent, hunt: Hunt) -> None:
    product, human, requester = story.product, story.product.somebody(), story.requester()
    ticket = agent.ticket(human, "Password Reset")
    agent.page.goto(ticket.send_address)
    agent.log_in()
    code, link = agent.send(), mailed_link(product, human)
    hunt.issued(human, link, product.mails(human.mail)[0]["text"], code)
    requester.follow(link)
    requester.agree(code)
    requester.reset()
    hunt.words |= {str(cookie["value"]) for cookie in requester.page.context.cookies()}
    _looked_at(agent, ticket)


def _by_sms(story: Story, agent: Agent, hunt: Hunt) -> None:
    product, human, requester = story.product, story.product.somebody(), story.requester()
    ticket = agent.ticket(human, "Account Unlock")
    agent.open(ticket)
    agent.type(human.spaced)
    code, link = agent.send(), texted_link(product, human)
    hunt.issued(human, link, product.texts(human.phone)[0]["body"], code)
    requester.follow(link)
    requester.agree(code)
    requester.press("Unlock my account")
    requester.sees("Done")
    hunt.words |= {str(cookie["value"]) for cookie in requester.page.context.cookies()}
    _looked_at(agent, ticket)


def _looked_at(agent: Agent, ticket: Ticket) -> None:
    ticket.has_status("Closed")
    ticket.page.reload()
    agent.progress("Ticket closed")
    agent.details(ticket)
    agent.page.goto(agent.product.at("desk"))


def _kept(product: Product) -> dict[str, str]:
    """Give all that is kept, as text: each table (without the column that must hold an address), and files."""
    stored = product.rows()
    for row in stored["sendings"]:
        del row["address"]
    tables = {name: json.dumps(rows, default=str) for name, rows in stored.items()}
    assert tables["errands"].count("{") > 5
    files = ("people.toml.state.json", "changegear.db", "changegear.db-wal", "out.txt")
    kept = {name: (product.folder / name).read_text(errors="replace") for name in files}
    kept["out.txt"] = kept["out.txt"].replace(PASSWORD, "")
    return tables | kept


def _pages_are_clean(seen: Path, hunt: Hunt) -> None:
    entries = json.loads(seen.read_text())["log"]["entries"]
    pages = [(one["request"]["url"], one["response"]["content"].get("text", "")) for one in entries]
    assert any("/send/" in url and hunt.found(body) for url, body in pages)
    for url, body in pages:
        allowed = hunt.call if "/send/" in url else set()
        assert hunt.found(body) - allowed == set(), url


def _holds(text: str, code: str) -> bool:
    half = len(code) // 2
    spaced = rf"{code[:half]}(?:\s|</?span>)*{code[half:]}"
    return bool(re.search(rf"(?<![\w.]){spaced}(?!\w)", text))
