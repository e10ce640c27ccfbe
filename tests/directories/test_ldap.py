import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ldap3
import pytest

from deskward.core.destinations import Kind
from deskward.core.errors import RejectedError, SettingsError, UncertainError, UnreachableError
from deskward.core.secret import Secret
from deskward.directories._ldap_errors import FailedError, credential_trouble, refused, unread
from deskward.directories._ldap_policy import reason
from deskward.directories.ldap import Directory
from tests.contracts.directories import NEW, PHONE, SearchableContract, ServerContract, asked, ill
from tests.servers.certificates import papers
from tests.servers.slapd import (
    LONG_AGO,
    POLICY,
    SERVICE,
    SERVICE_PASSWORD,
    SUFFIX,
    Slapd,
    running_slapd,
)

FIRST = "first password of all"
PEOPLE, GROUPS = f"ou=people,{SUFFIX}", f"ou=groups,{SUFFIX}"


def person(login: str, *lines: str, mail: str = "") -> str:
    return "\n".join(
        (
            f"dn: uid={login},{PEOPLE}",
            "objectClass: inetOrgPerson",
            f"uid: {login}",
            f"cn: {login.capitalize()} Berg",
            "sn: Berg",
            f"mail: {mail or f'{login}@example.com'}",
            f"userPassword: {FIRST}",
            f"pwdChangedTime: {LONG_AGO}",
            *lines,
            "",
            "",
        )
    )


def group(name: str, *members: str) -> str:
    lines = (f"dn: cn={name},{GROUPS}", "objectClass: groupOfNames", f"cn: {name}")
    return "\n".join((*lines, *(f"member: {dn}" for dn in members), "", ""))


def dn(login: str) -> str:
    return f"uid={login},{PEOPLE}"


HOUSEHOLD = (
    person(
        "anna",
        "givenName: Anna",
        "mobile: 0151 12345678",
        "labeledURI: Anna@Private.example",
        f"manager: {dn('boss')}",
        "departmentNumber: Nets",
        "title: Fitter",
        "l: Quay",
        mail="Anna@Example.com",
    )
    + person("boss", f"manager: {dn('nobody')}")
    + person("gone", "pwdAccountLockedTime: 000001010000Z")
    + person("twin", "departmentNumber: Nets", mail="both@example.com")
    + person("double", "mobile: none", "labeledURI: https://no.mail/", mail="both@example.com")
    + person("past", "pwdEndTime: 20240101000000Z")
    + person("left", "employeeType: Former")
    + person("plain").replace(f"pwdChangedTime: {LONG_AGO}\n", "")
    + group("admins", f"cn=Operators, {GROUPS}")
    + group("operators", dn("boss"), f"cn=admins,{GROUPS}")
    + group("night shift", dn("anna"), dn("double"))
    + f"dn: cn=riggers,{GROUPS}\nobjectClass: posixGroup\ncn: riggers\ngidNumber: 7\nmemberUid: anna\n\n"
)


@dataclass
class LdapPlace:
    server: Slapd
    page_size: int = 2
    whole: bool = True

    def __post_init__(self) -> None:
        self.credential = Secret(SERVICE_PASSWORD)
        self.refused = Secret("shortish")
        self.directory = self.made()
        self.ids = {p.login: p.id for p in self.directory.everyone()} if self.whole else {}

    def made(self, **settings: Any) -> Directory:
        kept: dict[str, Any] = {
            "url": self.server.ldaps,
            "people_dn": PEOPLE,
            "groups_dn": GROUPS,
            "bind_dn": SERVICE,
            "password": self.credential,
            "ca_file": self.server.papers.authority,
            "privileged_groups": ["Admins"],
            "attributes": {"private_email": "labeledURI", "office": "l"},
            "page_size": self.page_size,
            "disabled": "employeeType=former",
            "key": "login",
            "policy": POLICY,
            "region": "de",
        }
        return Directory(**(kept | settings))

    def keyed(self, key: str) -> Directory:
        return self.made(key=key, url=self.server.ldap)

    def login(self, person_id: str) -> str:
        return next(login for login, one in self.ids.items() if one == person_id)

    def signs_in(self, person_id: str, password: Secret) -> bool:
        with self.server.signed_in(dn(self.login(person_id)), password.reveal()) as connection:
            return bool(connection.bound)

    def lock(self, person_id: str) -> None:
        for _ in range(3):
            assert not self.signs_in(person_id, Secret("a wrong password"))

    def retitle(self, person_id: str) -> None:
        self.change(self.login(person_id), title="Rigger")

    def change(self, login: str, **values: str) -> None:
        with self.server.signed_in() as connection:
            changes = {name: [(ldap3.MODIFY_REPLACE, [value])] for name, value in values.items()}
            assert connection.modify(dn(login), changes), connection.result

    def change_policy(self, **values: str) -> None:
        with self.server.signed_in() as connection:
            for name, value in values.items():
                assert connection.modify(POLICY, {name: [(ldap3.MODIFY_REPLACE, [value])]}), connection.result

    def away(self) -> Directory:
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            return self.made(url=f"ldaps://localhost:{free.getsockname()[1]}")

    def mistaken(self) -> Directory:
        return self.made(password=Secret("another secret of ours"))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[LdapPlace]:
    with running_slapd(tmp_path, HOUSEHOLD) as server:
        yield LdapPlace(server)


