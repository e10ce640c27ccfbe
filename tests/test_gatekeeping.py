"""The gateway as a process of its own: who may reach it, what it opens, and what becomes of it when it dies."""

import re
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from deskward.core.errors import SettingsError, UnreachableError
from deskward.core.ports import Change, Grant
from deskward.core.secret import Secret
from deskward.core.verification import Outcome, State, Verification
from deskward.directories.roster import Directory
from deskward.gatekeeping import answering, listening, read_file, serve
from deskward.lifecycle.checking import checks_of
from deskward.settings import Settings, read
from deskward.store.opening import open_store
from deskward.wiring import Deskward, SystemClock, build
from sandbox.__main__ import Ground, written
from sandbox.phone import Phone
from tests.fakes import ANNA, START
from tests.servers.gateway import parted, running, written_for_gateway
from tests.servers.postgres import shared_postgres
from tests.servers.roster import nobody_writes
from tests.servers.tokens import answering as answered
from tests.servers.webhook import KEY, OLD, System
from tests.store.samples import a_verification

RITA, PASSWORD = "p-1001", Secret("a sentence nobody would guess 4711")
OPERATIONS = Path(__file__).parents[1] / "docs" / "operations.md"


@dataclass(frozen=True)
class Parted:
    """Settings without credentials, and the text of the gateway's own file, which is not written yet."""

    path: Path
    own: str

    def settings(self) -> Settings:
        return read(self.path)


def parted_in(folder: Path, url: str = "sqlite:///deskward.db") -> Parted:
    phone = Phone()
    path, _ = written(Ground(folder, 8080, 2525, url), phone)
    phone.close()
    return Parted(path, parted(path))


@pytest.fixture
def apart(tmp_path: Path) -> Parted:
    return parted_in(tmp_path)


def test_the_socket_is_for_owner_and_group_and_gone_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with listening(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert not path.exists()


def test_a_socket_that_a_dead_gateway_left_hinders_nobody_and_a_living_one_is_not_disturbed(
    tmp_path: Path,
) -> None:
    path = tmp_path / "s"
    with closing(socket.socket(socket.AF_UNIX)) as dead:
        dead.bind(str(path))
    with listening(path):
        with pytest.raises(SettingsError, match=r"A gateway listens on .* already"), listening(path):
            pass
        with closing(socket.socket(socket.AF_UNIX)) as client:
            client.connect(str(path))


def _open_to_all(path: Path) -> None:
    path.parent.chmod(0o707)


def _open_to_the_group(path: Path) -> None:
    path.parent.chmod(0o770)


def _a_file(path: Path) -> None:
    path.write_text("keep me")


def _no_folder(path: Path) -> None:
    path.parent.rmdir()


def _a_lock_that_is_a_folder(path: Path) -> None:
    path.with_name(f"{path.name}.lock").mkdir()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_open_to_all, "Others than its owner can write"),
        (_open_to_the_group, "Others than its owner can write"),
        (_a_file, "is no socket"),
        (_no_folder, "cannot be used"),
        (_a_lock_that_is_a_folder, "cannot be written"),
    ],
)
def test_a_place_that_cannot_be_trusted_or_used_stops_the_start(
    tmp_path: Path, spoil: Callable[[Path], object], words: str
) -> None:
    path = tmp_path / "run" / "s"
    path.parent.mkdir()
    spoil(path)
    with pytest.raises(SettingsError, match=words) as refusal, listening(path):
        pass
    assert refusal.value.hint
    assert not path.exists() or path.read_text() == "keep me"


def test_a_path_that_is_too_long_for_a_socket_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="Nothing can listen on"), listening(tmp_path / ("s" * 200)):
        pass


def test_without_a_socket_there_is_no_gateway_to_serve(apart: Parted) -> None:
    settings = apart.settings()
    with pytest.raises(SettingsError, match=r"gateway\.socket is not set"):
        serve(settings.model_copy(update={"gateway": settings.gateway.model_copy(update={"socket": None})}))


