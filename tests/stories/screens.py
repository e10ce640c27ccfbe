"""Takes the pictures of README and guide: `python -m tests.stories.screens [FOLDER [SCENE...]]`.

All of them go into the folder. Without one, those that are kept go into docs/screens.
"""

import re
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from playwright.sync_api import expect

from tests.stories.camera import WIDE, Camera, browser, keep
from tests.stories.people import JONAS, RITA
from tests.stories.product import ROOT, started, until
from tests.stories.screens_of_console import CONSOLE
from tests.stories.screens_of_glass import GLASS
from tests.stories.screens_of_proof import PROOF
from tests.stories.screens_of_risk import RISK
from tests.stories.screens_of_sign_in import SIGN_IN
from tests.stories.walk import NEW_PASSWORD, Agent, Requester, Story, mailed_link, texted_link

SETTINGS = {
    "DESKWARD_LIMITS__HOLD_HOURS": "1",
    "DESKWARD_WEB__TRUSTED_HOPS": "1",
    "DESKWARD_SIGNALS": '{"automation": {"enabled": false}, "renderer": {"enabled": false}}',
    "DESKWARD_CHALLENGES__QUESTIONS": "{}",
    "DESKWARD_CATEGORIES": '{"Identity check": {"challenges": ["questions"]}}',
}
KEPT = {
    "ticket": "ticket-wide-light",
    "send": "sent-wide-light",
    "send-form": "send-wide-light",
    "table": "table-full-wide-light",
    "table-dark": "table-full-wide-dark",
    "table-narrowed": "table-narrowed-wide-light",
    "table-phone": "table-narrowed-narrow-dark",
    "details": "details-wide-light",
    "portal-code": "portal-code-narrow-light",
    "portal-card": "portal-card-narrow-light",
    "portal-card-dark": "portal-card-narrow-dark",
    "portal-password": "portal-password-narrow-light",
    "portal-done": "portal-done-narrow-light",
}
BOTH = (
    *("enrol-choose", "enrol-app", "enrol-codes", "enrol-passkey", "enrol-kept", "portal-offers"),
    *("portal-prove-second", "portal-prove-app", "portal-prove-passkey", "portal-prove-saved", "portal-questions"),
    *("portal-vouch-one", "vouch", "desk-vouch", "details-review", "sent-review", "portal-held"),
    *("portal-held-over", "not-me", "not-me-done", "details-objected", "portal-failed"),
    *("policy", "send-others", "dashboard", "audit", "integrations", "integration-tested", "start-found"),
    *("sso-login", "sso-confirm", "sessions", "account-sessions", "details-glass-asked", "portal-glass"),
    *("portal-consent", "portal-consent-open", "report-verified-marked", "report-medium", "report-high"),
)  # fmt: skip
KEPT |= {f"{page}-phone": f"{page}-narrow-light" for page in BOTH}
KEPT |= {f"{page}-desktop": f"{page}-wide-dark" for page in BOTH}


def by_mail(story: Story, camera: Camera) -> None:
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
    agent.details(ticket)
    camera.shoot(agent.page, "details")


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


def address(story: Story, camera: Camera) -> None:
    """Add a private address after the reset, with a wrong code on the way."""
    product, human = story.product, story.product.somebody()
    agent, requester, new = story.agent(viewport=WIDE), story.requester(), f"{human.login}@private.example"
    ticket, page = agent.ticket(human, "Password Reset"), requester.page
    agent.open(ticket)
    code = agent.send()
    requester.follow(mailed_link(product, human))
    requester.agree(code)
    requester.reset()
    # Nothing changes any more once the close is on record; a page that was opened before would be an old one.
    until(lambda: [e for e in product.of("events", ticket.verification) if e["kind"] == "closed"])
    page.goto(product.at("portal", "/v/address"))
    camera.shoot(page, "portal-address")
    page.get_by_role("textbox").fill(new)
    requester.press("Send a code there")
    requester.sees("Enter the code")
    camera.shoot(page, "portal-address-code")
    right = re.findall(r"\d{3} \d{3}", until(lambda: product.mails(new))[0]["text"])[0].replace(" ", "")
    page.get_by_label("6-digit code").fill(f"{(int(right) + 1) % 10**6:06}")
    requester.press("Confirm")
    page.get_by_role("alert").wait_for()
    camera.shoot(page, "portal-address-wrong")
    page.get_by_label("6-digit code").fill(right)
    requester.press("Confirm")
    requester.sees("Thank you")
    camera.shoot(page, "portal-address-added")


