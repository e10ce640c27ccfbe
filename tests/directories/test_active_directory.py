import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from ldap3 import MODIFY_REPLACE

from deskward.core.destinations import Kind
from deskward.core.errors import RejectedError, SettingsError, UnreachableError
from deskward.core.people import Person
from deskward.core.resets import Reset, ResetKind
from deskward.core.secret import Secret
from deskward.directories import _active_directory_log
from deskward.directories._active_directory_groups import makes_privileged, sid_of
from deskward.directories._active_directory_words import EPOCH, is_locked, password_sets, reason, stamp_of
from deskward.directories._ldap_errors import FailedError
from deskward.directories._ldap_line import Entry
from deskward.directories.active_directory import Directory
from tests.contracts.directories import NEW, NEXT, PHONE, AccessContract, SearchableContract, ServerContract, ill
from tests.servers.certificates import papers
from tests.servers.samba import (
    ADMINISTRATOR,
    ADMINISTRATOR_PASSWORD,
    DOMAIN,
    PEOPLE,
    SERVICE,
    SERVICE_PASSWORD,
    Samba,
    shared_samba,
)

FIRST = "My very First password 1"
ENDED, NORMAL, DISABLED = "132000000000000000", "512", "514"


@dataclass
class DomainPlace:
    """An organisational unit of one test, with people whose logins and addresses nobody else has."""

    server: Samba
    mark: str = field(default_factory=lambda: uuid4().hex[:8])
    page_size: int = 2

    def __post_init__(self) -> None:
        self.open = ExitStack()
        self.administrator = self.open.enter_context(self.server.signed_in())
        self.credential, self.refused = Secret(SERVICE_PASSWORD), Secret("Short 1")
        self.unit = f"OU={self.mark},{PEOPLE}"
        self.made_here: list[str] = []
        self.add(self.unit, "organizationalUnit")
        self.user("boss")
        self.user(
            "anna",
            mobile="0151 12345678",
            pager="Anna@Private.example",
            manager=self.dn("boss"),
            department="Nets",
            title="Fitter",
            givenName="Anna",
            physicalDeliveryOfficeName="Quay",
        )
        self.user("gone", userAccountControl=DISABLED)
        self.user("twin", mail=f"both.{self.mark}@example.com", department="Nets")
        self.user("double", mail=f"both.{self.mark}@example.com")
        self.group("ops", "boss", "anna")
        self.group("root", f"boss{self.mark}")
        self.group("chiefs", "boss")
        self.join(f"CN=Domain Admins,CN=Users,{DOMAIN}", self.dn("chiefs"))
        self.directory = self.made()
        self.ids = {p.login.removesuffix(self.mark): p.id for p in self.directory.everyone()}

    def dn(self, name: str) -> str:
        return f"CN={name},{self.unit}"

    def add(self, dn: str, kind: str, **values: Any) -> None:
        assert self.administrator.add(dn, kind, values), self.administrator.result
        self.made_here.insert(0, dn)

    def user(self, name: str, **values: Any) -> None:
        usual = {"mail": f"{name}.{self.mark}@example.com", "userAccountControl": NORMAL}
        password = {"unicodePwd": f'"{FIRST}"'.encode("utf-16-le")}
        self.add(self.dn(name), "user", sAMAccountName=f"{name}{self.mark}", **(password | usual | values))

    def group(self, name: str, *members: str) -> None:
        there = [self.dn(member) for member in members if self.dn(member) in self.made_here]
        self.add(
            self.dn(name), "group", sAMAccountName=f"{name} {self.mark}", **({"member": there} if there else {})
        )

    def join(self, group: str, member: str) -> None:
        changes = {"member": [("MODIFY_ADD", [member])]}
        assert self.administrator.modify(group, changes), self.administrator.result

    def change(self, name: str, **values: str) -> None:
        self.server.set_up(self.dn(name), **values)

    def read(self, name: str) -> Person:
        found = self.directory.get(self.ids[name])
        assert found
        return found

    def made(self, **settings: Any) -> Directory:
        kept: dict[str, Any] = {
            "url": self.server.url,
            "domain_dn": DOMAIN,
            "people_dn": self.unit,
            "bind_dn": SERVICE,
            "password": self.credential,
            "ca_file": self.server.papers.authority,
            "privileged_groups": [],
            "attributes": {"private_email": "pager"},
            "page_size": self.page_size,
            "key": "login",
            "region": "de",
        }
        return Directory(**(kept | settings))

    def keyed(self, key: str) -> Directory:
        return self.made(key=key)

    def name(self, person_id: str) -> str:
        return next(name for name, one in self.ids.items() if one == person_id)

    def signs_in(self, person_id: str, password: Secret) -> bool:
        with self.server.signed_in(self.dn(self.name(person_id)), password.reveal()) as connection:
            return bool(connection.bound)

    def enters(self, person_id: str, given: Secret, chosen: Secret) -> bool:
        with self.server.signed_in(self.dn(self.name(person_id)), given.reveal()) as connection:
            if connection.bound or "data 773" not in connection.result["message"]:
                return bool(connection.bound)
        with self.server.signed_in() as connection:  # as the change at the sign-in does it
            quoted = f'"{chosen.reveal()}"'.encode("utf-16-le")
            return bool(
                connection.modify(self.dn(self.name(person_id)), {"unicodePwd": [(MODIFY_REPLACE, [quoted])]})
            )

    def lock(self, person_id: str) -> None:
        for _ in range(3):
            assert not self.signs_in(person_id, Secret("a wrong password"))

    def retitle(self, person_id: str) -> None:
        self.change(self.name(person_id), title="Rigger")

    def away(self) -> Directory:
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            return self.made(url=f"ldaps://localhost:{free.getsockname()[1]}")

    def mistaken(self) -> Directory:
        # Of another account, so that the wrong password locks nobody out whom another test needs.
        return self.made(bind_dn=self.dn("twin"), password=Secret("another secret of ours"))

    def clear(self) -> None:
        for dn in self.made_here:
            self.administrator.delete(dn)
        self.open.close()


