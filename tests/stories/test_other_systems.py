"""What other systems do for a requester: factors go in a directory, an action of the organisation is called.

All credentials are in a gateway of its own.
"""

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from sandbox.__main__ import TEMPLATE
from tests.accessible import violations
from tests.servers.gateway import parted, running, written_for_gateway
from tests.servers.keycloak import ACCOUNT, ADMIN_CLIENT, Account, Keycloak
from tests.servers.tokens import CLIENT, SECRET, Source, answering, serving
from tests.servers.webhook import KEY, System
from tests.stories.conftest import SETTINGS
from tests.stories.people import Human, crowd
from tests.stories.product import Product, started
from tests.stories.proving import answer, app_code, approve, enrol, set_up_in_person, way
from tests.stories.walk import Story, mailed_link

FACTORS = {"otp": "Old phone", "webauthn": "Blue key"}
SET_UP_CATEGORY, FACTORS_CATEGORY, WEBHOOK_CATEGORY = "Account Unlock", "Temporary access", "Identity check"


@dataclass(frozen=True)
class There:
    """The product, with people in a Keycloak and an action in a system of the organisation's own."""

    product: Product
    realm: Keycloak
    system: System

    def account(self, human: Human) -> Account:
        """Give somebody's account in Keycloak."""
        return next(one for one in self.realm.people.values() if one.row["username"] == human.login)


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[There]:
    realm, system = Keycloak(), System(states=["pending", "done"])
    realm.add(ACCOUNT, admin_roles=["view-users", "manage-users", "query-users", "query-groups"])
    for human in crowd():
        _join(realm, human)
    with ExitStack() as stack:
        token_path = "/realms/staff/protocol/openid-connect/token"
        source = stack.enter_context(serving(Source(realm, token_path=token_path)))
        url = stack.enter_context(answering(system, threading.Event()))
        folder = tmp_path_factory.mktemp("other-systems")
        settings, template = SETTINGS | _settings(url), folder / TEMPLATE.name
        shutil.copy(TEMPLATE, template)
        own = parted(template) + _credentials(source.url)
        product = stack.enter_context(
            started(folder, "sqlite:///deskward.db", settings=settings, template=template, anew=True)
        )
        written_for_gateway(folder / "deskward.toml", own)
        stack.enter_context(running(folder / "deskward.toml", settings))
        yield There(product, realm, system)


def test_sr_62_second_factors_are_removed_after_a_strong_proof_and_a_second_person_and_the_ticket_is_closed(
    chromium: Browser, there: There
) -> None:
    product = there.product
    human = product.somebody()
    account = there.account(human)
    with Story.told(chromium, product) as story:
        agent, approver, owner, requester = (
            story.agent(),
            story.agent("sam"),
            story.requester(),
            story.requester(),
        )
        before = agent.ticket(human, SET_UP_CATEGORY)
        secret, _ = enrol(owner.page, set_up_in_person(agent, approver, before))
        ticket = agent.ticket(human, FACTORS_CATEGORY)
        agent.open(ticket)
        code = agent.send()
        requester.follow(mailed_link(product, human))
        requester.agree(code)
        way(requester, "app")
        answer(requester, app_code(secret, 1))
        requester.sees("Thank you")
        ticket.noted(
            "Verification result", "Not decided", "Proof level: P3", "Class C3 needs a second person's approval"
        )
        assert _kinds(account) == {"password", *FACTORS}
        approver.details(ticket)
        approver.page.get_by_label("Reason for approving").fill("Known by voice, and her lead confirms.")
        approve(approver)
        ticket.noted("Verification approved by a second person", "Sam Second")
        requester.page.goto(product.at("portal", "/v/step"))
        requester.sees("You can go on")
        requester.press("Continue")
        goes = requester.page.locator("#removal li")
        expect(goes).to_have_text(["Authenticator app “Old phone”", "Security key or passkey “Blue key”"])
        assert violations(requester.page) == []
        requester.press("Remove my second factors")
        requester.sees("Done")
        ticket.has_status("Closed")
        assert story.complaints == []
    assert (_kinds(account), account.logged_out) == ({"password"}, 1)


def test_sr_53_sr_97_an_action_of_the_organisations_own_is_called_once_read_back_and_the_ticket_is_closed(
    chromium: Browser, there: There
) -> None:
    product, system = there.product, there.system
    human = product.somebody()
    with Story.told(chromium, product) as story:
        agent, requester = story.agent(), story.requester()
        ticket = agent.ticket(human, WEBHOOK_CATEGORY)
        agent.open(ticket)
        code = agent.send()
        requester.follow(mailed_link(product, human))
        requester.agree(code)
        requester.sees("New badge")
        requester.page.get_by_role("button", name="Print my badge").dblclick()
        requester.sees("Done")
        expect(requester.page.locator("main")).to_contain_text("Your badge is at the front desk.")
        ticket.has_status("Closed")
        ticket.noted("Action completed by the requester", "New badge")
        verification = ticket.verification
        assert story.complaints == []
    ((own, body),) = system.calls
    assert list(system.done) == [own]
    assert (body["data"]["grant"], body["data"]["verification"]) == (own, verification)
    assert body["data"]["account"] == {"directory": "roster", "id": human.id, "login": human.login}
    assert system.states == ["done"], "what it said at first was asked for again"
    given = (product.folder / "deskward.toml").read_text() + _environment(product)
    for secret in (KEY.reveal(), SECRET):
        assert secret not in product.said + repr(product.rows()) + given


def _environment(product: Product) -> str:
    text = Path(f"/proc/{product.process.pid}/environ").read_text()
    assert "DESKWARD_ACTIONS" in text
    return text


def _credentials(keycloak: str) -> str:
    """Give what is in the gateway's own file beside the roster."""
    return f"""
[directories.keycloak]
base_url = "{keycloak}"
realm = "staff"
client_id = "{CLIENT}"
client_secret = "{SECRET}"
admin_client = "{ADMIN_CLIENT}"
attributes = {{ phone = "mobile", private_email = "privateEmail" }}
authoritative = true

[actions.call_webhook]
secret = "{KEY.reveal()}"
"""


def _settings(system: str) -> dict[str, str]:
    webhook = {
        "url": f"{system}/do",
        "status_url": f"{system}/status",
        "title": "New badge",
        "button": "Print my badge",
        "done": "Your badge is at the front desk.",
    }
    categories = {
        SET_UP_CATEGORY: {"directory": "keycloak"},
        FACTORS_CATEGORY: {"directory": "keycloak", "action": "reset_factors", "class": "C3"},
        WEBHOOK_CATEGORY: {"action": "call_webhook", "class": "C2"},
    }
    return {
        "DESKWARD_DIRECTORIES": json.dumps({"keycloak": {}}),
        "DESKWARD_ACTIONS": json.dumps({"reset_factors": {}, "call_webhook": webhook}),
        "DESKWARD_CATEGORIES": json.dumps(categories),
    }


def _join(realm: Keycloak, human: Human) -> None:
    attributes: dict[str, Any] = {"mobile": human.phone, "privateEmail": human.mail}
    own = realm.add(human.login, human.email, first=human.first, last="Walker", attributes=attributes)
    kinds = {"password": "", **FACTORS}
    realm.people[own].credentials += [
        {"id": f"c-{kind}", "type": kind, "userLabel": label, "createdDate": 1} for kind, label in kinds.items()
    ]


def _kinds(account: Account) -> set[str]:
    return {one["type"] for one in account.credentials}
