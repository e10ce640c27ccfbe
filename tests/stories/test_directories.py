"""From the ticket to a password that is really changed in a directory that companies run."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from deskward.core.people import Person
from deskward.core.ports import Directory
from deskward.core.secret import Secret
from deskward.directories import active_directory, ldap
from tests.servers import samba, slapd
from tests.stories.conftest import SETTINGS
from tests.stories.people import Human, crowd
from tests.stories.product import Product, started
from tests.stories.walk import NEW_PASSWORD, Agent, Requester, Story, Ticket, mailed_link, mailed_links

FIRST = "The very first password 1"
CHOSEN = "A long sentence for today 42"


@dataclass(frozen=True)
class There:
    """The product on a real directory; `resets` counts how often somebody's password was set since the start.

    `moves_away` puts somebody where Deskward does not look any more.
    """

    product: Product
    directory: Directory
    signs_in: Callable[[Human, str], bool]
    resets: Callable[[Human], int]
    moves_away: Callable[[Human], None]

    def account(self, human: Human) -> Person:
        """Read the person who has this login."""
        return next(one for one in self.directory.everyone() if one.login == human.login)


@contextmanager
def product_on(folder: Path, name: str, directory: dict[str, Any]) -> Iterator[Product]:
    """Start the product with every category served from this directory."""
    directory = directory | {"authoritative": True}
    categories = {one: {"directory": name} for one in ("Password Reset", "Account Unlock")}
    told = {
        "DESKWARD_DIRECTORIES": json.dumps({name: directory}),
        "DESKWARD_CATEGORIES": json.dumps(categories),
    }
    folder.mkdir()
    with started(folder, "sqlite:///deskward.db", settings=SETTINGS | told) as product:
        yield product


@pytest.fixture(scope="module")
def openldap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[There]:
    folder = tmp_path_factory.mktemp("openldap")
    people = "".join(_ldif(human) for human in crowd())
    group = (
        f"dn: cn=admins,ou=groups,{slapd.SUFFIX}\nobjectClass: groupOfNames\ncn: admins\nmember: {slapd.ROOT}\n"
    )
    with slapd.running_slapd(folder, f"{people}{group}") as server:
        settings: dict[str, Any] = {
            "url": server.ldap,
            "people_dn": f"ou=people,{slapd.SUFFIX}",
            "groups_dn": f"ou=groups,{slapd.SUFFIX}",
            "bind_dn": slapd.SERVICE,
            "privileged_groups": ["admins"],
            "attributes": {"private_email": "labeledURI"},
            "policy": slapd.POLICY,
        }
        password, authority = slapd.SERVICE_PASSWORD, server.papers.authority
        directory = ldap.Directory(**settings, password=Secret(password), ca_file=authority)

        def signs_in(human: Human, password: str) -> bool:
            with server.signed_in() as root:
                root.search(slapd.SUFFIX, f"(uid={human.login})")
                dn = root.response[0]["dn"]
            with server.signed_in(dn, password) as connection:
                return bool(connection.bound)

        def moves_away(human: Human) -> None:
            dn, away = f"uid={human.login},ou=people,{slapd.SUFFIX}", f"ou=services,{slapd.SUFFIX}"
            with server.signed_in() as root:
                assert root.modify_dn(dn, f"uid={human.login}", new_superior=away), root.result

        def resets(human: Human) -> int:
            with server.signed_in() as root:
                root.search(f"uid={human.login},ou=people,{slapd.SUFFIX}", "(uid=*)", attributes=["pwdHistory"])
                return len(root.response[0]["raw_attributes"].get("pwdHistory", ()))

        told = settings | {"password": password, "ca_file": str(authority)}
        with product_on(folder / "product", "ldap", told) as product:
            yield There(product, directory, signs_in, resets, moves_away)


@pytest.fixture(scope="module")
def domain(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[There]:
    server = samba.shared_samba()
    unit = f"OU=stories,{samba.PEOPLE}"
    with server.signed_in() as administrator:
        assert administrator.add(unit, "organizationalUnit"), administrator.result
        for human in crowd():
            assert administrator.add(f"CN={human.login},{unit}", "user", _account(human)), administrator.result
    settings: dict[str, Any] = {
        "url": server.url,
        "domain_dn": samba.DOMAIN,
        "people_dn": unit,
        "bind_dn": samba.SERVICE,
        "privileged_groups": [],
        "attributes": {"private_email": "pager"},
    }
    password, authority = samba.SERVICE_PASSWORD, server.papers.authority
    directory = active_directory.Directory(**settings, password=Secret(password), ca_file=authority)

    def signs_in(human: Human, password: str) -> bool:
        with server.signed_in() as administrator:
            administrator.search(samba.PEOPLE, f"(sAMAccountName={human.login})")
            dn = administrator.response[0]["dn"]
        with server.signed_in(dn, password) as connection:
            return bool(connection.bound)

    def moves_away(human: Human) -> None:
        with server.signed_in() as administrator:
            name = f"CN={human.login}"
            assert administrator.modify_dn(f"{name},{unit}", name, new_superior=samba.PEOPLE), administrator.result

    def resets(human: Human) -> int:
        return int(found.account(human).stamp.split()[1]) - 1

    told = settings | {"password": password, "ca_file": str(authority)}
    folder = tmp_path_factory.mktemp("domain") / "product"
    with product_on(folder, "active_directory", told) as product:
        found = There(product, directory, signs_in, resets, moves_away)
        yield found


@pytest.fixture(params=["openldap", "domain"])
def there(request: pytest.FixtureRequest) -> There:
    """Give the product on each kind of directory."""
    found: There = request.getfixturevalue(request.param)
    return found


def test_a_15_a_password_is_really_changed_once_and_the_ticket_is_closed(chromium: Browser, there: There) -> None:
    product, signs_in = there.product, there.signs_in
    human = product.somebody()
    assert signs_in(human, FIRST)
    with Story.told(chromium, product) as story:
        agent, requester = story.agent(), story.requester()
        ticket = agent.ticket(human, "Password Reset")
        _lead_to_the_form(agent, requester, ticket, human)
        expect(requester.page.get_by_text("Your organisation asks for this as well: At least 10")).to_be_visible()
        requester.page.get_by_label("New password").fill(CHOSEN)
        requester.page.get_by_role("button", name="Set new password").dblclick()
        requester.sees("Done")
        ticket.has_status("Closed")
        ticket.noted("Verification result", "Passed")
        assert len(mailed_links(product, human)) == 1
    assert (signs_in(human, CHOSEN), signs_in(human, FIRST)) == (True, False)
    assert there.resets(human) == 1
    assert CHOSEN not in product.said
    assert CHOSEN not in repr(product.rows())


def test_sr_60_an_account_that_is_moved_away_between_proof_and_action_is_left_alone_and_the_ticket_says_why(
    chromium: Browser, there: There
) -> None:
    product, signs_in = there.product, there.signs_in
    human = product.somebody()
    with Story.told(chromium, product) as story:
        agent, requester = story.agent(), story.requester()
        ticket = agent.ticket(human, "Password Reset")
        _lead_to_the_form(agent, requester, ticket, human)
        there.moves_away(human)
        requester.page.get_by_label("New password").fill(CHOSEN)
        requester.press("Set new password")
        requester.sees("We could not complete this")
        expect(requester.page.locator("main")).to_contain_text(ticket.verification)
        ticket.noted("Verification cancelled", "The account is not in the directory any more. Nothing was done.")
        assert ticket.page.locator("#head .pill").inner_text() != "Closed"
        assert story.complaints == []
    assert (signs_in(human, CHOSEN), signs_in(human, FIRST)) == (False, True)


def test_a_refusal_of_the_policy_is_said_and_a_better_password_is_taken(chromium: Browser, there: There) -> None:
    product, signs_in = there.product, there.signs_in
    human = product.somebody()
    refused = FIRST if "ldap" in product.folder.parts[-2] else NEW_PASSWORD.replace("42", "").strip()
    with Story.told(chromium, product) as story:
        agent, requester = story.agent(), story.requester()
        ticket = agent.ticket(human, "Password Reset")
        _lead_to_the_form(agent, requester, ticket, human)
        requester.page.get_by_label("New password").fill(refused)
        requester.press("Set new password")
        expect(requester.page.get_by_role("alert")).to_contain_text("password")
        assert signs_in(human, FIRST)
        requester.reset(CHOSEN)
        ticket.has_status("Closed")
    assert (signs_in(human, CHOSEN), signs_in(human, FIRST)) == (True, False)


def test_a_lock_out_is_lifted_and_the_ticket_is_closed(chromium: Browser, there: There) -> None:
    product, signs_in = there.product, there.signs_in
    human = product.somebody()
    for _ in range(3):
        assert not signs_in(human, "a wrong password")
    assert there.account(human).locked
    assert not signs_in(human, FIRST)
    with Story.told(chromium, product) as story:
        agent, requester = story.agent(), story.requester()
        ticket = agent.ticket(human, "Account Unlock")
        agent.open(ticket)
        code = agent.send()
        requester.follow(mailed_link(product, human))
        requester.agree(code)
        requester.press("Unlock my account")
        requester.sees("Done")
        ticket.has_status("Closed")
    assert signs_in(human, FIRST)


def _lead_to_the_form(agent: Agent, requester: Requester, ticket: Ticket, human: Human) -> None:
    agent.open(ticket)
    code = agent.send()
    requester.follow(mailed_link(agent.product, human))
    requester.agree(code)
    requester.sees("Password reset")


def _ldif(human: Human) -> str:
    return "\n".join(
        (
            f"dn: uid={human.login},ou=people,{slapd.SUFFIX}",
            *("objectClass: inetOrgPerson", f"uid: {human.login}", f"cn: {human.name}", "sn: Walker"),
            *(f"givenName: {human.first}", f"mail: {human.email}", f"labeledURI: {human.mail}"),
            *(f"mobile: {human.phone}", f"userPassword: {FIRST}", f"pwdChangedTime: {slapd.LONG_AGO}", "", ""),
        )
    )


def _account(human: Human) -> dict[str, Any]:
    return {
        "sAMAccountName": human.login,
        "givenName": human.first,
        "mail": human.email,
        "pager": human.mail,
        "mobile": human.phone,
        "userAccountControl": "512",
        "unicodePwd": f'"{FIRST}"'.encode("utf-16-le"),
    }