@pytest.fixture
def place() -> Iterator[DomainPlace]:
    made = DomainPlace(shared_samba())
    yield made
    made.clear()


class TestActiveDirectoryKeepsTheContract(ServerContract, AccessContract, SearchableContract):
    """With an account that may do what docs/directories.md delegates, and no more."""


def test_a_person_is_read_with_addresses_manager_and_groups(place: DomainPlace) -> None:
    anna = place.read("anna")
    assert (anna.name, anna.called, anna.manager) == ("anna", "Anna", f"boss{place.mark}")
    assert (anna.team, anna.title, anna.office) == ("Nets", "Fitter", "Quay")
    assert anna.groups == ("Domain Users", "Users", "ops")
    assert [(d.kind, d.value, d.label, d.source) for d in anna.destinations] == [
        (Kind.EMAIL, f"anna.{place.mark}@example.com", "work e-mail", "Active Directory"),
        (Kind.EMAIL, "anna@private.example", "private e-mail", "Active Directory"),
        (Kind.SMS, PHONE, "mobile phone", "Active Directory"),
    ]


def test_sr_63_administrators_are_known_through_groups_primary_group_and_protection(place: DomainPlace) -> None:
    place.join(f"CN=Domain Admins,CN=Users,{DOMAIN}", place.dn("double"))
    place.change("double", primaryGroupID="512")
    place.change("twin", adminCount="1")
    expected = {f"{name}{place.mark}" for name in ("boss", "double", "twin")}
    assert {p.login for p in place.directory.everyone() if p.privileged} == expected
    assert all(place.read(name).privileged for name in ("boss", "double", "twin"))
    assert not place.read("anna").privileged
    own = place.made(people_dn=f"CN=Users,{DOMAIN}")
    assert {"Administrator", "krbtgt"} <= {p.login for p in own.everyone() if p.privileged}
    assert "Guest" not in {p.login for p in own.everyone() if p.privileged}


def test_sr_63_further_groups_are_named_by_name_or_dn(place: DomainPlace) -> None:
    for named in ("OPS", place.dn("ops").upper()):
        anna = place.made(privileged_groups=[named]).get(place.ids["anna"])
        assert anna
        assert anna.privileged


def test_sr_63_an_administrator_is_out_of_reach_of_the_delegated_account(place: DomainPlace) -> None:
    whole = place.made(people_dn=DOMAIN)
    [administrator] = [p for p in whole.everyone() if p.login == "Administrator"]
    with pytest.raises(RejectedError, match="may not change"):
        whole.set_password(administrator.id, NEW)
    with pytest.raises(RejectedError, match="may not change"):
        whole.unlock(administrator.id)


def test_an_account_that_ended_is_disabled(place: DomainPlace) -> None:
    place.change("anna", accountExpires=ENDED)
    assert not place.read("anna").enabled
    place.change("anna", accountExpires="9223372036854775807")
    assert place.read("anna").enabled


