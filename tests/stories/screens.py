"""Takes the pictures of README and guide: `python -m tests.stories.screens [FOLDER]`, by default docs/screens."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tests.stories.people import JONAS, RITA
from tests.stories.product import ROOT, Product, started
from tests.stories.walk import NEW_PASSWORD, Agent, Requester, Story, Ticket, mailed_link, texted_link

WIDE, NARROW = ViewportSize(width=1280, height=860), ViewportSize(width=390, height=844)
LOOKS = (("wide", WIDE), ("narrow", NARROW))
KEPT = {
    "ticket": "ticket-wide-light",
    "send": "sent-wide-light",
    "send-form": "send-wide-light",
    "table": "table-wide-light",
    "table-dark": "table-wide-dark",
    "details": "details-wide-light",
    "portal-code": "portal-code-narrow-light",
    "portal-card": "portal-card-narrow-light",
    "portal-card-dark": "portal-card-narrow-dark",
    "portal-password": "portal-password-narrow-light",
    "portal-done": "portal-done-narrow-light",
}


@dataclass
class Camera:
    """Takes a page at each width, light and dark, without waiting for anything but the page itself."""

    folder: Path

    def shoot(self, page: Page, name: str) -> None:
        """Take all looks of the page as it stands."""
        before = page.viewport_size or WIDE
        for size, viewport in LOOKS:
            page.set_viewport_size(viewport)
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                path = self.folder / f"{name}-{size}-{scheme}.png"
                page.screenshot(path=path, full_page=True, animations="disabled")
        page.set_viewport_size(before)
        page.emulate_media(color_scheme="light")


@contextmanager
def browser() -> Iterator[Browser]:
    """Start the browser."""
    with sync_playwright() as playwright:
        program = shutil.which("chromium") or "/usr/bin/chromium"
        arguments = ["--no-sandbox", "--host-resolver-rules=MAP *.localhost 127.0.0.1"]
        opened = playwright.chromium.launch(executable_path=program, args=arguments)
        yield opened
        opened.close()


def by_mail(story: Story, camera: Camera) -> Ticket:
    """Live the main story, with a picture of every page."""
    product, human = story.product, RITA
    agent, requester = Agent(story.window(viewport=WIDE).new_page(), story.product), story.requester()
    ticket = agent.ticket(human, "Password Reset")
    ticket.noted("Identity verification needed")
    agent.page.goto(ticket.send_address)
    camera.shoot(agent.page, "login")
    agent.log_in()
    camera.shoot(agent.page, "send")
    code = agent.send()
    agent.progress("Accepted by the mail server")
    camera.shoot(agent.page, "sent")
    link = mailed_link(product, human)
    _mailbox(agent, camera)
    _portal(requester, camera, link, code)
    ticket.has_status("Closed")
    camera.shoot(ticket.page, "ticket")
    agent.progress("Ticket closed")
    camera.shoot(agent.page, "sent-done")
    return ticket


def _mailbox(agent: Agent, camera: Camera) -> None:
    page = agent.page.context.new_page()
    page.goto(agent.product.at("sandbox", "/mailbox/1"))
    camera.shoot(page, "mailbox")
    page.close()


def _portal(requester: Requester, camera: Camera, link: str, code: str) -> None:
    page = requester.page
    page.goto(requester.product.at("portal", "/v"))
    camera.shoot(page, "portal-begin")
    requester.follow(link)
    camera.shoot(page, "portal-code")
    requester.enter("12")
    camera.shoot(page, "portal-code-wrong")
    requester.enter(code)
    requester.sees("Is this your request?")
    camera.shoot(page, "portal-card")
    requester.press("Continue")
    page.get_by_label("New password").fill(NEW_PASSWORD[:9])
    camera.shoot(page, "portal-password")
    requester.reset()
    camera.shoot(page, "portal-done")


def by_sms(story: Story, camera: Camera) -> None:
    """Live the SMS story up to failed and neutral pages, and the typed address."""
    product, human = story.product, JONAS
    agent, requester = story.agent(viewport=WIDE), story.requester()
    ticket = agent.ticket(human, "Account Unlock")
    agent.open(ticket)
    agent.type("somebody@elsewhere.example")
    camera.shoot(agent.page, "send-supplied")
    agent.type(human.spaced)
    expect(agent.page.locator("#echo")).to_contain_text("on file")
    camera.shoot(agent.page, "send-typed")
    code = agent.send()
    link = texted_link(product, human)
    page = agent.page.context.new_page()
    page.goto(product.at("sandbox", "/phone"))
    camera.shoot(page, "phone")
    requester.follow(link)
    for _ in range(4):
        requester.enter(f"{(int(code) + 1) % 10**6:06}")
        requester.page.get_by_role("alert").wait_for()
    requester.enter(f"{(int(code) + 1) % 10**6:06}")
    requester.sees("We could not complete this")
    camera.shoot(requester.page, "portal-failed")
    requester.page.goto("about:blank")
    requester.page.goto(link)
    requester.sees("This link does not work")
    camera.shoot(requester.page, "portal-neutral")
    ticket.noted("Verification result")
    agent.details(ticket)
    camera.shoot(agent.page, "details-failed")


def console(story: Story, camera: Camera, ticket: Ticket) -> None:
    """Take table, details and what cannot be sent."""
    agent = story.agent(viewport=WIDE)
    refused = agent.ticket("Dana Root", "Password Reset")
    refused.noted("Identity verification cannot be sent")
    agent.page.goto(refused.page.get_by_role("link", name="Details").get_attribute("href") or "")
    camera.shoot(agent.page, "send-refused")
    agent.ticket("Wilhelmina", "Identity check").noted("Identity verification needed")
    agent.page.goto(story.product.at("desk"))
    camera.shoot(agent.page, "table")
    agent.details(ticket)
    camera.shoot(agent.page, "details")


def take(product: Product, folder: Path) -> None:
    """Take every picture into a folder."""
    camera = Camera(folder)
    with browser() as opened, Story.told(opened, product) as story:
        ticket = by_mail(story, camera)
        by_sms(story, camera)
        console(story, camera, ticket)


def main() -> None:
    """Take all pictures; without a folder named only those that are kept go into docs/screens."""
    every = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp(prefix="screens-"))
    every.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="product-"))
    with started(home, "sqlite:///deskward.db") as product:
        take(product, every)
    kept = ROOT / "docs" / "screens"
    kept.mkdir(parents=True, exist_ok=True)
    for name, taken in KEPT.items():
        shutil.copy(every / f"{taken}.png", kept / f"{name}.png")


if __name__ == "__main__":
    main()
