"""Pictures of how people sign in: single sign-on, one's own sessions, everybody's, and the people themselves."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.servers.openid import OpenId
from tests.stories.camera import WIDE, Camera
from tests.stories.product import started
from tests.stories.provider import NAME, give, newcomer, provided, send_back_to, settings_of
from tests.stories.walk import Story


def signing_on(story: Story, camera: Camera) -> None:
    """Take the pages of single sign-on and of sessions, on a product that has a provider."""
    home = Path(tempfile.mkdtemp(prefix="product-"))
    with provided() as provider, started(home, "sqlite:///deskward.db", settings=settings_of(provider)) as product:
        send_back_to(provider, product)
        with Story.told(story.browser, product) as own:
            _login(own, camera, provider)
            _sessions(own, camera, provider)


def _login(story: Story, camera: Camera, provider: OpenId) -> None:
    page = newcomer(story, provider).page
    page.goto(story.product.at("desk"))
    camera.shoot(page, "sso-login")
    page.get_by_role("link", name=f"Sign in with {NAME}").click()
    give(page, "nia")
    page.get_by_role("alert").wait_for()
    camera.shoot(page, "sso-refused")
    lee = newcomer(story, provider, "lee", minutes=20).page
    lee.goto(story.product.at("desk"))
    lee.get_by_role("link", name=f"Sign in with {NAME}").click()
    lee.get_by_role("button", name="Sign out").wait_for()
    lee.goto(story.product.at("desk", "/export.csv"))
    camera.shoot(lee, "sso-confirm")


def _sessions(story: Story, camera: Camera, provider: OpenId) -> None:
    kim = newcomer(story, provider).page
    kim.goto(story.product.at("desk"))
    kim.get_by_role("link", name=f"Sign in with {NAME}").click()
    give(kim, "kim")
    kim.get_by_role("button", name="Sign out").wait_for()
    story.agent(viewport=WIDE)
    ada = story.agent("ada", viewport=WIDE).page
    ada.goto(story.product.at("desk", "/people"))
    ada.locator("details").first.click()
    camera.shoot(ada, "sso-people")
    ada.goto(story.product.at("desk", "/people/sessions"))
    camera.shoot(ada, "sessions")
    other = newcomer(story, provider)
    other.page.goto(story.product.at("desk"))
    other.log_in("ada")
    ada.goto(story.product.at("desk", "/account"))
    expect(ada.get_by_role("button", name="End all others")).to_be_visible()
    camera.shoot(ada, "account-sessions")
    other.page.get_by_role("button", name="Sign out").click()
    expect(other.page.get_by_role("link", name="sign out there too")).to_be_visible()
    camera.shoot(other.page, "sso-bye")


SIGN_IN: dict[str, Callable[[Story, Camera], None]] = {"sign-in": signing_on}