def test_colleagues_are_the_manager_the_department_the_reports_and_the_groups(place: DomainPlace) -> None:
    logins = [p.login.removesuffix(place.mark) for p in place.made(page_size=50).colleagues(place.read("anna"))]
    assert logins == ["boss", "twin"]
    assert [p.id for p in place.directory.colleagues(place.read("boss"))] == [place.ids["anna"]]
    alone = place.made(page_size=1).colleagues(place.read("anna"))
    assert alone[0].login == f"boss{place.mark}"
    person = place.read("double")
    place.administrator.delete(place.dn("double"))
    assert not place.directory.colleagues(person)
    assert place.directory.rules(person) == ()


def test_the_stamp_moves_with_every_reset_even_where_the_next_logon_asks_for_another(place: DomainPlace) -> None:
    strict = place.made(change_at_next_logon=True)
    stamps = [place.read("anna").stamp]
    for password in (NEW, NEXT):
        strict.set_password(place.ids["anna"], password)
        stamps.append(place.read("anna").stamp)
    assert len(set(stamps)) == 3
    with place.server.signed_in(place.dn("anna"), NEXT.reveal()) as connection:
        assert "data 773" in connection.result["message"]


def test_sr_58_a_lock_out_is_lifted_in_the_same_step_as_the_password_is_set_or_stays_with_the_one_before(
    place: DomainPlace,
) -> None:
    anna = place.ids["anna"]
    place.lock(anna)
    locked = place.read("anna")
    with pytest.raises(RejectedError):
        place.directory.set_password(anna, place.refused)
    assert place.read("anna") == locked
    place.directory.set_password(anna, NEW)
    after = place.read("anna")
    assert (locked.locked, after.locked) == (True, False)
    assert place.signs_in(anna, NEW)


def test_the_rules_of_the_domain_are_told_and_stand_in_a_refusal(place: DomainPlace) -> None:
    rules = place.directory.rules(place.read("anna"))
    assert rules[0] == "At least 10 characters."
    assert rules[1].startswith("Three kinds of: capital letters")
    assert rules[2] == "None of your last 3 passwords."
    for refused in ("Short 1", "all small letters only"):
        with pytest.raises(RejectedError, match=r"does not take this password\. At least 10 characters"):
            place.directory.set_password(place.ids["anna"], Secret(refused))


def test_the_rules_of_a_fine_grained_policy_are_told_where_they_can_be_read(place: DomainPlace) -> None:
    values = {
        "msDS-PasswordSettingsPrecedence": "1",
        "msDS-PasswordReversibleEncryptionEnabled": "FALSE",
        "msDS-PasswordHistoryLength": "1",
        "msDS-PasswordComplexityEnabled": "FALSE",
        "msDS-MinimumPasswordLength": "20",
        "msDS-MinimumPasswordAge": "0",
        "msDS-MaximumPasswordAge": "-9223372036854775808",
        "msDS-LockoutThreshold": "0",
        "msDS-LockoutObservationWindow": "-18000000000",
        "msDS-LockoutDuration": "-18000000000",
        "msDS-PSOAppliesTo": place.dn("ops"),
    }
    policy = f"CN={place.mark},CN=Password Settings Container,CN=System,{DOMAIN}"
    place.add(policy, "msDS-PasswordSettings", **values)
    anna = place.read("anna")
    told = ("At least 20 characters.", "Not the one you have now.")
    unread = ("A password policy of its own holds for your account.",)
    assert place.directory.rules(anna) in (told, unread)
    reading = place.made(bind_dn=ADMINISTRATOR, password=Secret(ADMINISTRATOR_PASSWORD))
    assert reading.rules(anna) == told
    with pytest.raises(RejectedError, match="does not take this password"):
        place.directory.set_password(anna.id, Secret("Short of twenty 1"))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"userAccountControl": DISABLED}, "the account is disabled"),
        ({"accountExpires": ENDED}, "the account has expired"),
        ({"pwdLastSet": "0"}, "its password must be changed first"),
    ],
)
def test_why_the_credential_is_not_taken_is_told(place: DomainPlace, values: dict[str, str], words: str) -> None:
    place.change("double", **values)
    there = place.made(bind_dn=place.dn("double"), password=Secret(FIRST))
    with pytest.raises(UnreachableError, match=f"credentials: {words}"):
        there.get(place.ids["anna"])


def test_a_credential_that_is_locked_out_is_told(place: DomainPlace) -> None:
    place.lock(place.ids["double"])
    with pytest.raises(UnreachableError, match="credentials: the account is locked out"):
        place.made(bind_dn=place.dn("double"), password=Secret(FIRST)).get(place.ids["anna"])


