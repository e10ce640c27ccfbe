"""The hands of those who prove more: enrolled, asked, vouched for, approved, and objecting."""

import re
import time
from base64 import b32decode

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from playwright.sync_api import Locator, Page, expect

from tests.stories.people import RITA, Human
from tests.stories.product import Product, until
from tests.stories.walk import Agent, Requester, Story, Ticket


def add_authenticator(page: Page) -> None:
    """Give the browser a device that holds passkeys and says that its owner is there."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def app_code(secret: str, ahead: int = 0) -> str:
    """Compute what an authenticator app shows, now or some steps ahead."""
    made = TOTP(b32decode(secret.replace(" ", "")), 6, SHA1(), 30, enforce_key_length=False)
    return made.generate(int(time.time()) + 30 * ahead).decode()


def send_to_new(agent: Agent, ticket: Ticket, address: str) -> str:
    """Send to an address that the caller supplies; gives the call code."""
    agent.open(ticket)
    agent.type(address)
    agent.page.get_by_label("Yes, this is what the requester said").check()
    agent.page.locator("#reason").select_option(index=1)
    agent.page.locator("#reason_text").fill("Lost everything abroad")
    return agent.send()


def link_to(product: Product, address: str) -> str:
    """Wait for the link at that address."""

    def found() -> list[str]:
        texts = [mail["text"] for mail in product.mails(address)]
        return [link for text in texts for link in re.findall(r"http://portal\S+/v#\S+", text)]

    return until(found)[-1]


def fresh(agent: Agent, login: str, press: str) -> None:
    """Press a button that asks for a fresh login, and give it."""
    if agent.press_fresh(login, press):
        agent.page.get_by_role("button", name=press, exact=True).click()


def set_up_in_person(agent: Agent, approver: Agent, ticket: Ticket) -> str:
    """Let the agent open a set-up and another person approve it; gives the one-time address."""
    agent.details(ticket)
    agent.page.get_by_text("Set up in person").click()
    agent.page.get_by_label("How did you identify the person?").fill("Passport seen at the front desk")
    agent.page.get_by_role("button", name="Ask for approval").click()
    expect(agent.page.get_by_text("Another person with the role approver has to say yes")).to_be_visible()
    approver.details(ticket)
    fresh(approver, "sam", "Approve set-up")
    expect(approver.page.get_by_text("Approved.")).to_be_visible()
    agent.page.reload()
    return agent.page.locator("code.address").inner_text()


def enrol_passkey(page: Page, address: str) -> None:
    """Set up a passkey in the browser's own authenticator."""
    add_authenticator(page)
    page.goto(address)
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("link", name="Passkey").click()
    page.get_by_role("button", name="Create the passkey").click()
    expect(page.get_by_text("Set up already")).to_be_visible()


def enrol(page: Page, address: str) -> tuple[str, str]:
    """Set up an authenticator app and printed codes; gives the secret and the first code."""
    page.goto(address)
    page.locator("main button").first.click()
    page.locator("a.choice", has_text="uthenticator app").click()
    secret = page.locator(".secret").text_content() or ""
    page.locator("input.digits").fill(app_code(secret))
    page.get_by_role("button", name="Check and keep").click()
    page.locator("a.choice", has_text="rinted").click()
    code = page.locator(".codes li").first.inner_text()
    page.get_by_role("textbox").first.fill(code)
    page.get_by_role("button", name="Check and keep").click()
    expect(page.get_by_text("Set up already")).to_be_visible()
    return secret, code


def offered(requester: Requester, words: str) -> Locator:
    """Find the button of an offered way to prove oneself."""
    return requester.page.locator("form.way", has_text=words).first.locator("button")


def way(requester: Requester, words: str) -> None:
    """Choose a way to prove oneself that asks for something to type."""
    offered(requester, words).click()
    requester.page.get_by_role("textbox").first.wait_for()