class TestLdapKeepsTheContract(ServerContract, SearchableContract):
    """Over LDAPS and, where people are found by another key, over StartTLS."""


def test_a_person_is_read_with_addresses_manager_and_groups_of_groups(place: LdapPlace) -> None:
    anna, boss = (place.directory.get(place.ids[name]) for name in ("anna", "boss"))
    assert anna
    assert boss
    assert (anna.name, anna.called, anna.email, anna.manager) == ("Anna Berg", "Anna", "anna@example.com", "boss")
    assert (anna.team, anna.title, anna.office) == ("Nets", "Fitter", "Quay")
    assert anna.groups == ("night shift", "riggers")
    assert [(d.kind, d.value, d.label, d.source, d.declared) for d in anna.destinations] == [
        (Kind.EMAIL, "anna@example.com", "work e-mail", "the directory", False),
        (Kind.EMAIL, "anna@private.example", "private e-mail", "the directory", False),
        (Kind.SMS, PHONE, "mobile phone", "the directory", False),
    ]
    assert (boss.groups, boss.manager) == (("admins", "operators"), "")


def test_addresses_are_confirmed_only_where_the_administrator_says_so(place: LdapPlace) -> None:
    anna = place.made(authoritative=True).get(place.ids["anna"])
    assert anna
    assert all(d.declared for d in anna.destinations)


def test_what_is_no_address_is_left_out(place: LdapPlace) -> None:
    double = place.directory.get(place.ids["double"])
    assert double
    assert [d.value for d in double.destinations] == ["both@example.com"]
    bare = place.made(attributes={"phone": "", "private_email": "", "name": ""}).get(place.ids["anna"])
    assert bare
    assert (bare.name, len(bare.destinations)) == ("anna", 1)


@pytest.mark.parametrize("named", [f"CN=admins,  OU=groups,{SUFFIX}", "operators"])
def test_sr_63_privileged_groups_are_named_by_dn_or_name_and_reach_through_groups(
    place: LdapPlace, named: str
) -> None:
    there = place.made(privileged_groups=[named])
    assert [p.login for p in there.everyone() if p.privileged] == ["boss"]
    boss = there.get(place.ids["boss"])
    assert boss
    assert boss.privileged


def test_accounts_that_ended_are_marked_or_locked_for_good_are_disabled(place: LdapPlace) -> None:
    assert {p.login for p in place.directory.everyone() if not p.enabled} == {"gone", "past", "left"}
    assert not any(p.locked for p in place.directory.everyone())


def test_colleagues_are_the_manager_the_team_and_the_members_of_the_same_groups(place: LdapPlace) -> None:
    anna, boss, plain = (place.directory.get(place.ids[name]) for name in ("anna", "boss", "plain"))
    assert anna
    assert boss
    assert plain
    assert [p.login for p in place.directory.colleagues(anna)] == ["boss", "twin", "double"]
    assert [p.login for p in place.directory.colleagues(boss)] == ["anna"]
    assert not place.directory.colleagues(plain)
    with place.server.signed_in() as connection:
        connection.delete(dn("plain"))
    assert not place.directory.colleagues(plain)


