"""Puts the house together; knows everyone."""

import os
import secrets
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette

from deskward import plugins
from deskward.browsers import Devices
from deskward.core.challenges import Challenge, Enrollable
from deskward.core.console import Runner, Search
from deskward.core.errors import SettingsError
from deskward.core.integrations import Hooks
from deskward.core.links import Keyring
from deskward.core.messages import Portal
from deskward.core.notes import NoteWords
from deskward.core.policy_rules import check_steps
from deskward.core.ports import Action, Channel, Clock, Connector, Directory, People
from deskward.core.powers import check_powers
from deskward.core.questions import QuestionSource
from deskward.core.sign_ins import SignInLog
from deskward.core.signals import Connected, Signal
from deskward.core.surroundings import Facet
from deskward.errands import Errands
from deskward.gateway import Gateway
from deskward.lifecycle import House, Lifecycle, Reading
from deskward.networks import Networks
from deskward.policy_values import values_of
from deskward.remote.reached import Reached, reach
from deskward.settings import Settings, shadow_of
from deskward.sign_in import trust_of
from deskward.store.opening import Opened, open_store
from deskward.web import desk, hooks, portal
from deskward.web.desk import Factors, Invitations, Passwords
from deskward.web.guard import Guard

KEY_BYTES = 32
EMBEDDED = "embedded"
FACTORS, RESET = ("totp", "passkey"), "reset_password"


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        """Give the time now."""
        return datetime.now(UTC)


