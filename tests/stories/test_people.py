"""People of the desk in a real browser: invited, enrolled with a passkey, stepped up, and kept to their role."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.accessible import violations
from tests.stories.product import PASSWORD
from tests.stories.proving import add_authenticator
from tests.stories.walk import Story

Look = Callable[[Page, str], None]


def sound(page: Page, _name: str) -> None:
    """Find nothing that keeps anybody out (WCAG 2.2 A and AA)."""
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in violations(page)] == []


def test_sr_85_somebody_is_invited_and_signs_in_with_a_passkey(story: Story) -> None:
    walk(story, sound)
    assert story.complaints == []


def walk(story: Story, look: Look) -> None:
    """Walk the whole way; `look` sees each screen."""
    ada = story.window().new_page()
    ada.goto(story.product.at("desk"))
    look(ada, "login")
    address = invite(story, ada, look)
    nora = story.window().new_page()
    add_authenticator(nora)
    nora.goto(address)
    expect(nora.get_by_label("Your name")).to_be_visible()
    assert "#" not in nora.url
    look(nora, "invitation")
    set_up(nora, look)
    come_back(story, nora, look)


def invite(story: Story, ada: Page, look: Look) -> str:
    """Invite an approver as the administrator."""
    ada.get_by_label("Login").fill("ada")
    ada.get_by_label("Password").fill(PASSWORD)
    ada.get_by_role("button", name="Sign in").click()
    expect(ada.get_by_role("heading", name="Second step")).to_be_visible()
    look(ada, "second")
    ada.get_by_label("Code from your app").fill(story.product.code("ada"))
    ada.get_by_role("button", name="Continue").click()
    expect(ada.get_by_role("heading", name="People")).to_be_visible()
    ada.locator("details").first.click()
    look(ada, "people")
    ada.get_by_label("Approver").last.check()
    ada.get_by_role("button", name="Make an address").click()
    address = ada.locator("code", has_text="/invitation#").inner_text()
    look(ada, "people-invited")
    return address


def set_up(nora: Page, look: Look) -> None:
    """Choose login, name and password, and enrol a passkey."""
    nora.get_by_label("Login").fill("nora")
    nora.get_by_label("Your name").fill("Nora New")
    nora.get_by_label("Password").fill("passwordpassword")
    nora.get_by_role("button", name="Continue").click()
    expect(nora.get_by_role("alert")).to_contain_text("guessers")
    look(nora, "invitation-problem")
    nora.get_by_label("Password").fill("violet otter paints 9 barns")
    nora.get_by_role("button", name="Continue").click()
    expect(nora.get_by_role("heading", name="Set up your second factor")).to_be_visible()
    look(nora, "enrol-totp")
    nora.get_by_role("link", name="Use “Passkey” instead").click()
    expect(nora.get_by_role("button", name="Create a passkey")).to_be_visible()
    look(nora, "enrol-passkey")
    nora.get_by_role("button", name="Create a passkey").click()
    nora.get_by_role("button", name="Sign out").wait_for()


def come_back(story: Story, nora: Page, look: Look) -> None:
    """Sign in again with the passkey, and meet what the role may not see."""
    nora.goto(story.product.at("desk", "/account"))
    expect(nora.get_by_text("Passkey", exact=False).first).to_be_visible()
    look(nora, "account")
    nora.get_by_role("button", name="Sign out").click()
    nora.get_by_label("Login").fill("nora")
    nora.get_by_label("Password").fill("violet otter paints 9 barns")
    nora.get_by_role("button", name="Sign in").click()
    nora.get_by_role("button", name="Use your passkey").wait_for()
    look(nora, "second-passkey")
    nora.get_by_role("button", name="Use your passkey").click()
    nora.get_by_role("button", name="Sign out").wait_for()
    nora.goto(story.product.at("desk", "/people"))
    expect(nora.get_by_role("heading", name="Not allowed")).to_be_visible()
    look(nora, "denied")