def test_sr_60_an_account_that_is_moved_in_the_tree_is_the_same_one_and_outside_of_it_there_is_none(
    place: DomainPlace,
) -> None:
    anna, inner, unit = place.read("anna"), f"OU=nets,{place.unit}", f"OU={place.mark} elsewhere,{PEOPLE}"
    place.add(inner, "organizationalUnit")
    place.add(unit, "organizationalUnit")
    moves = ((place.dn("anna"), inner), (f"CN=anna,{inner}", unit))
    assert place.administrator.modify_dn(moves[0][0], "CN=anna", new_superior=moves[0][1])
    place.made_here.insert(0, f"CN=anna,{inner}")
    assert place.directory.get(anna.id) == anna
    place.directory.set_password(anna.id, NEW)
    with place.server.signed_in(f"CN=anna,{inner}", NEW.reveal()) as own:
        assert own.bound
    assert place.administrator.modify_dn(moves[1][0], "CN=anna", new_superior=moves[1][1])
    place.made_here.insert(0, f"CN=anna,{unit}")
    assert place.directory.get(anna.id) is None
    with pytest.raises(RejectedError):
        place.directory.set_password(anna.id, NEXT)
    with place.server.signed_in(f"CN=anna,{unit}", NEW.reveal()) as own:
        assert own.bound


def test_a_certificate_of_another_authority_is_refused_and_nothing_is_changed(
    place: DomainPlace, tmp_path: Path
) -> None:
    other = place.made(ca_file=papers(tmp_path / "other", "localhost").authority)
    with pytest.raises(UnreachableError, match="certificate") as trouble:
        other.set_password(place.ids["anna"], NEW)
    assert "ca_file" in trouble.value.hint
    assert [check.name for check in ill(other.doctor())] == ["reach"]
    assert not place.signs_in(place.ids["anna"], NEW)


def test_people_whom_another_domain_holds_are_told_as_such(place: DomainPlace) -> None:
    elsewhere = place.made(people_dn="OU=people,DC=other,DC=test")
    with pytest.raises(UnreachableError) as trouble:
        elsewhere.get(place.ids["anna"])
    assert "OU=people,DC=other,DC=test" in trouble.value.text
    assert trouble.value.hint


def test_an_account_without_rights_changes_nothing_and_doctor_says_so(place: DomainPlace) -> None:
    plain = place.made(bind_dn=place.dn("twin"), password=Secret(FIRST), test_account=f"double{place.mark}")
    for change in (
        lambda: plain.set_password(place.ids["anna"], NEW),
        lambda: plain.revoke(place.ids["anna"], password=True),
    ):
        with pytest.raises(RejectedError, match="may not change"):
            change()
    assert "may not change" in {check.name: check for check in ill(plain.doctor())}["test reset"].text


def test_doctor_resets_the_test_account_and_warns_of_an_administrator(place: DomainPlace) -> None:
    login = f"double{place.mark}"
    checks = {c.name: c for c in place.made(test_account=login).doctor()}
    assert all(c.well for c in checks.values())
    assert checks["test reset"].text == "a new password was set and read back."
    over = place.made(bind_dn=ADMINISTRATOR, password=Secret(ADMINISTRATOR_PASSWORD))
    assert [check.name for check in ill(over.doctor())] == ["own rights"]
    unknown = place.made(bind_dn="EXAMPLE\\deskward")
    assert ill(unknown.doctor())[0].text == "not known: bind_dn is no DN and no UPN."


@pytest.mark.parametrize(
    ("settings", "name", "words"),
    [
        ({"key": "email"}, "keys", "2 people share their email"),
        ({"privileged_groups": ["no such group"]}, "groups", "no group “no such group”"),
        ({"privileged_groups": [f"CN=none,{DOMAIN}"]}, "groups", "no group"),
        ({"people_dn": f"OU=none,{DOMAIN}"}, "reach", "not in the directory"),
    ],
)
def test_doctor_names_what_is_wrong(place: DomainPlace, settings: dict[str, Any], name: str, words: str) -> None:
    found = {check.name: check for check in ill(place.made(**settings).doctor())}
    assert words in found[name].text
    assert found[name].hint
    assert not ill(place.made(privileged_groups=["Domain Admins"]).doctor())


def test_settings_that_cannot_be_are_told() -> None:
    with pytest.raises(SettingsError, match=r"active_directory\.key"):
        Directory(
            url="ldaps://x", domain_dn=DOMAIN, bind_dn="x", password=Secret("x"), privileged_groups=[], key="name"
        )