@dataclass(frozen=True)
class Deskward:
    """The whole house, ready to be run."""

    settings: Settings
    opened: Opened
    house: House
    lifecycle: Lifecycle
    reading: Reading
    errands: Errands
    runner: Runner
    guard: Guard
    directories: Mapping[str, People]
    factors: Mapping[str, Enrollable]
    passwords: Action
    networks: Networks

    def host_of(self, part: str) -> str:
        """Give the host name of “desk”, “portal” or “hooks”."""
        return str(urlsplit(getattr(self.settings.web, f"{part}_url")).hostname)

    def desk(self) -> Starlette:
        """Make the agents' pages."""
        return desk.create_app(
            self.lifecycle,
            self.reading,
            accounts=self.opened.accounts,
            console=self.opened.console,
            audit=self.opened.audit,
            guard=self.guard,
            clock=self.house.clock,
            factors=self.factors,
            passwords=self.passwords,
            values=values_of(self.settings),
            groups=self.settings.dashboard.groups,
            trust=trust_of(self.settings, self.house.clock),
        )

    def invitations(self) -> Invitations:
        """Make what invites people to the desk."""
        return Invitations(self.opened.accounts, self.house.keyring, self.house.clock, Passwords(self.passwords))

    def second_factors(self) -> Factors:
        """Make what keeps the agents' second factors."""
        return Factors(self.factors, self.house, self.settings.web.desk_url)

    def portal(self) -> Starlette:
        """Make the public page."""
        return portal.create_app(self.lifecycle, self.reading, self.guard)

    def hooks(self) -> Starlette:
        """Make the way in for the ticketing system and the channels."""
        return hooks.create_app(self.lifecycle, self.guard)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run errands until the end of the block."""
        if self.opened.database.dialect == "sqlite":
            self.opened.rows.release(self.errands.holder)
        self.runner.start(self.errands.drain, self.errands.tick)
        try:
            yield
        finally:
            self.runner.stop()

    def close(self) -> None:
        """Let go of what is outside, then close the store."""
        for connector in self.house.connectors.values():
            connector.log_out()
        for channel in self.house.channels.values():
            channel.log_out()
        for one in (*self.house.signals.values(), *self.directories.values(), *self.house.actions.values()):
            if isinstance(one, Connected):
                one.log_out()
        self.networks.close()
        self.opened.close()


def build(settings: Settings, clock: Clock | None = None) -> Deskward:
    """Put everything together; SettingsError says what cannot be, and nothing stays open then."""
    with ExitStack() as undo:
        made = _built(settings, clock or SystemClock(), undo)
        undo.pop_all()
    return made


def _built(settings: Settings, clock: Clock, undo: ExitStack) -> Deskward:
    make = partial(_plugins, settings)
    connectors: Mapping[str, Connector] = make("connectors", settings.connectors)
    channels: Mapping[str, Channel] = make("channels", settings.channels)
    far = gateway_elsewhere(settings)
    own: Mapping[str, Directory] = {} if far else make("directories", settings.directories)
    directories: Mapping[str, People] = far.directories if far else own
    actions: Mapping[str, Action] = make("actions", settings.actions, withheld=far is not None)
    policy, challenges, shadow = settings.policy(), challenges_of(settings), shadow_of(settings)
    check_powers(policy.categories, actions, own)
    sources: dict[str, QuestionSource] = make("sources", settings.sources)
    signals = signals_of(settings)
    logs, networks = logs_of(signals, directories), undo.enter_context(closing(networks_of(settings, clock)))
    opened = undo.enter_context(closing(open_store(settings.store_address(), clock)))
    keyring = Keyring(_key(settings.near / settings.store.key_file, opened))
    opened.check_clock()
    words = NoteWords(settings.brand, settings.web.desk_url, {n: a.title for n, a in actions.items()})
    house = House(
        store=opened.store,
        clock=clock,
        policy=policy,
        keyring=keyring,
        words=words,
        portal=Portal(settings.organisation, settings.web.portal_url),
        connectors=connectors,
        channels=channels,
        people=directories,
        actions=actions,
        gateway=far.gateway if far else Gateway(opened.store, clock, own, actions, policy.version),
        authenticators=opened.authenticators(keyring.sealing_key()),
        challenges=challenges,
        accounts=opened.accounts,
        sources={n: d for n, d in directories.items() if isinstance(d, QuestionSource)} | sources,
        shadow=shadow,
        signals=signals,
        weights=settings.signal_weights(),
        networks=networks,
        devices=Devices(),
        sign_ins=logs,
        hooks=Hooks(settings.web.hooks_url, settings.hooks),
        retention=settings.retention.retention(),
    )
    lifecycle = Lifecycle(house)
    holder = EMBEDDED if opened.database.dialect == "sqlite" else _holder()
    errands = Errands(house, lifecycle, opened.rows, holder)
    return Deskward(
        settings=settings,
        opened=opened,
        house=house,
        lifecycle=lifecycle,
        reading=Reading(house),
        errands=errands,
        runner=opened.runner(settings.errands.threads),
        guard=_guard(settings),
        directories=directories,
        factors={name: plugins.build("challenges", name, {}, near=settings.near) for name in FACTORS},
        passwords=actions.get(RESET) or plugins.build("actions", RESET, {}, near=settings.near),
        networks=networks,
    )


def challenges_of(settings: Settings) -> Mapping[str, Challenge]:
    """Make the challenges; SettingsError where the steps of a category cannot prove what its class needs."""
    made: Mapping[str, Challenge] = _plugins(settings, "challenges", settings.challenges)
    try:
        check_steps(settings.policy().categories, {name: c.evidence for name, c in made.items()})
    except SettingsError as error:
        raise SettingsError(f"{settings.file}: {error}", error.hint) from error
    return made


def signals_of(settings: Settings) -> Mapping[str, Signal]:
    """Make the signals: every one that needs no settings is on unless they say no (SR-120)."""
    given = settings.signals
    ready = (n for n in plugins.names("signals") if n not in given and not plugins.needs_settings("signals", n))
    tables: dict[str, Mapping[str, Any]] = {name: {} for name in ready}
    tables |= {name: one.own for name, one in given.items() if one.enabled}
    return _plugins(settings, "signals", dict(sorted(tables.items())))


def gateway_elsewhere(settings: Settings) -> Reached | None:
    """Give what is had of a gateway in a process of its own; None where it is in this one."""
    if settings.gateway.socket is None:
        return None
    found = {name: plugins.find("directories", name) for name in settings.directories}
    return reach(settings.near / settings.gateway.socket, found)


def logs_of(signals: Mapping[str, Signal], directories: Mapping[str, People]) -> Mapping[str, SignInLog]:
    """Take the logs that familiarity learns from; SettingsError where one names no directory."""
    logs = {one.teaches: one for one in signals.values() if isinstance(one, SignInLog) and one.teaches}
    if missing := logs.keys() - directories.keys():
        hint = "Name the directory whose people have the ids of that log."
        raise SettingsError(f"A log of sign-ins names the directory “{min(missing)}”, which is not there.", hint)
    return logs


def networks_of(settings: Settings, clock: Clock) -> Networks:
    """Open the files that tell about network addresses; SettingsError names the one that cannot be read."""
    told = settings.networks
    given = {Facet.PLACE: told.country, Facet.OPERATOR: told.asn, Facet.HIDDEN: told.anonymous}
    paths = {facet: settings.near / path for facet, path in given.items() if path}
    return Networks(paths, clock=clock, stale_days=told.stale_days, own=told.own)


def _plugins(
    settings: Settings, folder: str, sections: Mapping[str, Mapping[str, Any]], *, withheld: bool = False
) -> dict[str, Any]:
    make = partial(plugins.build, folder, near=settings.near, withheld=withheld)
    return {name: make(name, table) for name, table in sections.items()}


def _guard(settings: Settings) -> Guard:
    web = settings.web
    return Guard(
        desk_url=web.desk_url,
        portal_url=web.portal_url,
        hooks_url=web.hooks_url,
        trusted_hops=web.trusted_hops,
        max_body=web.max_body_kb * 1024,
    )


def _holder() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def _key(path: Path, opened: Opened) -> bytes:
    """Read the key, or make it on the very first start, readable by its owner only."""
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        if opened.console.page(Search(), 1).rows:
            raise SettingsError(
                f"store.key_file {path} is missing, but the database has verifications.",
                "Put the key back; every part needs the same one. Without it links that are under way are dead.",
            ) from None
        return _made_key(path)
    except (OSError, ValueError) as error:
        raise SettingsError(f"store.key_file {path} cannot be read.", "It holds 64 hexadecimal digits.") from error
    if len(key) != KEY_BYTES:
        raise SettingsError(f"store.key_file {path} is too short or too long.", "It holds 64 hexadecimal digits.")
    return key


def _made_key(path: Path) -> bytes:
    """Write a key whole before it has its name; whoever is first at the name made everybody's key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, encoding="ascii") as fresh:
        fresh.write(secrets.token_bytes(KEY_BYTES).hex() + "\n")
        fresh.flush()
        os.fsync(fresh.fileno())
        with suppress(FileExistsError):
            os.link(fresh.name, path)
    return bytes.fromhex(path.read_text(encoding="ascii").strip())