def answer(requester: Requester, value: str) -> None:
    """Give the answer."""
    requester.page.get_by_role("textbox").first.fill(value)
    requester.press("Continue")


def approve(approver: Agent) -> None:
    """Approve; after a fresh login the form is seen again and filled in again."""
    page = approver.page
    if approver.press_fresh("sam", "Approve"):
        page.get_by_label("Reason for approving").fill("Known by voice, and her lead confirms.")
        page.get_by_role("button", name="Approve", exact=True).click()


def ask_colleagues(agent: Agent, requester: Requester, ticket: Ticket, address: str) -> None:
    """Send Rita's link to a new address, prove her phone, and ask her colleagues."""
    product = agent.product
    code = send_to_new(agent, ticket, address)
    requester.follow(link_to(product, address))
    requester.enter(code)
    requester.press("Continue")
    way(requester, "SMS")
    answer(requester, texted_code(product, RITA))
    requester.sees("One more proof")
    offered(requester, "Ask colleagues").click()
    requester.sees("Colleagues are being asked")


def texted_code(product: Product, human: Human) -> str:
    """Wait for the newest code that came by text message."""
    texts = until(lambda: [one["body"] for one in product.texts(human.phone) if "your code is" in one["body"]])
    return str(re.findall(r"\d{3} \d{3}", texts[-1])[0])


def prove_by_text(requester: Requester, human: Human) -> None:
    """Give the second proof that a browser without script is asked for: a code by text message."""
    way(requester, "SMS")
    answer(requester, texted_code(requester.product, human))


def vouch_link(product: Product, address: str) -> str:
    """Wait for the message that asks a colleague, and give its link."""

    def found() -> list[str]:
        texts = [mail["text"] for mail in product.mails(address)]
        return [link for text in texts for link in re.findall(r"http://portal\S+/vouch#\S+", text)]

    return until(found)[-1]


def vouch(story: Story, login: str) -> None:
    """Open the message and say yes after one's own login at the desk, which must not be older than 5 minutes."""
    product, window = story.product, story.agent(login)
    question = window.page.get_by_role("heading", name="Is this really Rita Romero?")
    thanks = window.page.get_by_role("heading", name="Thank you")
    window.page.goto(vouch_link(product, f"{login}@northwind.example"))
    window.page.get_by_role("link", name="Sign in at the desk to vouch").click()
    _log_in_anew(window, login, question)
    say_yes(window.page)
    if _log_in_anew(window, login, thanks, question):
        say_yes(window.page)
    expect(thanks).to_be_visible()


def _log_in_anew(agent: Agent, login: str, wanted: Locator, after: Locator | None = None) -> bool:
    """Wait for what is wanted; give the fresh login where that is asked for before, and wait for what follows."""
    asked = agent.page.get_by_role("heading", name="Confirm that it is you")
    expect(asked.or_(wanted)).to_be_visible()
    if not asked.is_visible():
        return False
    agent.give_code(login)
    expect(after or wanted).to_be_visible()
    return True


def say_yes(page: Page) -> None:
    """Say how they spoke, and vouch."""
    page.locator("[name=met]").first.check()
    page.get_by_role("button", name="Vouch for Rita Romero").click()
    page.wait_for_load_state()


def objection_link(product: Product, address: str, title: str) -> str:
    """Wait for the notice with this subject, and give its link."""

    def found() -> list[str]:
        mails = [one["text"] for one in product.mails(address) if title in one["subject"]]
        return [link for text in mails for link in re.findall(r"http://portal\S+/not-me#\S+", text)]

    return until(found)[0]


def object_by(requester: Requester, link: str) -> None:
    """Open the link of a notice, type the word, and press the button."""
    page = requester.page
    page.goto(link)
    requester.sees("Was this not you?")
    page.get_by_label("Type the word").fill(page.locator(".word").inner_text().upper())
    requester.press("This is not me")
    requester.sees("Thank you, it is stopped")
