"""A provider of single sign-on beside the product, and the hands of who signs in there."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from playwright.sync_api import Page

from tests.servers.openid import CLIENT, COOKIE, SECRET, OpenId, Person, providing
from tests.stories.product import Product
from tests.stories.walk import Agent, Story

NAME = "Northwind ID"
OWN = "a secret of the provider"
PEOPLE = {
    "kim": Person("s-kim", OWN, "Kim Agent", ["helpdesk"]),
    "lee": Person("s-lee", OWN, "Lee Lead", ["helpdesk-leads"]),
    "nia": Person("s-nia", OWN, "Nia Newcomer", ["staff"]),
}


@contextmanager
def provided() -> Iterator[OpenId]:
    """Run the provider; where it sends people back to is known when the product runs."""
    with providing(OpenId("", time.time, dict(PEOPLE))) as provider:
        yield provider


def settings_of(provider: OpenId) -> Mapping[str, str]:
    """Give the product's settings for it, by environment."""
    roles = {"agent": ["helpdesk"], "approver": ["helpdesk-leads"]}
    client = {"client_id": CLIENT, "client_secret": SECRET, "name": NAME, "second_factor": "provider"}
    return {"DESKWARD_SIGN_IN": json.dumps({"oidc": {"issuer": provider.url, "roles": roles, **client}})}


def send_back_to(provider: OpenId, product: Product) -> None:
    """Register the product's redirect address."""
    provider.redirect = product.at("desk", "/login/provider/back")


def newcomer(story: Story, provider: OpenId, login: str = "", minutes: float = 0) -> Agent:
    """Open a window; with a login of somebody who signed in at the provider some minutes ago."""
    window = story.window()
    if login:
        provider.signed_in[login] = (login, time.time() - 60 * minutes)
        window.add_cookies([{"name": COOKIE, "value": login, "url": provider.url}])
    return Agent(window.new_page(), story.product)


def give(page: Page, login: str) -> None:
    """Fill in the provider's own login page."""
    page.get_by_label("Account").fill(login)
    page.get_by_label("Secret").fill(OWN)
    page.get_by_role("button", name="Continue").click()
