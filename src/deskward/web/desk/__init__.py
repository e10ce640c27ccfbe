"""The desk: what people in each role see and do, behind their login."""

from collections.abc import Mapping, Sequence
from functools import partial

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from deskward.core.accounts import Accounts
from deskward.core.audit import AuditLog
from deskward.core.challenges import Enrollable
from deskward.core.console import Console
from deskward.core.policy import Value
from deskward.core.ports import Action, Clock
from deskward.lifecycle import Lifecycle, Reading
from deskward.lifecycle.raising import level_raised
from deskward.web.desk import shown
from deskward.web.desk.account import Account
from deskward.web.desk.asked import Filters, steps_of
from deskward.web.desk.audit import Audit
from deskward.web.desk.dashboard import Dashboard
from deskward.web.desk.details import Details
from deskward.web.desk.doors import Door
from deskward.web.desk.errand_list import ErrandList
from deskward.web.desk.export import Export
from deskward.web.desk.factors import Factors
from deskward.web.desk.grants import complete
from deskward.web.desk.incidents import Incidents
from deskward.web.desk.integrations import IntegrationPages
from deskward.web.desk.invitations import Invitations, Passwords, address_of, named
from deskward.web.desk.invited import Invited
from deskward.web.desk.login import Login
from deskward.web.desk.passwords import hashed
from deskward.web.desk.people import People
from deskward.web.desk.policy import PolicyPage
from deskward.web.desk.send import SendPage
from deskward.web.desk.sessions import Sessions
from deskward.web.desk.single_sign_on import BACK, SingleSignOn, Trust
from deskward.web.desk.start import StartPage
from deskward.web.desk.table import Table
from deskward.web.desk.tries import Tries
from deskward.web.desk.vouch import VouchPage
from deskward.web.desk.whence import Whence
from deskward.web.guard import Guard, protect
from deskward.web.pages import Trouble

__all__ = ["BACK", "Factors", "Invitations", "Passwords", "Trust", "address_of", "create_app", "hashed", "named"]


def create_app(
    lifecycle: Lifecycle,
    reading: Reading,
    *,
    accounts: Accounts,
    console: Console,
    audit: AuditLog,
    guard: Guard,
    clock: Clock,
    factors: Mapping[str, Enrollable],
    passwords: Action,
    values: Mapping[str, Sequence[Value]],
    groups: Mapping[str, Sequence[str]],
    trust: Trust | None = None,
) -> FastAPI:
    """Put the desk together for its host name.

    `factors` are the challenges that agents enrol as second factors; `passwords` is the action whose rules
    their passwords follow; `values` are those of the policy, by category; `groups` the logins of agents, by group;
    `trust` is the provider of single sign-on, where there is one.
    """
    templates, house = shown.templates(), lifecycle.house
    whence, level = Whence(house, guard).of, partial(level_raised, house)
    door = Door(accounts, clock, templates, audit, whence, level, console.sharing)
    second, tries = Factors(factors, house, guard.desk_url), Tries(door, house, guard)
    filters = Filters(accounts, groups, steps_of({c.name: c.title for c in house.challenges.values()}))
    invitations = Invitations(accounts, house.keyring, clock, Passwords(passwords))
    sessions = Sessions(door)
    login = Login(door, tries, second, trust.name if trust else "")
    routes = [
        *login.routes(),
        *SingleSignOn(login, house.keyring, trust).routes(),
        *sessions.routes(),
        *Account(door, second, sessions).routes(),
        *Invited(door, invitations).routes(),
        *People(door, second, invitations).routes(),
        *Table(door, console, house, filters).routes(),
        *Export(door, console, filters).routes(),
        *Audit(door).routes(),
        *Dashboard(door, console, house, filters).routes(),
        *PolicyPage(door, house, values).routes(),
        *ErrandList(door, console).routes(),
        *Incidents(door, house).routes(),
        *IntegrationPages(door, house).routes(),
        *Details(door, lifecycle, reading, console).routes(),
        *StartPage(door, lifecycle).routes(),
        *SendPage(door, lifecycle, reading).routes(),
        *VouchPage(door, lifecycle).routes(),
    ]
    complete(routes)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, routes=[*routes])

    def look(request: Request, trouble: Trouble) -> Response:
        known = {"agent": None, "csrf": "", "here": "", "home": "/", "now": clock.now(), "trouble": trouble}
        return templates.page(request, "error.html", trouble.status, **known)

    protect(app, guard, url=guard.desk_url, look=look)
    return app