def test_without_a_policy_on_the_account_the_whole_entry_is_the_stamp(place: LdapPlace) -> None:
    before = place.directory.get(place.ids["plain"])
    place.change("plain", title="Rigger")
    after = place.directory.get(place.ids["plain"])
    assert before
    assert after
    assert before.stamp != after.stamp


def test_the_rules_of_the_policy_are_told_in_words(place: LdapPlace) -> None:
    anna = place.directory.get(place.ids["anna"])
    assert anna
    assert place.directory.rules(anna) == ("At least 10 characters.", "None of your last 3 passwords.")
    place.change_policy(pwdMinLength="1", pwdMaxLength="60", pwdInHistory="1", pwdMinAge="86400")
    assert place.directory.rules(anna) == (
        "At most 60 characters.",
        "Not the password you have now.",
        "No new one within 1 day of the last change.",
    )
    place.change_policy(pwdMinAge="5400", pwdMaxLength="0")
    assert place.directory.rules(anna)[-1] == "No new one within 90 minutes of the last change."
    assert place.made(policy="").rules(anna) == ()
    place.change("anna", pwdPolicySubentry=POLICY)
    assert place.made(policy="").rules(anna)
    with place.server.signed_in() as connection:
        connection.delete(dn("anna"))
    assert place.made(policy="").rules(anna) == ()


@pytest.mark.parametrize(
    ("password", "policy", "words"),
    [
        (FIRST, {}, "used before"),
        ("shortish", {}, "too short"),
        ("a very long password indeed", {"pwdMaxLength": "20"}, "policy does not take|too long"),
    ],
)
def test_a_refused_password_comes_with_the_reason(
    place: LdapPlace, password: str, policy: dict[str, str], words: str
) -> None:
    place.change_policy(**policy)
    with pytest.raises(RejectedError, match=words):
        place.directory.set_password(place.ids["anna"], Secret(password))


def test_a_password_that_is_too_young_is_told(place: LdapPlace) -> None:
    place.change_policy(pwdMinAge="86400")
    place.directory.set_password(place.ids["anna"], NEW)
    with pytest.raises(RejectedError, match="a short time ago"):
        place.directory.set_password(place.ids["anna"], Secret("another one of mine"))


def test_sr_47_where_the_policy_refuses_another_password_the_account_is_locked_for_good(place: LdapPlace) -> None:
    place.change_policy(pwdMinAge="86400")
    place.directory.set_password(place.ids["anna"], NEW)
    for _ in range(2):
        assert "locked until an administrator" in place.directory.revoke(place.ids["anna"], password=True)
    assert not place.signs_in(place.ids["anna"], NEW)
    with pytest.raises(RejectedError):
        place.directory.unlock(place.ids["anna"])
    with pytest.raises(RejectedError, match="does not exist"):
        place.directory.revoke("nobody", password=True)


def test_an_account_that_is_not_locked_is_left_alone(place: LdapPlace) -> None:
    before = place.directory.get(place.ids["anna"])
    place.directory.unlock(place.ids["anna"])
    assert place.directory.get(place.ids["anna"]) == before


@contextmanager
def other_server(tmp_path: Path, **how: Any) -> Iterator[LdapPlace]:
    with running_slapd(tmp_path, HOUSEHOLD, **how) as server:
        yield LdapPlace(server)


def test_a_copy_that_takes_no_changes_says_so(tmp_path: Path) -> None:
    copy = "syncrepl rid=1 provider=ldap://127.0.0.1:1 searchbase=dc=example,dc=com bindmethod=simple retry=60,+"
    for number, line in enumerate((copy, f"{copy}\nupdateref ldap://primary.example.com")):
        (tmp_path / str(number)).mkdir()
        with other_server(tmp_path / str(number), readonly=line) as there:
            with pytest.raises(RejectedError, match="takes no changes") as refusal:
                there.directory.set_password(there.ids["anna"], NEW)
            assert "url" in refusal.value.hint