def temporary(story: Story, camera: Camera) -> None:
    """Get temporary access, see it, and come back to the page."""
    product, human = story.product, story.product.somebody()
    agent, requester = story.agent(viewport=WIDE), story.requester()
    ticket, page = agent.ticket(human, "Temporary access"), requester.page
    agent.open(ticket)
    code = agent.send()
    requester.follow(mailed_link(product, human))
    requester.agree(code)
    requester.press("Show my temporary access")
    page.get_by_label("Your temporary access").wait_for()
    camera.shoot(page, "portal-access-hidden")
    requester.press("Show")
    camera.shoot(page, "portal-access")
    page.goto(product.at("portal", "/v/step"))
    camera.shoot(page, "portal-access-again")
    requester.press("I have it")
    requester.sees("Done")
    camera.shoot(page, "portal-access-done")


def bare(story: Story, camera: Camera) -> None:
    """Come without a link to the pages that wait for one."""
    page = story.requester().page
    for name in ("confirm", "vouch", "not-me"):
        page.goto(story.product.at("portal", f"/{name}"))
        camera.shoot(page, f"portal-bare-{name}")


def console(story: Story, camera: Camera) -> None:
    """Take the table and what cannot be sent."""
    agent = story.agent(viewport=WIDE)
    refused = agent.ticket("Dana Root", "Password Reset")
    refused.noted("Identity verification cannot be sent")
    agent.page.goto(refused.page.get_by_role("link", name="Details").get_attribute("href") or "")
    camera.shoot(agent.page, "send-refused")
    agent.ticket("Wilhelmina", "Identity check").noted("Identity verification needed")
    agent.page.goto(story.product.at("desk"))
    camera.shoot(agent.page, "table")


SCENES: dict[str, Callable[[Story, Camera], None]] = {
    **CONSOLE,
    "mail": by_mail,
    "sms": by_sms,
    "address": address,
    "temporary": temporary,
    "bare": bare,
    **PROOF,
    **GLASS,
    **RISK,
    **SIGN_IN,
    "console": console,
}
# Where each page of desk and portal is to be seen: host and route, and the scene.
PAGES: dict[tuple[str, str], str] = {
    ("desk", "/"): "verifications",
    ("desk", "/dashboard"): "dashboard",
    ("desk", "/audit"): "audit",
    ("desk", "/policy"): "policy",
    ("desk", "/errands"): "errands",
    ("desk", "/incidents"): "incidents",
    ("desk", "/start"): "start",
    ("desk", "/integrations"): "integrations",
    ("desk", "/integrations/{place}"): "integrations",
    ("desk", "/verifications/{verification_id}"): "mail",
    ("desk", "/send/{verification_id}"): "mail",
    ("desk", "/vouch/{vouch_id}"): "colleagues",
    ("desk", "/login"): "people",
    ("desk", "/login/second"): "people",
    ("desk", "/login/enrol"): "people",
    ("desk", "/invitation"): "people",
    ("desk", "/people"): "people",
    ("desk", "/people/sessions"): "sign-in",
    ("desk", "/account"): "people",
    ("desk", "/account/enrol/{kind}"): "account",
    ("portal", "/v"): "mail",
    ("portal", "/v/step"): "mail",
    ("portal", "/v/address"): "address",
    ("portal", "/confirm"): "bare",
    ("portal", "/vouch"): "bare",
    ("portal", "/not-me"): "bare",
    ("portal", "/enrol"): "proof",
    ("portal", "/enrol/means"): "proof",
    ("portal", "/enrol/means/{kind}"): "proof",
}
# What desk and portal answer that is no page.
BARE = {
    *(("desk", path) for path in ("/news", "/export.csv", "/audit.csv", "/send/{verification_id}/progress")),
    *(("desk", path) for path in ("/verifications/{verification_id}/report.pdf", "/integrations/{place}/live")),
    *(("desk", f"/login/provider{step}") for step in ("", "/back", "/out")),
    *(("portal", path) for path in ("/", "/v/state", "/collect/{mark}.js", "/collect/ping")),
}


def take(folder: Path, scenes: Iterable[str]) -> None:
    """Take the pictures of these scenes, all of one product, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="product-"))
    with started(home, "sqlite:///deskward.db", settings=SETTINGS) as product, browser() as opened:
        for scene in scenes:
            with Story.told(opened, product) as story:
                SCENES[scene](story, Camera(folder))


def main() -> None:
    """Take all pictures or some; without a folder named those that are kept go into docs/screens."""
    folder, *scenes = sys.argv[1:] or [tempfile.mkdtemp(prefix="screens-")]
    take(Path(folder), scenes or SCENES)
    if len(sys.argv) > 1:
        return
    kept = ROOT / "docs" / "screens"
    kept.mkdir(parents=True, exist_ok=True)
    for name, taken in KEPT.items():
        keep(Path(folder) / f"{taken}.png", kept / f"{name}.png")


if __name__ == "__main__":
    main()