def test_sr_53_a_credential_in_the_settings_of_all_parts_is_refused(apart: Parted) -> None:
    text = apart.path.read_text()
    apart.path.write_text(text.replace("[directories.roster]", '[directories.roster]\npath = "people.toml"'))
    with pytest.raises(SettingsError, match=r"directories\.roster: leave this section empty"):
        apart.settings()
    apart.path.write_text(text.replace('file = "gateway.toml"\n', ""))
    with pytest.raises(SettingsError, match=r"gateway\.file"):
        apart.settings()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", r"\[directories\.roster\] is in one file only"),
        ("[directories.roster]\n[directories.ldap]", r"\[directories\.ldap\] is in one file only"),
        ("store = 7\n[directories.roster]", "store: this key is unknown"),
        ("[directories.roster", "cannot be read"),
        ('[directories.roster]\npath = "nobody.toml"', r"gateway\.toml: .*nobody\.toml"),
    ],
)
def test_a_bad_file_of_the_gateway_stops_its_start_with_words(apart: Parted, text: str, words: str) -> None:
    written_for_gateway(apart.path, text)
    with pytest.raises(SettingsError, match=words), answering(apart.settings()):
        pass


WEBHOOK = """
[actions.call_webhook]
url = "URL/do"
status_url = "URL/status"
title = "New badge"
button = "Print my badge"
"""
KEYS = f"""
[actions.call_webhook]
secret = "{KEY.reveal()}"
old_secret = "{OLD.reveal()}"
"""


@pytest.fixture
def system() -> System:
    return System()


@pytest.fixture
def hooked(apart: Parted, system: System) -> Iterator[Parted]:
    """Have an action of another system, with all but its keys in the settings."""
    with answered(system, threading.Event()) as url:
        apart.path.write_text(apart.path.read_text() + WEBHOOK.replace("URL", url))
        yield apart


@pytest.mark.parametrize("key", ["secret", "old_secret"])
def test_sr_53_the_key_of_an_action_in_the_settings_of_all_parts_is_refused_in_each_of_them(
    hooked: Parted, key: str
) -> None:
    written_for_gateway(hooked.path, hooked.own + KEYS)
    text = hooked.path.read_text()
    for given in (f'"{KEY.reveal()}"', '{ env = "NOWHERE" }'):
        hooked.path.write_text(f"{text}{key} = {given}\n")
        for start in (build, read_file):
            with pytest.raises(SettingsError, match=rf"call_webhook\.{key}: leave this key out") as refusal:
                start(hooked.settings())
            assert KEY.reveal() not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", r"call_webhook\.secret: this key is missing"),
        (KEYS.replace("whsec_", "whsex_"), r"call_webhook\.secret is no key of a Standard Webhook"),
        (KEYS + 'title = "Old badge"', r"gateway\.toml: actions\.call_webhook\.title is no secret of this action"),
        (KEYS + 'secrte = "x"', r"call_webhook\.secrte is no secret"),
        (KEYS + "[actions.unlock_account]\nsecret = 'x'", r"unlock_account\.secret is no secret"),
        (KEYS + "[actions.reset_factors]", r"there is no \[actions\.reset_factors\] in the settings"),
    ],
)
def test_sr_53_only_the_keys_of_actions_that_are_there_stand_in_the_gateways_file(
    hooked: Parted, text: str, words: str
) -> None:
    written_for_gateway(hooked.path, hooked.own + text)
    with pytest.raises(SettingsError, match=words) as refusal, answering(hooked.settings()):
        pass
    assert "whse" not in str(refusal.value)
    assert refusal.value.hint


def test_sr_53_all_other_parts_know_an_action_without_its_key_and_cannot_call_it(
    hooked: Parted, system: System
) -> None:
    house = build(hooked.settings())
    assert not hooked.path.with_name("gateway.toml").exists()
    action: Any = house.house.actions["call_webhook"]
    assert (action.title, action.button, action.done) == ("New badge", "Print my badge", "It is done.")
    assert (action.fields, action.problem(ANNA, {})) == ((), "")
    bound = action.bound(Grant("GR-1", "v1", RITA, "rita", "roster", "call_webhook", "", "7", "a-1", "1", START))
    for call in (action.doctor, bound.ended, lambda: bound.perform(None, ANNA, {})):
        with pytest.raises(AssertionError, match="only the gateway"):
            list(call())
    (check,) = checks_of(house.house, "actions.call_webhook")
    assert (check.name, check.well, bool(check.hint)) == ("gateway", False, True)
    assert system.calls == []
    house.close()


