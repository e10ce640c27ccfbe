"""The hands of agent and requester: what they click and type, in the words of the pages."""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.stories.people import Human
from tests.stories.product import PASSWORD, PATIENCE, Product, until

SEND_LINK = "Send Verification via imper.ai Portal"
NEW_PASSWORD = "a long sentence for today 42"
PHONE_SIZE = {"width": 390, "height": 844}
LOGIN_KEPT = 4 * 60.0  # seconds; after 5 minutes the desk asks for a fresh login before what needs one
_LOGINS: dict[tuple[Path, str], tuple[float, Any]] = {}


@dataclass
class Story:
    """One story: opens windows for agents and requesters, which are closed with it."""

    browser: Browser
    product: Product
    stack: ExitStack
    complaints: list[str] = field(default_factory=list)

    @classmethod
    @contextmanager
    def told(cls, browser: Browser, product: Product) -> Iterator[Self]:
        """Tell one story; its windows are closed at the end."""
        with ExitStack() as stack:
            yield cls(browser, product, stack)

    def window(self, **options: Any) -> BrowserContext:
        """Open a window with cookies of its own; what its pages complain about is collected."""
        context = self.browser.new_context(**options)
        self.stack.callback(context.close)
        context.set_default_timeout(PATIENCE * 1000)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        return context

    def agent(self, login: str = "alex", **options: Any) -> "Agent":
        """Open the window of an agent, who is logged in at the desk already."""
        key, now = (self.product.folder, login), time.monotonic()
        if key not in _LOGINS or now - _LOGINS[key][0] > LOGIN_KEPT:
            fresh = Agent(self.window().new_page(), self.product)
            fresh.page.goto(self.product.at("desk"))
            fresh.log_in(login)
            _LOGINS[key] = (now, fresh.page.context.storage_state())
        return Agent(self.window(storage_state=_LOGINS[key][1], **options).new_page(), self.product)

    def requester(self, **options: Any) -> "Requester":
        """Open a requester's browser, as wide as a phone."""
        given = {"viewport": PHONE_SIZE} | options
        return Requester(self.window(**given).new_page(), self.product)


@dataclass
class Ticket:
    """A ticket of the simulated ChangeGear, looked at as its agent."""

    page: Page
    product: Product
    id: str

    @property
    def url(self) -> str:
        """Give its address."""
        return self.product.at("sandbox", f"/changegear/tickets/{self.id}")

    def note(self, title: str) -> Locator:
        """Find the internal notes that begin with a title."""
        return self.page.locator("#history li.internal").filter(has=self.page.locator("strong", has_text=title))

    def noted(self, title: str, *lines: str, times: int = 1) -> None:
        """Wait until a note is there, exactly so many times, with these lines in the last of them."""
        expect(self.note(title)).to_have_count(times)
        for line in lines:
            expect(self.note(title).last).to_contain_text(line)

    def titles(self) -> list[str]:
        """Give the titles of all internal notes, in order."""
        return self.page.locator("#history li.internal .comment strong:first-child").all_inner_texts()

    def has_status(self, status: str) -> None:
        """Wait until the ticket is in this state."""
        expect(self.page.locator("#head .pill")).to_have_text(status)

    def change(self, **choices: str) -> None:
        """Change requester or category in the ticket."""
        self.page.get_by_text("Change requester, category or summary").click()
        for label, value in choices.items():
            _pick(self.page.locator(f"#{label}"), value)
        self.page.get_by_role("button", name="Save changes").click()

    @property
    def send_address(self) -> str:
        """Give the address behind the newest link to the Send page."""
        link = self.page.get_by_role("link", name=SEND_LINK, exact=True).last
        link.wait_for()
        return link.get_attribute("href") or ""

    @property
    def verification(self) -> str:
        """Give the id of the newest verification."""
        return self.send_address.rpartition("/")[2]

    def row(self) -> Mapping[str, Any]:
        """Read the newest verification as it is stored."""
        return self.product.of("verifications", self.verification)[0]


