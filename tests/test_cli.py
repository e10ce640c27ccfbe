"""The command line, against a real small ChangeGear, mailbox and phone."""

import io
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog
from starlette.applications import Starlette
from starlette.routing import Mount

from deskward import cli
from deskward.settings import read
from deskward.wiring import build
from sandbox.__main__ import Ground, people, written
from sandbox.changegear import Site, running
from sandbox.changegear.records import PASSWORD_RESET, PRINTER
from sandbox.mailbox import Mailbox, running_mailbox
from sandbox.phone import Phone
from sandbox.phone_api import create_phone_app
from tests.servers.web import served

Run = Callable[..., str]


@dataclass(frozen=True)
class Outside:
    settings: Path
    site: Site
    mailbox: Mailbox


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    phone = Phone(pace=0)
    with running_mailbox() as mailbox, served(Starlette(routes=[Mount("", create_phone_app(phone))])) as texts:
        ground = Ground(tmp_path, 8080, mailbox.port, "sqlite:///deskward.db")
        settings, _ = written(ground, phone)
        site = Site(people(tmp_path / "people.toml"), account=1)
        with running(site) as root:
            text = settings.read_text()
            text = text.replace("http://sandbox.localhost:8080/CGRestAPI", f"{root}/CGRestAPI")
            settings.write_text(text.replace("http://sandbox.localhost:8080", texts))
            yield Outside(settings, site, mailbox)
    phone.close()


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.fixture
def run(outside: Outside, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def running_it(*words: str, stdin: str = "", code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["deskward", *words])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        monkeypatch.setenv("DESKWARD_SETTINGS", str(outside.settings))
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert (ended.value.code or 0) == code
        said = capsys.readouterr()
        return said.out + said.err

    return running_it


def notes(outside: Outside, ticket_id: int) -> int:
    ticket = outside.site.ticket(ticket_id)
    assert ticket is not None
    return len(ticket.history)


def test_doctor_checks_everything_and_says_what_to_do(run: Run, outside: Outside) -> None:
    outside.site.open_ticket("Locked out", requester=11, category=PASSWORD_RESET)
    said = run("doctor", code=1)
    assert "ok  connectors.changegear: log in" in said
    assert "!!  agents: 0 agents may log in\n      → Add one: deskward agent add." in said
    run("agent", "add", "alex", "--name", "Alex Agent", "--password-stdin", stdin="a sentence of its own\n")
    assert "Everything is well." in run("doctor")


def test_doctor_names_a_connector_without_path_token(run: Run, outside: Outside) -> None:
    text = re.sub(r"\[hooks\]\nchangegear = .*\n", "", outside.settings.read_text())
    outside.settings.write_text(text)
    assert "!!  connectors.changegear: webhook address: no path token" in run("doctor", code=1)


def test_doctor_writes_the_test_note_only_when_told(run: Run, outside: Outside) -> None:
    ticket = outside.site.open_ticket("Locked out", requester=11, category=PASSWORD_RESET)
    before = notes(outside, ticket.id)
    run("doctor", code=1)
    assert notes(outside, ticket.id) == before
    assert "Now look at that ticket as the requester" in run("doctor", "--test-note", str(ticket.id))
    assert notes(outside, ticket.id) == before + 1


def test_agents_are_added_listed_and_shut_out(run: Run) -> None:
    run("agent", "add", "alex", "--name", "Alex Agent", "--password-stdin", stdin="a sentence of its own\n")
    assert "alex\tAlex Agent\tactive\tagent" in run("agent", "list")
    roles = ("--role", "approver", "--role", "auditor")
    run("agent", "add", "alex", *roles, "--password-stdin", stdin="a sentence of its own\n")
    run("agent", "add", "alex", "--password-stdin", stdin="another sentence of its own\n")
    assert "alex is shut out." in run("agent", "deactivate", "alex")
    assert "alex\talex\tdeactivated\tapprover, auditor" in run("agent", "list")


def test_a_local_account_is_linked_to_single_sign_on_once(run: Run, outside: Outside) -> None:
    for login in ("alex", "sam"):
        run("agent", "add", login, "--password-stdin", stdin="a sentence of its own\n")
    assert "There is no single sign-on in the settings." in run("agent", "link", "alex", "s-1", code=1)
    told = 'issuer = "http://127.0.0.1:1"\nclient_id = "d"\nclient_secret = "s"\nroles = {agent = ["x"]}\n'
    outside.settings.write_text(f"{outside.settings.read_text()}\n[sign_in.oidc]\n{told}")
    assert "alex signs in by single sign-on now." in run("agent", "link", "alex", "s-1")
    house = build(read(outside.settings))
    alex = house.opened.accounts.agent_by_subject("http://127.0.0.1:1", "s-1")
    house.close()
    assert alex
    assert (alex.login, alex.password_hash) == ("alex", "")
    for login, subject in (("sam", "s-1"), ("sam", "")):
        assert "linked already" in run("agent", "link", login, subject, code=1)
    assert "!!  sign_in.oidc: provider: 127.0.0.1 does not answer" in run("doctor", code=1)


def test_the_last_administrator_is_not_shut_out(run: Run) -> None:
    run("agent", "add", "ada", "--role", "administrator", "--password-stdin", stdin="a sentence of its own\n")
    assert "This is the last administrator." in run("agent", "deactivate", "ada", code=1)


def test_second_factors_that_were_lost_are_forgotten(run: Run) -> None:
    run("agent", "add", "alex", "--password-stdin", stdin="a sentence of its own\n")
    assert "0 second factors of alex are removed." in run("agent", "forget-factors", "alex")


def test_an_invitation_prints_an_address_whose_token_stands_in_the_fragment(run: Run) -> None:
    assert re.search(r"http://desk\.localhost:8080/invitation#\w{64}\n", run("agent", "invite"))
    run("agent", "invite", "--role", "approver", "--role", "agent")
    assert "Invalid value" in run("agent", "invite", "--role", "king", code=2)


def test_sr_85_a_start_prints_the_address_of_the_first_administrator_until_there_is_one(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deskward.serving.serve", lambda house, *_: house.close())
    said = run("run")
    assert "There is no administrator yet." in said
    address = re.findall(r"http://desk\.localhost:8080/invitation#\S+", said)
    assert address == re.findall(r"http://desk\.localhost:8080/invitation#\S+", run("serve", "desk"))
    assert "administrator" not in run("serve", "portal")
    run("agent", "add", "ada", "--role", "administrator", "--password-stdin", stdin="a sentence of its own\n")
    assert "administrator" not in run("run")


def test_a_short_password_and_an_unknown_agent_are_refused_in_words(run: Run) -> None:
    assert "at least 15 characters" in run("agent", "add", "a", "--password-stdin", stdin="short\n", code=1)
    guessable = run("agent", "add", "a", "--password-stdin", stdin="passwordpassword\n", code=1)
    assert "first passwords that guessers try" in guessable
    assert "Choose a login." in run(
        "agent", "add", "a b", "--password-stdin", stdin="a sentence of its own\n", code=1
    )
    assert "There is no agent nobody." in run("agent", "deactivate", "nobody", code=1)


def test_a_password_is_asked_for_without_an_echo(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getpass", lambda _: "a sentence of its own")
    assert "sam may log in now." in run("agent", "add", "sam")


def test_backfill_lists_first_and_opens_only_when_told(run: Run, outside: Outside) -> None:
    outside.site.open_ticket("Locked out", requester=11, category=PASSWORD_RESET)
    outside.site.open_ticket("Paper jam", requester=11, category=PRINTER)
    assert run("backfill", "--dry-run").strip() == "IR-0000001: Password Reset"
    assert run("backfill").strip() == "IR-0000001: Password Reset"
    assert run("backfill").strip() == ""
    house = build(read(outside.settings))
    assert house.lifecycle.house.store.open_for("changegear", "1") is not None
    house.close()


def test_sr_34_confirm_lists_first_and_asks_only_when_told(run: Run, outside: Outside) -> None:
    assert "Look first with --dry-run" in run("confirm", code=1)
    assert "There is no directory “ldap”" in run("confirm", "--dry-run", "--directory", "ldap", code=1)
    text = outside.settings.read_text().replace(
        "[directories.roster]", "[directories.roster]\nauthoritative = false"
    )
    outside.settings.write_text(text)
    listed = run("confirm", "--dry-run")
    assert "would be asked to be confirmed." in listed
    assert "are asked to be confirmed." in run("confirm", "--send", "--directory", "roster")


def test_plugins_and_migrate_say_what_there_is(run: Run) -> None:
    assert "connectors: changegear" in run("plugins")
    assert "The database is up to date." in run("migrate")


def test_a_bad_settings_file_ends_with_words_and_no_traceback(run: Run, outside: Outside) -> None:
    outside.settings.write_text("organisation = ")
    said = run("doctor", code=1)
    assert said.startswith("deskward: ")
    assert "→ Mend the file" in said
    assert "Traceback" not in said


def test_a_wrong_key_of_a_plugin_is_told_with_its_file(run: Run, outside: Outside) -> None:
    text = outside.settings.read_text()
    outside.settings.write_text(text.replace("[channels.smtp]\n", "[channels.smtp]\nhoost = 1\n"))
    said = run("doctor", code=1)
    assert f"{outside.settings}: channels.smtp.hoost" in said