def test_sr_53_doctor_has_the_gateway_test_an_action_with_both_keys(hooked: Parted, system: System) -> None:
    house = build(hooked.settings())
    written_for_gateway(hooked.path, hooked.own + KEYS)
    with running(hooked.path):
        (check,) = checks_of(house.house, "actions.call_webhook")
        assert list(house.house.gateway.examine("unlock_account")) == []
        assert list(house.house.gateway.examine("nobody")) == []
    assert (check.name, check.well) == ("dry run", True)
    assert [body["dry_run"] for _, body in system.calls] == [True]
    assert (system.signed_by, system.done) == ({2}, {})
    house.close()


def test_without_a_gateway_of_its_own_the_settings_have_the_key(hooked: Parted, system: System) -> None:
    settings = hooked.settings()
    told = settings.actions["call_webhook"] | {"secret": KEY.reveal()}
    inside = {
        "gateway": settings.gateway.model_copy(update={"socket": None}),
        "directories": {"roster": {"path": "people.toml"}},
        "actions": {"call_webhook": told},
        "categories": {},
    }
    house = build(settings.model_copy(update=inside))
    assert [check.well for check in checks_of(house.house, "actions.call_webhook")] == [True]
    assert (len(system.calls), system.signed_by) == (1, {1})
    house.close()


def test_sr_53_a_file_that_others_may_read_stops_the_start(apart: Parted) -> None:
    with pytest.raises(SettingsError, match="There is no"):
        read_file(apart.settings())
    for mode in (0o640, 0o604, 0o620):
        written_for_gateway(apart.path, apart.own).chmod(mode)
        with pytest.raises(SettingsError, match="open to others than its owner"):
            read_file(apart.settings())


def test_tables_that_are_not_up_to_date_stop_the_gateway_which_changes_none(apart: Parted) -> None:
    written_for_gateway(apart.path, apart.own)
    with pytest.raises(SettingsError, match="of version none") as refusal, answering(apart.settings()):
        pass
    assert "deskward migrate" in refusal.value.hint


def test_sr_53_all_other_parts_start_without_the_file_of_the_gateway_and_can_change_no_account(
    apart: Parted,
) -> None:
    house = build(apart.settings())
    assert not apart.path.with_name("gateway.toml").exists()
    roster: Any = house.directories["roster"]
    assert not [name for name in ("set_password", "unlock", "revoke") if hasattr(roster, name)]
    assert {id(house.house.people["roster"]), id(house.house.sources["roster"])} == {id(roster)}
    with pytest.raises(UnreachableError, match="does not answer on its socket"):
        roster.get(RITA)
    first = next(checks_of(house.house, "directories.roster"))
    assert (first.name, first.well) == ("gateway", False)
    assert house.portal()
    house.close()


def passed_in(house: Deskward, name: str) -> Verification:
    """Write a verification of Rita that passed, with its grant."""
    now = datetime.now(UTC)
    verification = a_verification(
        name,
        subject_id=RITA,
        requester_id="11",
        agent_id="a-1",
        state=State.PASSED,
        outcome=Outcome.PASSED,
        opened_at=now,
        started_at=now,
        updated_at=now,
        deadline=now + timedelta(minutes=10),
        grant_id=f"GR-{name}",
    )
    person = house.house.people["roster"].get(RITA)
    assert person
    grant = replace(house.house.grant(verification, person), id=verification.grant_id)
    return house.opened.store.save(verification, Change(grant=grant))


def signs_in(folder: Path, password: Secret = PASSWORD) -> bool:
    return Directory(path=folder / "people.toml").check_password(RITA, password)