@dataclass
class Agent:
    """An agent's window: the desk in one tab, tickets in others."""

    page: Page
    product: Product

    def log_in(self, login: str = "alex") -> None:
        """Fill in the login page."""
        self.page.get_by_label("Login").fill(login)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_label("Code from your app").fill(self.product.code(login))
        self.page.get_by_role("button", name="Continue").click()
        self.page.get_by_role("button", name="Sign out").wait_for()

    def give_code(self, login: str) -> None:
        """Give the second factor that a page asks for anew; that ends the session which was kept before."""
        _LOGINS.pop((self.product.folder, login), None)
        self.page.get_by_label("Code from your app").fill(self.product.code(login))
        with self.page.expect_navigation():
            self.page.get_by_role("button", name="Continue").click()

    def press_fresh(self, login: str, name: str) -> bool:
        """Press a button that needs a fresh login, and give it; tells whether it was asked for."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name, exact=True).click()
        asked = self.page.get_by_label("Code from your app").count() > 0
        if asked:
            self.give_code(login)
        return asked

    def ticket(self, human: Human | str, category: str, summary: str = "Locked out after the holidays") -> Ticket:
        """Create a ticket for somebody in a category, in a tab of its own."""
        name = human if isinstance(human, str) else human.name
        page = self.page.context.new_page()
        page.goto(self.product.at("sandbox", "/changegear/tickets/new"))
        _pick(page.get_by_label("Requester"), name)
        _pick(page.get_by_label("Category"), category)
        page.get_by_label("Summary").fill(summary)
        page.get_by_role("button", name="Create ticket").click()
        page.wait_for_url(re.compile(r"/tickets/\d+$"))
        return Ticket(page, self.product, page.url.rpartition("/")[2])

    def open(self, ticket: Ticket) -> None:
        """Follow the ticket's newest link to the Send page."""
        self.page.goto(ticket.send_address)
        expect(self.page.get_by_role("heading", name="Send Verification Portal Link")).to_be_visible()

    def choose(self, masked: str) -> None:
        """Pick one of the known addresses."""
        self.page.locator("[name=choice]").and_(self.page.get_by_label(masked)).check()

    def type(self, address: str) -> None:
        """Type another address, and wait until the page says what it is."""
        self.page.get_by_label("Another address").check()
        self.page.get_by_label("E-mail address, or phone number with country code").fill(address)
        expect(self.page.locator("#echo")).not_to_be_empty()

    def send(self) -> str:
        """Click “Send”; gives the call code to say, empty where there is none."""
        self.page.get_by_role("button", name="Send", exact=True).click()
        self.page.get_by_role("heading", name="Progress").wait_for()
        return self.code()

    def code(self) -> str:
        """Read the call code off the page, empty where there is none."""
        shown = self.page.locator(".call .code")
        return "".join(re.findall(r"\d", shown.inner_text())) if shown.count() else ""

    def progress(self, step: str, state: str = "done") -> None:
        """Wait until a step of the progress is in a state, without a reload."""
        expect(self.page.locator(f"ol.steps li.{state}").filter(has_text=step)).to_be_visible()

    def details(self, ticket: Ticket) -> None:
        """Open the details view."""
        self.page.goto(self.product.at("desk", f"/verifications/{ticket.verification}"))


@dataclass
class Requester:
    """The requester's browser."""

    page: Page
    product: Product

    def follow(self, link: str) -> None:
        """Open the link of the message, and wait for the first screen."""
        self.page.goto(link)
        expect(self.page.get_by_role("heading", name="Enter the code")).to_be_visible()

    def enter(self, value: str) -> None:
        """Type the value and continue."""
        self.page.get_by_label("6-digit code").fill(value)
        self.press("Continue")

    def press(self, name: str) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def sees(self, heading: str) -> None:
        """Wait for the page with this heading."""
        expect(self.page.get_by_role("heading", name=heading, exact=True)).to_be_visible()

    def agree(self, value: str) -> None:
        """Enter the value and agree on the card."""
        self.enter(value)
        self.sees("Is this your request?")
        self.press("Continue")

    def reset(self, password: str = NEW_PASSWORD) -> None:
        """Set a new password."""
        self.page.get_by_label("New password").fill(password)
        self.press("Set new password")
        self.sees("Done")


def _pick(field: Locator, name: str) -> None:
    options = field.locator("option").all_inner_texts()
    field.select_option(label=next(one for one in options if name in one))


def mailed_link(product: Product, human: Human, number: int = 1) -> str:
    """Wait for the so-many-th e-mail with a link, and give the link."""
    found = until(lambda: _links(product.mails(human.mail), "text", number))
    return found[number - 1]


def mailed_links(product: Product, human: Human) -> list[str]:
    """Give every link that came by e-mail so far; notices have none."""
    return _links(product.mails(human.mail), "text", 0)


def texted_link(product: Product, human: Human, number: int = 1) -> str:
    """Wait for the so-many-th text message with a link, and give the link."""
    found = until(lambda: _links(product.texts(human.phone), "body", number))
    return found[number - 1]


def _links(messages: list[dict[str, Any]], part: str, least: int) -> list[str]:
    found = [re.findall(r"http://portal\S+/v#\S+", one[part]) for one in messages]
    links = [link for links in found for link in links]
    return links if len(links) >= least else []


def fallback_of(text: str) -> str:
    """Read the 8-digit code out of a message."""
    found = re.search(r"type (\d{4}) (\d{4})", text)
    assert found
    return found[1] + found[2]
