"""Who may do what at the desk: one table. A route that is not in it cannot be made (SR-90)."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from starlette.routing import BaseRoute, Route

from deskward.core.accounts import Agent, Role

Key = tuple[str, str]
EVERYBODY = frozenset(Role)
APPROVING = frozenset({Role.APPROVER})
WORKING = APPROVING | {Role.AGENT}
READING = WORKING | {Role.AUDITOR, Role.PRIVACY_OFFICER}
EXPORTING = WORKING | {Role.AUDITOR}
RUNNING = WORKING | {Role.ADMINISTRATOR}
ATTENDING = RUNNING | {Role.AUDITOR}
PEOPLE = frozenset({Role.ADMINISTRATOR})
OVERSEEING = PEOPLE | {Role.AUDITOR}
JUDGING = APPROVING | PEOPLE | {Role.AUDITOR}

GRANTS: Mapping[Key, frozenset[Role]] = {
    ("GET", "/"): READING,
    ("GET", "/news"): READING,
    ("GET", "/export.csv"): EXPORTING,
    ("GET", "/dashboard"): JUDGING,
    ("GET", "/audit"): PEOPLE | {Role.AUDITOR},
    ("GET", "/audit.csv"): PEOPLE | {Role.AUDITOR},
    ("GET", "/policy"): EVERYBODY,
    ("POST", "/threat/raise"): APPROVING | PEOPLE,
    ("POST", "/threat/lower"): APPROVING | PEOPLE,
    ("GET", "/errands"): ATTENDING,
    ("POST", "/errands/replay"): RUNNING,
    ("GET", "/incidents"): JUDGING,
    ("POST", "/incidents/{incident_id}/settle"): APPROVING | PEOPLE,
    ("GET", "/verifications/{verification_id}"): EVERYBODY,
    ("GET", "/verifications/{verification_id}/report.pdf"): EVERYBODY,
    ("POST", "/verifications/{verification_id}/mark"): JUDGING,
    ("POST", "/verifications/{verification_id}/cancel"): WORKING,
    ("POST", "/verifications/{verification_id}/review"): WORKING,
    ("POST", "/verifications/{verification_id}/reject"): WORKING,
    ("POST", "/verifications/{verification_id}/approve"): APPROVING,
    ("POST", "/verifications/{verification_id}/glass/ask"): APPROVING | PEOPLE,
    ("POST", "/verifications/{verification_id}/glass/confirm"): APPROVING | PEOPLE,
    ("POST", "/verifications/{verification_id}/glass/refuse"): APPROVING | PEOPLE,
    ("POST", "/verifications/{verification_id}/glass/review"): APPROVING | PEOPLE,
    ("POST", "/verifications/{verification_id}/lift"): APPROVING,
    ("POST", "/verifications/{verification_id}/uphold"): APPROVING,
    ("POST", "/verifications/{verification_id}/checked"): WORKING,
    ("POST", "/verifications/{verification_id}/enrol"): WORKING,
    ("POST", "/verifications/{verification_id}/enrol/approve"): APPROVING,
    ("POST", "/verifications/{verification_id}/enrol/decline"): WORKING,
    ("POST", "/verifications/{verification_id}/means/remove"): APPROVING,
    ("POST", "/verifications/{verification_id}/again"): WORKING,
    ("POST", "/verifications/{verification_id}/replay"): RUNNING,
    ("GET", "/start"): WORKING,
    ("POST", "/start"): WORKING,
    ("POST", "/start/search"): WORKING,
    ("GET", "/send/{verification_id}"): WORKING,
    ("POST", "/send/{verification_id}"): WORKING,
    ("POST", "/send/{verification_id}/look"): WORKING,
    ("GET", "/send/{verification_id}/progress"): WORKING,
    ("POST", "/send/{verification_id}/code"): WORKING,
    ("POST", "/send/{verification_id}/cancel"): WORKING,
    ("POST", "/send/{verification_id}/again"): WORKING,
    ("GET", "/vouch/{vouch_id}"): RUNNING,
    ("POST", "/vouch/{vouch_id}/sign"): RUNNING,
    ("POST", "/vouch/{vouch_id}/refuse"): RUNNING,
    ("GET", "/account"): EVERYBODY,
    ("GET", "/account/enrol/{kind}"): EVERYBODY,
    ("POST", "/account/enrol/{kind}"): EVERYBODY,
    ("POST", "/account/remove"): EVERYBODY,
    ("GET", "/integrations"): OVERSEEING,
    ("GET", "/integrations/{place}"): OVERSEEING,
    ("GET", "/integrations/{place}/live"): OVERSEEING,
    ("POST", "/integrations/{place}/test"): PEOPLE,
    ("POST", "/integrations/{place}/note"): PEOPLE,
    ("POST", "/integrations/{place}/look"): PEOPLE,
    ("POST", "/integrations/{place}/address"): PEOPLE,
    ("POST", "/account/sessions/end"): EVERYBODY,
    ("POST", "/account/sessions/others"): EVERYBODY,
    ("GET", "/people"): PEOPLE | {Role.AUDITOR},
    ("POST", "/people/invite"): PEOPLE,
    ("GET", "/people/sessions"): PEOPLE | {Role.AUDITOR},
    ("POST", "/people/sessions/end"): PEOPLE,
    ("POST", "/people/{agent_id}/roles"): PEOPLE,
    ("POST", "/people/{agent_id}/deactivate"): PEOPLE,
    ("POST", "/people/{agent_id}/activate"): PEOPLE,
    ("POST", "/people/{agent_id}/sessions"): PEOPLE,
    ("POST", "/people/{agent_id}/factors"): PEOPLE,
}
# What nobody needs a role for: the way in, and the way out.
OPEN: frozenset[Key] = frozenset(
    {
        ("GET", "/login"),
        ("POST", "/login"),
        ("GET", "/login/provider"),
        ("GET", "/login/provider/back"),
        ("GET", "/login/provider/out"),
        ("GET", "/login/second"),
        ("POST", "/login/second"),
        ("GET", "/login/enrol"),
        ("POST", "/login/enrol"),
        ("POST", "/logout"),
        ("GET", "/invitation"),
        ("POST", "/invitation"),
        ("POST", "/invitation/accept"),
    }
)
_HOMES = ("/", "/people")
_OWN_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")


class UngrantedError(Exception):
    """A route of the desk that no line of the table speaks about."""


def granted(roles: Iterable[str], method: str, path: str) -> bool:
    """Tell whether one of these roles grants a route, named by its pattern."""
    return bool(GRANTS.get((method, path), frozenset()) & {*roles})


def complete(routes: Iterable[BaseRoute]) -> None:
    """Stop the start when a route has no line in the table."""
    for route in routes:
        for key in keys_of(route):
            if key not in GRANTS and key not in OPEN:
                raise UngrantedError(f"{' '.join(key)} has no line in the table of grants.")


def keys_of(route: BaseRoute) -> list[Key]:
    """Name a route as the table does; HEAD is GET."""
    if not isinstance(route, Route):
        raise UngrantedError(f"{type(route).__name__} is no route of the table of grants.")
    return [(method, route.path) for method in sorted((route.methods or set()) - {"HEAD"})]


def own_path(asked: str) -> str:
    """Keep a path of this very desk; “/” for everything else, so that no login leads elsewhere."""
    parts = urlsplit(asked) if _OWN_PATH.fullmatch(asked) else None
    ways = {("GET", parts.path), ("POST", parts.path)} if parts else set()
    own = parts and not parts.scheme and not parts.netloc and not ways & OPEN
    return asked if own else "/"


def home_of(agent: Agent) -> str:
    """Give the page where somebody's work begins."""
    return next((path for path in _HOMES if granted(agent.roles, "GET", path)), "/account")