def test_sr_60_an_account_that_is_moved_in_the_tree_is_the_same_one_and_outside_of_it_there_is_none(
    place: LdapPlace,
) -> None:
    anna = place.directory.get(place.ids["anna"])
    assert anna
    with place.server.signed_in() as connection:
        for unit in (f"ou=nets,{PEOPLE}", f"ou=elsewhere,{SUFFIX}"):
            assert connection.add(unit, "organizationalUnit"), connection.result
        assert connection.modify_dn(dn("anna"), "uid=anna", new_superior=f"ou=nets,{PEOPLE}"), connection.result
        moved = place.directory.get(anna.id)
        assert moved
        assert (moved.same_account(anna), moved.stamp) == (True, anna.stamp)
        place.directory.set_password(anna.id, NEW)
        with place.server.signed_in(f"uid=anna,ou=nets,{PEOPLE}", NEW.reveal()) as own:
            assert own.bound
        outside = f"uid=anna,ou=elsewhere,{SUFFIX}"
        gone = f"ou=elsewhere,{SUFFIX}"
        assert connection.modify_dn(f"uid=anna,ou=nets,{PEOPLE}", "uid=anna", new_superior=gone), connection.result
    assert place.directory.get(anna.id) is None
    for change in (
        lambda: place.directory.set_password(anna.id, Secret("another one of mine")),
        lambda: place.directory.unlock(anna.id),
        lambda: place.directory.revoke(anna.id, password=True),
    ):
        with pytest.raises(RejectedError, match=r"not in the directory|does not exist") as refusal:
            change()
        assert refusal.value.hint
    with place.server.signed_in(outside, NEW.reveal()) as own:
        assert own.bound


def test_a_branch_that_another_server_holds_hinders_nobody_else_and_is_told_where_it_is_all_there_is(
    tmp_path: Path,
) -> None:
    branch = f"ou=branch,{PEOPLE}"
    kinds = "objectClass: referral\nobjectClass: extensibleObject"
    referral = f"dn: {branch}\n{kinds}\nou: branch\nref: ldap://127.0.0.1:1/{branch}\n\n"
    with running_slapd(tmp_path, HOUSEHOLD + referral) as server:
        there = LdapPlace(server)
        there.directory.set_password(there.ids["anna"], NEW)
        assert there.signs_in(there.ids["anna"], NEW)
        branched = there.made(people_dn=branch)
        for call in (lambda: branched.get(there.ids["anna"]), lambda: list(branched.everyone())):
            with pytest.raises(UnreachableError, match="does not hold") as trouble:
                call()
            assert "url" in trouble.value.hint
        with pytest.raises(UnreachableError, match="does not hold"):
            branched.set_password(there.ids["anna"], Secret("another one of mine"))
        assert [check.name for check in ill(branched.doctor())] == ["reach"]
        assert there.signs_in(there.ids["anna"], NEW)


def test_rights_that_are_missing_or_too_wide_are_told(tmp_path: Path) -> None:
    for rights in ("none", "manage"):
        (tmp_path / rights).mkdir()
    with other_server(tmp_path / "none", rights="none") as there:
        for change in (there.directory.set_password,):
            with pytest.raises(RejectedError, match="may not change"):
                change(there.ids["anna"], NEW)
        with pytest.raises(RejectedError, match="may not change"):
            there.directory.revoke(there.ids["anna"], password=True)
        assert "may not change" in ill(there.made(test_account="plain").doctor())[0].text
    with other_server(tmp_path / "manage", rights="manage") as there:
        found = ill(there.made(test_account="plain").doctor())
        assert [check.name for check in found] == ["rights"]
        assert "not manage" in found[0].hint


def test_a_directory_that_shows_a_part_only_is_never_taken_for_the_whole(tmp_path: Path) -> None:
    with running_slapd(tmp_path, HOUSEHOLD, limit="5") as server:
        there = LdapPlace(server, whole=False).made()
        with pytest.raises(UnreachableError, match="a part of its entries only") as trouble:
            list(there.everyone())
        assert "size limit" in trouble.value.hint
        assert "a part of" in ill(there.doctor())[0].text


def test_without_the_overlay_doctor_says_that_locks_cannot_be_seen(tmp_path: Path) -> None:
    with running_slapd(tmp_path, person("anna").replace(f"pwdChangedTime: {LONG_AGO}\n", ""), policy=False) as one:
        there = LdapPlace(one)
        assert {check.name for check in ill(there.directory.doctor())} >= {"policy", "groups"}
        before = there.directory.get(there.ids["anna"])
        there.directory.set_password(there.ids["anna"], NEW)
        after = there.directory.get(there.ids["anna"])
        assert before
        assert after
        assert before.stamp != after.stamp


