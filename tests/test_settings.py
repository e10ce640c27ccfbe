"""Settings: every mistake names file, key and what to do, and never a secret."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from deskward.core.errors import SettingsError
from deskward.core.policy import LONGEST_RUN, Copied, Typed, Way
from deskward.core.proof import ActionClass
from deskward.settings import is_loopback, read, settings_path

GOOD = """
organisation = "Acme"

[web]
desk_url = "https://desk.acme.example/"
portal_url = "https://portal.acme.example"
hooks_url = "http://hooks.localhost:8080"

[hooks]
changegear = "{token}"

[connectors.changegear]
password = "hush-hush-hush"

[channels.smtp]

[directories.roster]
path = "people.toml"

[actions.reset_password]

[limits]
code_minutes = 5

[categories."Password Reset"]
match = [17, "Passwords"]
directory = "roster"
action = "reset_password"
class = "C2"

[categories."Identity check"]
directory = "roster"
"""
TEXT = GOOD.replace("{token}", "t" * 24)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deskward.toml"


def mistake(path: Path, text: str) -> SettingsError:
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert caught.value.hint
    return caught.value


def test_sr_44_the_file_says_when_the_manager_reads_along(path: Path) -> None:
    path.write_text(TEXT)
    assert read(path).policy().limits.copied is Copied.EXCEPTIONS
    path.write_text(TEXT.replace("code_minutes = 5", 'manager_copies = "always"'))
    assert read(path).policy().limits.copied is Copied.ALWAYS


def test_good_settings_become_a_policy(path: Path) -> None:
    path.write_text(TEXT)
    settings = read(path)
    policy = settings.policy()
    reset, check = policy.categories
    assert (reset.match, reset.action_class, check.match) == (
        ("17", "Passwords"),
        ActionClass.C2,
        ("Identity check",),
    )
    assert policy.limits.code == timedelta(minutes=5)
    assert settings.web.desk_url == "https://desk.acme.example"
    assert settings.near == path.parent
    assert policy.version == read(path).policy().version


def test_a_category_says_steps_addresses_ways_thresholds_and_times(path: Path) -> None:
    keys = """class = "C2"
