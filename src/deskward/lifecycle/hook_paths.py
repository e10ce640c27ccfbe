"""The secret part of a webhook's address: from the settings, or made anew at the desk and known by digest only."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from deskward.core.errors import NotFoundError
from deskward.core.integrations import PathToken
from deskward.core.links import digest, new_nonce
from deskward.core.secret import Secret
from deskward.core.tickets import Check
from deskward.lifecycle.house import Actor, House

OVERLAP = timedelta(hours=24)


@dataclass(frozen=True)
class Address:
    """A connector's webhook address: `token` is the one made at the desk, `old_until` ends an older one."""

    shown: str
    there: bool
    token: PathToken | None
    old_until: datetime | None

    @property
    def version(self) -> str:
        """Name the state that somebody saw who asks for a new address."""
        return self.token.digest if self.token else ""


def accepted(house: House, connector: str, typed: str) -> bool:
    """Tell whether the secret part of an address is good now (SR-100)."""
    token = typed.encode("utf-8", "replace").decode()
    row = house.store.integrations.path_token(digest(token))
    if row is not None:
        return row.connector == connector and (row.ends_at is None or house.clock.now() < row.ends_at)
    given = house.hooks.tokens.get(connector, Secret("")).reveal()
    return bool(given) and hmac.compare_digest(given.encode(), token.encode())


def address_of(house: House, connector: str) -> Address:
    """Give the address without its secret part, and until when an old one is taken."""
    rows, now = house.store.integrations.path_tokens(connector), house.clock.now()
    newest = next((row for row in rows if row.ends_at is None), None)
    ends = [row.ends_at for row in rows if row.ends_at is not None and row.ends_at > now]
    there = newest is not None or bool(house.hooks.tokens.get(connector))
    return Address(_address(house, connector, "…"), there, newest, max(ends, default=None))


def path_check(house: House, connector: str) -> Check:
    """Say for `doctor` whether webhooks of a connector are taken in, and until when an old address is."""
    now = address_of(house, connector)
    if not now.there:
        hint = f'Set [hooks] {connector} = "a long random text", or make an address on the page “Integrations”.'
        return Check("webhook address", well=False, text="no path token, so no webhook is taken in", hint=hint)
    old = f"; the old one is taken until {now.old_until:%Y-%m-%d %H:%M} UTC" if now.old_until else ""
    return Check(
        "webhook address", well=True, text=f"{'made at the desk' if now.token else 'from the settings'}{old}"
    )


def new_address(house: House, connector: str, actor: Actor, seen: str, *, at_once: bool) -> Secret:
    """Make a new address and give it this one time; the old one is taken for OVERLAP, or no more where it leaked.

    `seen` is the version of the one that the asker saw. NotFoundError for no connector; ConflictError when
    somebody else was faster, so that a double click makes one.
    """
    if connector not in house.connectors:
        raise NotFoundError("There is no such connector.", "Look at the list again.")
    now, token = house.clock.now(), new_nonce()
    given = house.hooks.tokens.get(connector, Secret("")).reveal()
    fresh = PathToken(digest(token), connector, now, str(actor))
    ends = now if at_once else now + OVERLAP
    house.store.integrations.rotate(fresh, ends, seen, digest(given) if given else "")
    return Secret(_address(house, connector, token))


def _address(house: House, connector: str, token: str) -> str:
    return f"{house.hooks.url.rstrip('/')}/hooks/{connector}/{token}"
