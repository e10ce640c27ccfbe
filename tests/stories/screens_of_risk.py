"""Pictures of the look at risk: the consent, and reports of a Verified, a Medium and a High one."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

from sandbox.networks import STRETCHES
from tests.signals.visits import WINDOWS
from tests.stories.camera import WIDE, Camera
from tests.stories.people import Human
from tests.stories.product import until
from tests.stories.walk import Requester, Story, Ticket, mailed_links

HOME = {"locale": "de-DE", "timezone_id": "Europe/Berlin"}
WILHELMINA = Human(
    "p-1004",
    "w.featherstonehaugh",
    "Wilhelmina",
    "wilhelmina.featherstonehaugh-montgomery@northwind.example",
    "wilhelmina@featherstonehaugh.example",
    "",
)


def near(story: Story, stretch: str, **options: Any) -> Requester:
    """Open a browser that comes from one of the sandbox's networks."""
    headers = {"x-forwarded-for": STRETCHES[stretch].address}
    return story.requester(extra_http_headers=headers, **options)


def to_card(story: Story, requester: Requester, human: Human, category: str, *, wrong: int = 0) -> Ticket:
    """Open a ticket, send its link, and go up to the card; `wrong` codes come before the right one."""
    agent, before = story.agent(), len(mailed_links(story.product, human))
    ticket = agent.ticket(human, category)
    agent.open(ticket)
    code = agent.send()
    requester.follow(until(lambda: mailed_links(story.product, human)[before:])[-1])
    for _ in range(wrong):
        requester.enter(f"{(int(code) + 1) % 10**6:06}")
        requester.page.get_by_role("alert").wait_for()
    requester.enter(code)
    requester.sees("Is this your request?")
    return ticket


def passed_before(story: Story, requester: Requester, human: Human) -> None:
    """Give the person a past: one verification that passed on this device."""
    to_card(story, requester, human, "Account Unlock")
    requester.press("Continue")
    requester.press("Unlock my account")
    requester.sees("Done")


def verified(story: Story, camera: Camera) -> None:
    """Somebody at home, on the device of last time."""
    human, requester = story.product.somebody(), near(story, "home", **HOME)
    passed_before(story, requester, human)
    ticket = to_card(story, requester, human, "Password Reset")
    camera.shoot(requester.page, "portal-consent")
    requester.page.locator(".looked summary").click()
    camera.shoot(requester.page, "portal-consent-open")
    requester.press("Continue")
    requester.reset()
    ticket.has_status("Closed")
    report(story, camera, ticket, "verified")
    agent = story.agent(viewport=WIDE)
    agent.details(ticket)
    camera.shoot(agent.page, "report-agent")


def medium(story: Story, camera: Camera) -> None:
    """Somebody with a long name, behind a VPN on a new device, who cannot give more proof."""
    passed_before(story, near(story, "home", **HOME), WILHELMINA)
    requester = near(story, "residential", locale="en-GB", timezone_id="Europe/Berlin")
    ticket = to_card(story, requester, WILHELMINA, "Password Reset")
    camera.shoot(requester.page, "portal-consent-long")
    requester.press("Continue")
    requester.page.get_by_role("heading", name="Is this your request?").wait_for(state="detached")
    camera.shoot(requester.page, "portal-medium")
    if requester.page.get_by_role("button", name="I cannot do any of these").count():
        requester.press("I cannot do any of these")
    ticket.noted("Verification result")
    report(story, camera, ticket, "medium")


def high(story: Story, camera: Camera) -> None:
    """Somebody over Tor from the other side of the world, in a browser that contradicts itself."""
    human = story.product.somebody()
    passed_before(story, near(story, "home", **HOME), human)
    requester = near(story, "tor", locale="en-US", timezone_id="Asia/Tokyo", user_agent=WINDOWS)
    ticket = to_card(story, requester, human, "Password Reset", wrong=1)
    requester.press("Continue")
    requester.sees("We could not complete this")
    ticket.noted("Verification result")
    report(story, camera, ticket, "high")


def declined(story: Story, camera: Camera) -> None:
    """Somebody who does not let the browser be read."""
    human, requester = story.product.somebody(), near(story, "mobile", **HOME)
    ticket = to_card(story, requester, human, "Password Reset")
    requester.press("Continue without this check")
    requester.page.get_by_role("heading", name="Is this your request?").wait_for(state="detached")
    camera.shoot(requester.page, "portal-declined")
    report(story, camera, ticket, "declined")


def report(story: Story, camera: Camera, ticket: Ticket, name: str) -> None:
    """Take the details page as an approver sees it, its mark, and keep the PDF beside the pictures."""
    approver = story.agent("sam", viewport=WIDE)
    approver.details(ticket)
    camera.shoot(approver.page, f"report-{name}")
    (camera.folder / f"report-{name}.pdf").write_bytes(printed(story, approver.page, ticket))
    if approver.page.locator(".judged button").count():
        approver.page.locator(".judged button").first.click()
        approver.page.wait_for_load_state()
        camera.shoot(approver.page, f"report-{name}-marked")


def printed(story: Story, page: Page, ticket: Ticket) -> bytes:
    """Get the report as a PDF with the cookies of the page."""
    cookies = "; ".join(f"{c['name']}={c['value']}" for c in page.context.cookies(page.url))
    path = f"/verifications/{ticket.verification}/report.pdf"
    return story.product.ask("GET", "desk", path, headers={"cookie": cookies}).content


RISK: dict[str, Callable[[Story, Camera], None]] = {
    "verified": verified,
    "medium": medium,
    "high": high,
    "declined": declined,
}