def test_doctor_resets_the_test_account_and_reads_it_back(place: LdapPlace) -> None:
    checks = {c.name: c for c in place.made(test_account="plain").doctor()}
    assert all(c.well for c in checks.values())
    assert checks["test reset"].text == "a new password was set and read back."
    assert "valid until" in checks["reach"].text
    assert not place.signs_in(place.ids["plain"], Secret(FIRST))


@pytest.mark.parametrize(
    ("settings", "name", "words"),
    [
        ({"key": "email"}, "keys", "2 people share their email"),
        ({"people_filter": "(uid=nobody)"}, "people", "0 people"),
        ({"attributes": {"email": "labeledURI"}, "key": "email"}, "keys", "have none"),
        ({"privileged_groups": []}, "groups", "served by link"),
        ({"privileged_groups": ["admin"]}, "groups", "no group “admin”"),
        ({"privileged_groups": [f"cn=admin,{GROUPS}"]}, "groups", "no group"),
        ({"test_account": "nobody"}, "test reset", "no one account"),
        ({"test_account": "gone"}, "test reset", "switched off"),
        ({"people_dn": f"ou=elsewhere,{SUFFIX}"}, "reach", "not in the directory"),
        ({"people_dn": "dc=example,dc=org"}, "reach", "not in the directory"),
    ],
)
def test_doctor_names_what_is_wrong_and_what_to_do(
    place: LdapPlace, settings: dict[str, Any], name: str, words: str
) -> None:
    found = {check.name: check for check in ill(place.made(**settings).doctor())}
    assert words in found[name].text
    assert found[name].hint


@pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
def test_a_certificate_of_another_authority_or_name_is_refused(
    place: LdapPlace, tmp_path: Path, scheme: str
) -> None:
    url, other = getattr(place.server, scheme), papers(tmp_path / "other", "localhost").authority
    for one in (place.made(url=url, ca_file=other), place.made(url=url, ca_file=None)):
        with pytest.raises(UnreachableError, match="certificate") as trouble:
            one.get("x")
        assert "ca_file" in trouble.value.hint
    with pytest.raises(UnreachableError, match=r"certificate .*mismatch"):
        place.made(url=url.replace("localhost", "127.0.0.1")).get("x")
    assert place.made(url=url, strict_ca=False).get("x") is None


def test_a_certificate_that_ends_soon_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.servers.slapd.papers", lambda folder, *names: papers(folder, *names, days=3))
    with other_server(tmp_path) as there:
        assert [check.name for check in ill(there.directory.doctor())] == ["reach"]


def test_a_server_without_tls_is_sent_nothing(tmp_path: Path) -> None:
    heard: list[bytes] = []
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        port = listening.getsockname()[1]

        def answer() -> None:
            taken, _ = listening.accept()
            with closing(taken):
                heard.append(taken.recv(1000))

        thread = threading.Thread(target=answer)
        thread.start()
        there = settings_only(url=f"ldap://127.0.0.1:{port}")
        with pytest.raises(UnreachableError, match="cannot be reached over TLS"):
            there.get("x")
        thread.join(timeout=10)
    assert SERVICE_PASSWORD.encode() not in b"".join(heard)


def test_a_server_that_does_not_answer_is_given_up_in_time() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        there = settings_only(url=f"ldaps://127.0.0.1:{listening.getsockname()[1]}", timeout=1)
        with pytest.raises(UnreachableError, match="cannot be reached"):
            there.find(asked("a@example.com"))


def test_credentials_that_expired_or_must_be_changed_are_told(place: LdapPlace) -> None:
    place.change_policy(pwdMustChange="TRUE")
    with place.server.signed_in() as connection:
        assert connection.modify(SERVICE, {"pwdReset": [(ldap3.MODIFY_REPLACE, ["TRUE"])]})
    with pytest.raises(UnreachableError, match=r"credentials: the password must be changed"):
        place.directory.get(place.ids["anna"])


