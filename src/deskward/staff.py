"""The accounts of the desk, from the command line: add · invite · list · link · deactivate · forget-factors."""

import getpass
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from deskward.core.accounts import Agent, Role
from deskward.core.errors import InvalidError, SettingsError
from deskward.core.links import new_id
from deskward.core.secret import Secret
from deskward.settings import read, settings_path
from deskward.web.desk import address_of, named
from deskward.wiring import Deskward, build

agents = App(name="agent", help="The accounts that may log in to the desk.")

File = Annotated[Path | None, Parameter(name="--settings", help="The settings file (or DESKWARD_SETTINGS).")]
Roles = Annotated[list[Role] | None, Parameter(name="--role", negative="")]


def house_of(settings: Path | None) -> Deskward:
    """Put the house of a settings file together; SettingsError names the file."""
    path = settings_path(settings)
    known = read(path)
    try:
        return build(known)
    except SettingsError as error:
        raise SettingsError(f"{path}: {error.text}", error.hint) from error


def print_first(house: Deskward) -> None:
    """Print the address for the first administrator, as long as there is none."""
    token = house.invitations().first()
    if token:
        print("There is no administrator yet. Whoever opens this address first becomes one (once, for 24 hours):")
        print(f"  {address_of(house.settings.web.desk_url, token)}", flush=True)


@agents.command
def add(
    login: str, *, name: str = "", role: Roles = None, settings: File = None, password_stdin: bool = False
) -> None:
    """Add an account, or give one a new password; the password is asked for, the second factor at the first login.

    Parameters
    ----------
    login
        What the agent types to log in.
    name
        The name that tickets and requesters see.
    role
        A role; may be given several times. Without it a new account is an agent, and an old one stays what it is.
    password_stdin
        Read the password from standard input.

    """
    password = sys.stdin.readline().rstrip("\n") if password_stdin else getpass.getpass("Password: ")
    house = house_of(settings)
    try:
        put_agent(house, login, name or login, password, role or ())
    finally:
        house.close()
    print(f"{login} may log in now.")


def put_agent(house: Deskward, login: str, name: str, password: str, roles: Iterable[Role] = ()) -> Agent:
    """Add the account or replace name and password; InvalidError for a bad login, name or password."""
    login, name = named(login, name)
    known = house.opened.accounts.agent_by_login(login) or Agent(new_id("AG"), login, name)
    hashed = house.invitations().passwords.hashed(login, name, Secret(password))
    held = tuple(dict.fromkeys(role.value for role in roles)) or known.roles
    agent = replace(known, login=login, name=name, password_hash=hashed, active=True, roles=held)
    house.opened.accounts.put_agent(agent)
    house.opened.accounts.end_web_sessions(agent_id=agent.id)
    return agent


@agents.command
def invite(*, role: Roles = None, settings: File = None) -> None:
    """Print a one-time address under which somebody sets up their own account; it lives for 24 hours.

    Parameters
    ----------
    role
        A role; may be given several times. Without it they become an agent.

    """
    house = house_of(settings)
    try:
        token = house.invitations().invite(role or [Role.AGENT])
    finally:
        house.close()
    print(address_of(house.settings.web.desk_url, token))


@agents.command(name="list")
def list_agents(*, settings: File = None) -> None:
    """List the agents."""
    house = house_of(settings)
    for agent in house.opened.accounts.agents():
        state = "active" if agent.active else "deactivated"
        print("\t".join((agent.login, agent.name, state, ", ".join(agent.roles))))
    house.close()


@agents.command
def deactivate(login: str, *, settings: File = None) -> None:
    """Shut an agent out at once; their verifications keep their name."""
    house = house_of(settings)
    try:
        agent = _known(house, login)
        house.opened.accounts.change_agent(replace(agent, active=False))
    finally:
        house.close()
    print(f"{login} is shut out.")


@agents.command
def link(login: str, subject: str, *, settings: File = None) -> None:
    """Let a local account sign in by single sign-on from now on, and no longer with its password.

    Parameters
    ----------
    login
        The account here.
    subject
        The person's “sub” at the provider; the log names it where a sign-in found the login taken.

    """
    house = house_of(settings)
    try:
        agent, told = _known(house, login), house.settings.sign_in.oidc
        if told is None:
            raise InvalidError("There is no single sign-on in the settings.", "Add [sign_in.oidc] first.")
        if not subject or house.opened.accounts.agent_by_subject(told.issuer, subject):
            raise InvalidError("This subject is empty, or it is linked already.", "See: deskward agent list.")
        linked = replace(agent, issuer=told.issuer, subject=subject, password_hash="")
        house.opened.accounts.put_agent(linked)
        house.opened.accounts.end_web_sessions(agent_id=agent.id)
    finally:
        house.close()
    print(f"{login} signs in by {told.name} now.")


@agents.command
def forget_factors(login: str, *, settings: File = None) -> None:
    """Remove all second factors of an account after a loss; a new one is set up at the next login."""
    house = house_of(settings)
    try:
        agent = _known(house, login)
        count = house.second_factors().forget(agent)
        house.opened.accounts.end_web_sessions(agent_id=agent.id)
    finally:
        house.close()
    print(f"{count} second factors of {login} are removed.")


def _known(house: Deskward, login: str) -> Agent:
    agent = house.opened.accounts.agent_by_login(login)
    if agent is None:
        raise InvalidError(f"There is no agent {login}.", "See: deskward agent list.")
    return agent