challenges = [["passkey", "totp"], "questions"]
typed = "never"
ways = ["call", "totp"]
medium_from = 3
high_from = 6.5
proof_minutes = 12
grant_minutes = 8
hold_hours = 7.5
links_per_day = 2
"""
    sections = "[challenges.passkey]\n[challenges.totp]\n[challenges.questions]\n[categories."
    text = TEXT.replace('class = "C2"', keys).replace("[categories.", sections, 1)
    path.write_text(text.replace("code_minutes = 5", "hold_hours = 6\nreturn_hours = 12"))
    policy = read(path).policy()
    reset, check = policy.categories
    assert reset.challenges == (("passkey", "totp"), ("questions",))
    assert (reset.typed, reset.ways) == (Typed.NEVER, (Way.CALL, Way.TOTP))
    assert (reset.medium_from, reset.high_from) == (3, 6.5)
    limits = policy.limits
    assert (limits.proof_of(reset), limits.grant_of(reset)) == (timedelta(minutes=12), timedelta(minutes=8))
    assert (limits.hold_of(reset), limits.hold_of(check)) == (timedelta(hours=7.5), timedelta(hours=6))
    assert (limits.per_day_of(reset), limits.per_day_of(check)) == (2, 5)
    assert limits.to_return == timedelta(hours=12)
    assert (reset.next_step(["totp"]), reset.next_step(())) == (("questions",), ("passkey", "totp"))
    assert (reset.next_step(["passkey", "questions"]), check.next_step(())) == ((), ())


def test_another_policy_has_another_version(path: Path) -> None:
    path.write_text(TEXT)
    before = read(path).policy().version
    path.write_text(TEXT.replace("code_minutes = 5", "code_minutes = 6"))
    assert read(path).policy().version != before


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('organisation = "Acme"', "", "organisation: this key is missing"),
        ('organisation = "Acme"', "organisation = 3", "organisation: "),
        ('organisation = "Acme"', 'organisation = "Acme"\nbrandt = "x"', "brandt: this key is unknown"),
        ('organisation = "Acme"', 'organisation = "Acme"\nnear = "x"', "near: this key is unknown"),
        ('organisation = "Acme"', 'organisation = "Acme"\nfile = "x"', "file: this key is unknown"),
        ('organisation = "Acme"', 'organisation = "A"\n_env_file = "x"', "_env_file: this key is unknown"),
        ("[channels.smtp]", "", "channels: this key is missing"),
        ('directory = "roster"\naction', 'directory = "ldap"\naction', "there is no [directories.ldap]"),
        ('action = "reset_password"', 'action = "grant_admin"', "there is no [actions.grant_admin]"),
        ("\nchangegear = ", "\nservicenow = ", "there is no [connectors.servicenow]"),
        ("t" * 24, "t" * 23, "hooks.changegear: the path token needs at least 24"),
        ("https://desk.acme.example/", "http://desk.acme.example", "web.desk_url: plain http is allowed on"),
        ("https://desk.acme.example/", "desk.acme.example", "web.desk_url: write a full address"),
        ("https://desk.acme.example/", "https://d.example/x", "web.desk_url: write the address without a path"),
        ("https://desk.acme.example/", "https://portal.acme.example", "three different host names"),
        ("code_minutes = 5", "code_minutes = 11", "limits.code_minutes is 11 minutes"),
        ("code_minutes = 5", "code_minutes = nan", "limits.code_minutes"),
        ("code_minutes = 5", "proof_minutes = inf", "limits.proof_minutes"),
        ("code_minutes = 5", "link_minutes_email = 1441", "limits.link_minutes_email"),
        ("code_minutes = 5", "wait_minutes = [-1]", "limits.wait_minutes.0"),
        ("code_minutes = 5", "proof_minutes = 21", "limits.proof_minutes and limits.grant_minutes are 31 minutes"),
        ("code_minutes = 5", "grant_minutes = 15.5", "allowed are 30"),
        ("code_minutes = 5", "min_age_days = 3", "limits.min_age_days"),
        ('class = "C2"', 'class = "C9"', "categories.Password Reset.class"),
        ('class = "C2"', 'class = "C4"', "categories.Password Reset.class: SR-20"),
        ('class = "C2"', 'class = "C3"\ntyped = "allowed"', "categories.Password Reset.typed: SR-42"),
        ('class = "C2"', 'typed = "sometimes"', "categories.Password Reset.typed"),
        ('class = "C2"', "ways = []", "categories.Password Reset.ways: SR-06"),
        ('class = "C2"', 'ways = ["pigeon"]', "categories.Password Reset.ways.0"),
        ('class = "C2"', 'ways = ["totp"]', "“totp” needs [challenges.totp]"),
        ('class = "C2"', 'challenges = "totp"', "categories.Password Reset.challenges: write a list of steps"),
        ('class = "C2"', "challenges = [[3]]", "categories.Password Reset.challenges: write a list of steps"),
        ('class = "C2"', 'challenges = ["totp"]', "no [challenges.totp]. Set up: none."),
        ('class = "C2"', "medium_from = 7", "categories.Password Reset.medium_from and"),
        ('class = "C2"', "high_from = 11", "categories.Password Reset.high_from"),
        ('class = "C2"', "medium_from = nan", "categories.Password Reset.medium_from"),
        ('class = "C2"', "proof_minutes = 61", "categories.Password Reset.proof_minutes: SR-31"),
        ('class = "C2"', "grant_minutes = 16", "categories.Password Reset.grant_minutes: SR-80"),
        ('class = "C2"', "hold_hours = 0", "categories.Password Reset.hold_hours: SR-66"),
        ('class = "C2"', "hold_hours = 3", "categories.Password Reset.hold_hours: SR-67"),
        ('class = "C2"', "links_per_day = 0", "categories.Password Reset.links_per_day"),
        ("code_minutes = 5", "hold_hours = 0", "limits.hold_hours"),
        ("code_minutes = 5", 'manager_copies = "sometimes"', "limits.manager_copies"),
        ("code_minutes = 5", "return_hours = -1", "limits.return_hours"),
        ("[web]", '[web]\nlisten = "8080"', "web.listen"),
        ("[web]", "[web", "cannot be read"),
    ],
)
def test_a_mistake_names_file_key_and_what_to_do(path: Path, old: str, new: str, words: str) -> None:
    assert old in TEXT
    assert words in str(mistake(path, TEXT.replace(old, new, 1)))


def test_sr_80_a_run_may_fill_the_portals_session_to_the_minute(path: Path) -> None:
    path.write_text(TEXT.replace("code_minutes = 5", "proof_minutes = 20\ngrant_minutes = 10"))
    limits = read(path).policy().limits
    assert limits.proof + limits.grant == LONGEST_RUN


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="There is no settings file"):
        read(tmp_path / "none.toml")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="cannot be read"):
        read(tmp_path / "binary")
    with pytest.raises(SettingsError, match="cannot be read"):
        read(tmp_path)


SHAPES = ['"{s}"', '{ name = "{s}" }', '["{s}"]', '{ file = "/none/at/all", env = "{s}" }']


@pytest.mark.parametrize("value", SHAPES)
def test_sr_54_a_mistake_never_shows_a_secret(path: Path, value: str) -> None:
    secret = "hush-secret"
    error = mistake(path, TEXT.replace('"' + "t" * 24 + '"', value.replace("{s}", secret)))
    seen = f"{error} {error.hint} {error.__cause__}"
    assert secret not in seen
    assert "hooks" in seen


def test_secrets_come_from_files_and_the_environment(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path.parent / "token").write_text("f" * 30 + "\n")
    path.write_text(TEXT.replace('"' + "t" * 24 + '"', f'{{ file = "{path.parent}/token" }}'))
    assert read(path).hooks["changegear"].reveal() == "f" * 30
    monkeypatch.setenv("HOOK_TOKEN", "e" * 30)
    path.write_text(TEXT.replace('"' + "t" * 24 + '"', '{ env = "HOOK_TOKEN" }'))
    assert read(path).hooks["changegear"].reveal() == "e" * 30


def test_the_environment_wins_over_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text(TEXT)
    monkeypatch.setenv("DESKWARD_ORGANISATION", "Other")
    monkeypatch.setenv("DESKWARD_LIMITS__CODE_MINUTES", "7")
    monkeypatch.setenv("DESKWARD_CONNECTORS__CHANGEGEAR__PASSWORD", "from-env")
    monkeypatch.setenv("DESKWARD_SETTINGS", str(path))
    settings = read(settings_path())
    assert settings.organisation == "Other"
    assert settings.limits.code_minutes == 7
    assert settings.connectors["changegear"]["password"] == "from-env"
    monkeypatch.setenv("DESKWARD_CONNECTORS", "{not json hush")
    with pytest.raises(SettingsError, match="connectors") as caught:
        read(path)
    assert "hush" not in str(caught.value)


def test_the_settings_file_is_the_named_one_then_the_environments_then_the_one_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("DESKWARD_SETTINGS", raising=False)
    assert settings_path() == Path("deskward.toml")
    monkeypatch.setenv("DESKWARD_SETTINGS", "/etc/d.toml")
    assert settings_path() == Path("/etc/d.toml")
    assert settings_path(Path("x")) == Path("x")


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("desk.localhost", True),
        ("127.0.0.9", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("notlocalhost", False),
        ("localhost.example.com", False),
    ],
)
def test_loopback_is_this_machine_only(host: str, here: bool) -> None:
    assert is_loopback(host) is here


@pytest.mark.parametrize(("one", "other"), [("desk", "portal"), ("desk", "hooks"), ("portal", "hooks")])
def test_sr_73_two_parts_on_one_host_name_stop_the_start(path: Path, one: str, other: str) -> None:
    same = re.sub(rf"{one}_url = .*", f'{one}_url = "https://{other}.acme.example"', TEXT)
    same = re.sub(rf"{other}_url = .*", f'{other}_url = "https://{other}.acme.example"', same)
    assert "three different host names (SR-73)" in str(mistake(path, same))