def test_what_cannot_be_read_is_told_by_what_can() -> None:
    entry = Entry("CN=x", {"lockouttime": (b"5",), "pwdlastset": (b"7",), "useraccountcontrol": (b"512",)})
    assert is_locked(entry)
    assert stamp_of(entry) == "7.5.1"
    assert password_sets(b"short") == 0
    assert sid_of(Entry("CN=x", {"objectsid": (b"\x01\x05short",)})) == sid_of(Entry("CN=x", {})) == ""
    assert makes_privileged("S-1-5-32-544")
    assert makes_privileged("S-1-5-21-1-2-3-512")
    assert not makes_privileged("S-1-5-32-545")
    assert not makes_privileged("")


def test_a_refusal_for_another_reason_is_not_blamed_on_the_password() -> None:
    told = reason(FailedError({"result": 50, "description": "insufficientAccessRights", "message": ""}), "x")
    assert "may not change" in told.text


def marked(place: DomainPlace, name: str, number: int = 1) -> None:
    """Reset a password as an administrator does, so that another one has to be chosen."""
    password = f'"Rogue administrator {number}"'.encode("utf-16-le")
    changes = {"unicodePwd": [("MODIFY_REPLACE", [password])], "pwdLastSet": [("MODIFY_REPLACE", ["0"])]}
    assert place.administrator.modify(place.dn(name), changes), place.administrator.result


def aged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take accounts as old enough for resets, though each test makes its own."""
    monkeypatch.setattr(_active_directory_log, "NEW", timedelta(seconds=-1))


def logged(directory: Directory, since: datetime | None = None) -> list[Reset]:
    now = datetime.now(UTC)
    return list(directory.resets(since or now - timedelta(minutes=5), now + timedelta(minutes=5)))


def test_sr_68_a_reset_after_which_another_password_has_to_be_chosen_is_told(
    place: DomainPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    aged(monkeypatch)
    for name in ("anna", "twin", "double"):
        marked(place, name)
    told = {one.login: one for one in logged(place.directory)}
    assert set(told) == {f"{name}{place.mark}" for name in ("anna", "twin", "double")}
    one = told[f"anna{place.mark}"]
    assert (one.subject_id, one.kind, one.own, one.by) == (place.ids["anna"], ResetKind.PASSWORD, False, "")
    assert abs(one.at - datetime.now(UTC)) < timedelta(minutes=2)
    assert not logged(place.directory, datetime.now(UTC) + timedelta(minutes=4))


def test_a_reset_has_the_same_id_whenever_it_is_read_and_each_its_own(
    place: DomainPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    aged(monkeypatch)
    marked(place, "anna")
    first = logged(place.directory)
    assert logged(place.directory) == first
    marked(place, "anna", 2)
    assert [one.id for one in logged(place.directory)] != [one.id for one in first]


def test_what_an_owner_chose_what_is_new_and_the_test_account_are_no_resets(
    place: DomainPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked(place, "anna")
    assert logged(place.directory) == []
    aged(monkeypatch)
    place.directory.set_password(place.ids["twin"], NEW)
    assert [one.login for one in logged(place.directory)] == [f"anna{place.mark}"]
    assert logged(place.made(test_account=f"ANNA{place.mark}")) == []


def test_a_mark_that_is_set_long_after_the_password_is_no_reset() -> None:
    def at(minute: int) -> int:
        return int((datetime(2026, 5, 4, 9, minute, tzinfo=UTC) - EPOCH).total_seconds())

    def entry(minute: int) -> Entry:
        records = ((0x9005A, at(0)), (0x90060, at(minute)))
        raw = b"\0" * 16 + b"".join(struct.pack("<IIQ", number, 3, when) + b"\0" * 32 for number, when in records)
        return Entry("cn=a", {"replpropertymetadata": [raw], "whencreated": [b"20260101000000.0Z"]})

    assert list(_active_directory_log._password_set(entry(0))) == [(datetime(2026, 5, 4, 9, tzinfo=UTC), 3)]
    assert list(_active_directory_log._password_set(entry(2))) == []


def test_metadata_that_cannot_be_read_tell_of_no_reset() -> None:
    entry = Entry("cn=a", {"replpropertymetadata": [b"short"], "whencreated": [b"20260504093000.0Z"]})
    assert list(_active_directory_log._password_set(entry)) == []
    assert list(_active_directory_log._password_set(Entry("cn=a", {}))) == []