def awaited(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_sr_53_sr_58_a_gateway_of_its_own_resets_a_password_and_one_that_is_killed_in_the_middle_loses_nothing(
    apart: Parted, tmp_path: Path
) -> None:
    house = build(apart.settings())
    written_for_gateway(apart.path, apart.own)
    ended: list[Any] = []
    with running(apart.path) as process:
        verification = passed_in(house, "v1")
        with nobody_writes(tmp_path):
            acting = threading.Thread(
                target=lambda: ended.append(house.lifecycle.act(verification, {"password": PASSWORD}))
            )
            acting.start()
            awaited(lambda: house.lifecycle.get("v1").state is State.ACTING)
            process.kill()
            acting.join(30)
    assert ended[0].state is State.ACTING
    assert not signs_in(tmp_path)
    assert apart.path.with_name("gateway.sock").exists()
    with running(apart.path) as process:
        house.lifecycle.settle("v1", verification.grant_id)
        again = house.lifecycle.get("v1")
        assert again.state is State.PASSED
        assert house.lifecycle.act(again, {"password": PASSWORD}).state is State.DONE
        checks = list(checks_of(house.house, "directories.roster"))
        assert len(checks) > 2
        assert all(check.well for check in checks)
    assert process.returncode == 0
    assert signs_in(tmp_path)
    assert not apart.path.with_name("gateway.sock").exists()
    house.close()


def sql_of(place: int) -> list[str]:
    """Give the statements of one block of SQL in the section about the gateway."""
    section = OPERATIONS.read_text(encoding="utf-8").partition("## The gateway as a process of its own")[2]
    block = re.findall(r"^```sql\n(.*?)^```", section.partition("\n## ")[0], re.DOTALL | re.MULTILINE)[place]
    return [statement for statement in block.split(";\n") if statement.strip()]


def as_role(url: str, role: str) -> str:
    return make_url(url).set(username=role, database="deskward").render_as_string(hide_password=False)


@pytest.fixture
def roles() -> Iterator[str]:
    """Do what docs/operations.md has the superuser do; gives the address of the server."""
    url = shared_postgres()
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in sql_of(0):
            connection.execute(statement.encode())
        yield url
        connection.execute("DROP DATABASE deskward WITH (FORCE)")
        connection.execute("DROP ROLE deskward, deskward_gateway")


FORBIDDEN = (
    "SELECT password_hash FROM agents",
    "SELECT * FROM authenticators",
    "SELECT * FROM addresses",
    "SELECT * FROM sendings",
    "SELECT * FROM events",
    "SELECT * FROM errands",
    "DELETE FROM events",
    "DELETE FROM verifications",
    "INSERT INTO grants SELECT * FROM grants",
    "UPDATE grants SET expires_at = now()",
    "UPDATE threat_level SET lowered_at = now()",
    "UPDATE alembic_version SET version_num = '0'",
    "CREATE TABLE more (number int)",
    "CREATE TEMPORARY TABLE more (number int)",
    "SELECT * FROM procrastinate.procrastinate_jobs",
)


def test_sr_53_the_gateways_own_role_spends_a_grant_and_can_do_nothing_else(tmp_path: Path, roles: str) -> None:
    own, others = as_role(roles, "deskward_gateway"), as_role(roles, "deskward")
    apart = parted_in(tmp_path, others)
    house = build(apart.settings())
    with pytest.raises(SettingsError, match="does not let this role") as refusal:
        open_store(own, SystemClock(), changes_tables=False)
    assert "docs/operations.md" in refusal.value.hint
    with psycopg.connect(others, autocommit=True) as connection:
        for statement in sql_of(1):
            connection.execute(statement.encode())
    written_for_gateway(apart.path, f'store_url = "{own}"\n{apart.own}')
    with running(apart.path):
        verification = passed_in(house, "v1")
        assert house.lifecycle.act(verification, {"password": PASSWORD}).state is State.DONE
    assert signs_in(tmp_path)
    house.close()
    with psycopg.connect(own, autocommit=True) as connection:
        for statement in FORBIDDEN:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