def test_a_credential_that_has_expired_is_told(place: LdapPlace) -> None:
    place.change_policy(pwdMaxAge="60")
    with place.server.signed_in() as connection:
        aged = {"pwdChangedTime": [(ldap3.MODIFY_REPLACE, [LONG_AGO])]}
        relaxed = [("1.3.6.1.4.1.4203.666.5.12", True, None)]
        assert connection.modify(SERVICE, aged, controls=relaxed), connection.result
    with pytest.raises(UnreachableError, match="does not take Deskward's credentials") as trouble:
        place.directory.set_password(place.ids["anna"], NEW)
    assert "not expired" in trouble.value.hint
    assert [check.name for check in ill(place.directory.doctor())] == ["reach"]
    assert not place.signs_in(place.ids["anna"], NEW)


def test_a_connection_that_breaks_while_it_writes_is_uncertain_and_while_it_reads_unreachable(
    place: LdapPlace,
) -> None:
    with place.directory._line.opened() as talk:
        talk._connection.strategy.close()
        with pytest.raises(UncertainError):
            talk.modify(dn("anna"), {"title": [(ldap3.MODIFY_REPLACE, ["x"])]})
        with pytest.raises(UnreachableError):
            talk.entry(dn("anna"), ["cn"])


def settings_only(**settings: Any) -> Directory:
    kept: dict[str, Any] = {"url": "ldaps://x", "people_dn": SUFFIX, "bind_dn": SERVICE, "password": Secret("x")}
    return Directory(**(kept | {"privileged_groups": [], "key": "email"} | settings))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"key": "name"}, r"directories\.ldap\.key"),
        ({"url": "https://x"}, r"ldap\.url"),
        ({"url": "ldaps://"}, r"ldap\.url"),
        ({"url": "ldap://x/dc=example"}, r"ldap\.url"),
        ({"bind_dn": ""}, "no bind_dn"),
        ({"password": Secret("")}, "no password"),
        ({"timeout": 0}, "timeout"),
        ({"people_filter": "uid=("}, r"ldap\.people_filter"),
        ({"attributes": {"mobile": "x"}}, "attributes names “mobile”"),
        ({"ca_file": Path("/nowhere.pem")}, "ca_file"),
    ],
)
def test_settings_that_cannot_be_are_told(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words) as problem:
        settings_only(**settings)
    assert problem.value.hint


@pytest.mark.parametrize(
    ("code", "words", "error"),
    [
        (32, "", RejectedError),
        (51, "", UnreachableError),
        (52, "", UnreachableError),
        (53, "shadow context; no update referral", RejectedError),
        (53, "other", RejectedError),
        (80, "", RejectedError),
    ],
)
def test_every_no_to_a_change_has_words_and_a_hint(code: int, words: str, error: type[Exception]) -> None:
    told = refused(FailedError({"result": code, "description": "name of the code", "message": words}))
    assert type(told) is error
    assert told.hint


@pytest.mark.parametrize("code", [10, 1, 50, 32])
def test_every_no_to_a_reading_is_unreachable_with_a_hint(code: int) -> None:
    told = unread(FailedError({"result": code, "description": "x", "message": ""}), "dc=example")
    assert isinstance(told, UnreachableError)
    assert told.hint


def test_a_server_that_is_busy_at_the_sign_in_is_no_wrong_credential() -> None:
    told = credential_trouble(FailedError({"result": 51, "description": "busy", "message": ""}))
    assert "credential" not in told.text
    assert told.hint


def test_a_reason_without_the_control_is_told_in_general_words() -> None:
    told = reason(FailedError({"result": 19, "description": "constraintViolation", "message": ""}))
    assert "too short, too simple or used before" in told.text


def test_a_host_that_does_not_exist_is_unreachable() -> None:
    with pytest.raises(UnreachableError, match="cannot be reached"):
        settings_only(url="ldaps://no.such.host.invalid").get("x")


def test_many_can_ask_at_once(place: LdapPlace) -> None:
    found: list[Any] = []
    with ExitStack() as stack:
        for _ in range(8):
            thread = threading.Thread(target=lambda: found.append(place.directory.get(place.ids["anna"])))
            thread.start()
            stack.callback(thread.join, timeout=30)
    assert len(found) == 8
    assert all(one == found[0] for one in found)
