"""The directory `keycloak` over the contract and against a small Keycloak with faults."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from deskward.actions.reset_password import Action
from deskward.core import ports
from deskward.core.errors import OutsideError, RejectedError, SettingsError, UncertainError, UnreachableError
from deskward.core.secret import Secret
from deskward.directories import keycloak
from deskward.directories.keycloak import Directory
from tests.contracts.directories import (
    NEW,
    NEXT,
    PHONE,
    AccessContract,
    FactorContract,
    SearchableContract,
    ServerContract,
    asked,
    ill,
    read,
)
from tests.servers.faults import Fault, Faulty
from tests.servers.keycloak import ACCOUNT, ADMIN_CLIENT, OTHER_CLIENT, Keycloak
from tests.servers.tokens import CLIENT, HANGS_UP, SECRET, SILENT, Reply, Source, serving, told

ATTRIBUTES = {
    "phone": "mobile",
    "private_email": "privateEmail",
    "manager": "manager",
    "team": "department",
    "title": "jobTitle",
}
AWAY = "http://127.0.0.1:9"


@dataclass
class KeycloakPlace:
    """A realm with the people of the contract, and the directory that reads it."""

    source: Source
    faulty: Faulty
    realm: Keycloak
    page_size: int = 4

    def __post_init__(self) -> None:
        self.credential, self.refused = Secret(SECRET), Secret("Aa1!xyz")
        boss = self.realm.add("boss", "boss@example.com", first="Bo", last="Example", admin_roles=["view-users"])
        anna = {"mobile": PHONE, "privateEmail": "anna@private.example", "manager": boss, "jobTitle": "Rigger"}
        self.ids: Mapping[str, str] = {
            "boss": boss,
            "anna": self.realm.add("anna", "anna@example.com", first="Anna", last="Example", attributes=anna),
            "gone": self.realm.add("gone", "gone@example.com", enabled=False),
            "twin": self.realm.add("twin", "both@example.com"),
            "double": self.realm.add("double", "both@example.com"),
        }
        self.realm.add(ACCOUNT, admin_roles=["view-users", "manage-users", "query-users", "query-groups"])
        self.directory: ports.Directory = self.made()
        self.directory.set_password(self.ids["anna"], Secret("My very first password 1"))

    def made(self, **settings: Any) -> Directory:
        given: dict[str, Any] = {
            "base_url": self.source.url,
            "realm": "staff",
            "client_id": CLIENT,
            "client_secret": self.credential,
            "admin_client": ADMIN_CLIENT,
            "key": "login",
            "attributes": ATTRIBUTES,
        }
        return Directory(**(given | settings))

    def keyed(self, key: str) -> Directory:
        return self.made(key=key)

    def signs_in(self, person_id: str, password: Secret) -> bool:
        return self.realm.signs_in(person_id, password.reveal())

    def enters(self, person_id: str, given: Secret, chosen: Secret) -> bool:
        return self.realm.enters(person_id, given.reveal(), chosen.reveal())

    def register(self, person_id: str) -> None:
        kinds = ("otp", "webauthn")
        self.realm.people[person_id].credentials += [{"id": f"c-{k}", "type": k, "createdDate": 1} for k in kinds]

    def lock(self, person_id: str) -> None:
        for _ in range(3):
            self.realm.signs_in(person_id, "not the password")

    def retitle(self, person_id: str) -> None:
        self.realm.people[person_id].row["attributes"]["jobTitle"] = ["Boatswain"]

    def away(self) -> Directory:
        return self.made(base_url=AWAY)

    def mistaken(self) -> Directory:
        return self.made(client_secret=Secret("guess-4711"))

    def fault(self, method: str, part: str, reply: Reply, *, done: bool = False, times: int = 1) -> None:
        self.faulty.faults.append(Fault(method, part, reply, done, times))

    @property
    def anna(self) -> str:
        return self.ids["anna"]


@contextmanager
def living() -> Iterator[KeycloakPlace]:
    realm = Keycloak()
    faulty = Faulty(realm)
    with serving(Source(faulty, token_path="/realms/staff/protocol/openid-connect/token")) as source:
        yield KeycloakPlace(source, faulty, realm)


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[KeycloakPlace]:
    monkeypatch.setattr(keycloak, "PAGE", KeycloakPlace.page_size)
    with living() as found:
        yield found


class TestKeycloakKeepsTheContract(ServerContract, AccessContract, FactorContract, SearchableContract):
    pass


def test_sr_55_a_temporary_password_under_a_policy_that_refuses_it_is_told(place: KeycloakPlace) -> None:
    behind = place.realm.add("behind", federationLink="ldap-1")
    with pytest.raises(RejectedError, match="behind Keycloak"):
        place.made().give_access(behind, 60)
    place.fault("PUT", "reset-password", told({"error_description": "Invalid password: minimum length 40."}, 400))
    with pytest.raises(RejectedError, match="minimum length 40"):
        place.made().give_access(place.anna, 60)


def test_a_person_is_read_with_attributes_groups_and_factors(place: KeycloakPlace) -> None:
    account = place.realm.people[place.anna]
    account.groups = ["/crew/deck"]
    anna = read(place, "anna")
    assert (anna.login, anna.name, anna.first_name) == ("anna", "Anna Example", "Anna")
    assert (anna.manager, anna.title, anna.groups, anna.aal) == (place.ids["boss"], "Rigger", ("deck",), 1)
    assert [(d.value, d.label) for d in anna.destinations] == [
        ("anna@example.com", "work e-mail"),
        ("anna@private.example", "private e-mail"),
        (PHONE, "mobile phone"),
    ]
    assert not any(d.declared for d in anna.destinations)
    account.credentials.append({"id": "c-1", "type": "otp", "createdDate": 1})
    assert read(place, "anna").aal == 2


def test_an_account_with_hardly_anything_on_it_is_read(place: KeycloakPlace) -> None:
    bare = place.realm.add("bare", first="")
    for absent in ("email", "firstName", "lastName"):
        del place.realm.people[bare].row[absent]
    found = place.made(attributes=None, authoritative=True).get(bare)
    assert found
    assert (found.name, found.email, found.destinations, found.stamp) == ("bare", "", (), "none.10")


@pytest.mark.parametrize(
    ("roles", "realm_roles", "groups", "privileged"),
    [
        ([], [], [], False),
        ([], ["staff"], ["/crew"], False),
        (["query-users"], [], [], True),
        ([], ["admin"], [], True),
        ([], ["Payroll"], [], True),
        ([], [], ["/it/admins"], True),
        ([], [], ["/it/admins/night"], True),
        ([], [], ["/crew/Captains"], True),
        ([], [], ["/crew/captains/mates"], True),
        ([], [], ["/it/administration"], False),
    ],
)
def test_sr_63_roles_and_groups_above_make_privileged(
    place: KeycloakPlace, roles: list[str], realm_roles: list[str], groups: list[str], privileged: bool
) -> None:
    account = place.realm.people[place.anna]
    account.admin_roles, account.realm_roles, account.groups = roles, realm_roles, groups
    directory = place.made(privileged_roles=["Payroll"], privileged_groups=["/it/admins", "captains"])
    anna = directory.get(place.anna)
    assert anna
    assert anna.privileged is privileged


def test_sr_63_without_the_client_of_the_administrators_nobody_is_read(place: KeycloakPlace) -> None:
    directory = place.made(admin_client="4711")
    with pytest.raises(RejectedError, match="nobody can tell who is privileged"):
        directory.get(place.anna)
    assert "admin_client" in ill(directory.doctor())[0].text


def test_who_may_know_a_person_are_manager_team_and_small_groups(
    place: KeycloakPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.realm.people[place.anna].row["attributes"] |= {"department": ["Nets"], "manager": ["Bo Example"]}
    place.realm.people[place.anna].groups = ["/crew", "/all"]
    near = [
        place.realm.add("team", first="Tea", attributes={"department": "Nets"}),
        place.realm.add("crew", first="Cre", groups=["/crew"]),
    ]
    for n in range(4):
        place.realm.add(f"far{n}", groups=["/all"])
    monkeypatch.setattr(keycloak, "MOST_IN_CROWD", 3)
    colleagues = place.directory.colleagues(read(place, "anna"))
    assert [p.id for p in colleagues] == [place.ids["boss"], *near]


def test_nobody_is_a_colleague_of_somebody_of_whom_nothing_is_told(place: KeycloakPlace) -> None:
    twin = read(place, "twin")
    assert not place.directory.colleagues(twin)


def test_everyone_waits_where_it_is_throttled(place: KeycloakPlace) -> None:
    place.fault("GET", "/staff/users", told({}, 429, Retry_After="1"))
    assert place.anna in {p.id for p in place.directory.everyone()}


def test_everyone_is_given_up_where_it_would_wait_long(place: KeycloakPlace) -> None:
    place.fault("GET", "/staff/users", told({}, 429, Retry_After="3000"))
    with pytest.raises(UnreachableError) as trouble:
        list(place.directory.everyone())
    assert trouble.value.retry_after == 3000


def test_a_throttled_call_says_when_to_try_again_by_seconds_and_by_date(place: KeycloakPlace) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    for wait, least in (("7", 7), (later, 60)):
        place.fault("PUT", "reset-password", told({}, 429, Retry_After=wait))
        with pytest.raises(UnreachableError) as trouble:
            place.directory.set_password(place.anna, NEW)
        assert least <= trouble.value.retry_after <= 90
    place.fault("PUT", "reset-password", told({}, 429))
    with pytest.raises(UnreachableError, match="too much to do"):
        place.directory.set_password(place.anna, NEW)
    assert not place.signs_in(place.anna, NEW)


def test_a_token_that_ends_in_the_middle_is_renewed_once(place: KeycloakPlace) -> None:
    before = place.source.issued
    place.source.expire()
    place.directory.set_password(place.anna, NEW)
    assert place.signs_in(place.anna, NEW)
    assert place.source.issued == before + 1


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("reply", [HANGS_UP, SILENT, told({"errorMessage": "Broken"}, 500), told({}, 504)])
def test_sr_58_a_write_without_a_clear_end_is_uncertain_and_the_stamp_decides(
    place: KeycloakPlace, reply: Reply, done: bool
) -> None:
    before = read(place, "anna")
    place.fault("PUT", "reset-password", reply, done=done)
    directory = place.made(timeout=0.5)
    with pytest.raises(UncertainError):
        directory.set_password(place.anna, NEW)
    assert (read(place, "anna").stamp != before.stamp) is done


@pytest.mark.parametrize("reply", [HANGS_UP, told({}, 502), Reply(200, b"<html>"), told("x"), told([1])])
@pytest.mark.parametrize("part", ["credentials", "brute-force", "/groups", "/realm/composite"])
def test_a_read_that_fails_is_an_outage_and_changes_nothing(place: KeycloakPlace, part: str, reply: Reply) -> None:
    place.fault("GET", part, reply, times=9)
    with pytest.raises(OutsideError) as trouble:
        place.directory.get(place.anna)
    assert not isinstance(trouble.value, UncertainError)


def test_sr_58_an_unlock_without_a_clear_end_is_uncertain_and_can_be_done_again(place: KeycloakPlace) -> None:
    place.fault("DELETE", "brute-force", HANGS_UP)
    place.lock(place.anna)
    with pytest.raises(UncertainError):
        place.directory.unlock(place.anna)
    place.directory.unlock(place.anna)
    assert not read(place, "anna").locked


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("Aa1!xyz", "minimum length 8"),
        ("annaanna", "must not be equal to the username"),
        ("My very first password 1", "any of last 3 passwords"),
    ],
)
def test_what_the_policy_of_the_realm_refuses_is_told_in_its_words(
    place: KeycloakPlace, password: str, words: str
) -> None:
    place.realm.people[place.anna].row["username"] = "annaanna"
    with pytest.raises(RejectedError, match=words):
        place.directory.set_password(place.anna, Secret(password))


def test_without_the_right_the_administrator_is_told_which_role_is_missing(place: KeycloakPlace) -> None:
    place.realm.forbids = {"reset-password"}
    with pytest.raises(RejectedError, match="manage-users"):
        place.directory.set_password(place.anna, NEW)
    assert not place.signs_in(place.anna, NEW)


def test_a_password_that_lives_behind_keycloak_is_not_set_there(place: KeycloakPlace) -> None:
    behind = place.realm.add("behind", federationLink="ldap-1")
    with pytest.raises(RejectedError, match="behind Keycloak"):
        place.directory.set_password(behind, NEW)


def test_an_account_that_goes_between_look_and_write_is_told(place: KeycloakPlace) -> None:
    place.fault("PUT", "reset-password", told({"error": "User not found"}, 404))
    with pytest.raises(RejectedError, match="not there any more"):
        place.directory.set_password(place.anna, NEW)


def test_sr_70_sessions_end_and_the_password_stays(place: KeycloakPlace) -> None:
    place.directory.set_password(place.anna, NEXT)
    assert place.directory.revoke(place.anna, password=False) == "All sessions of the account were ended."
    assert place.realm.people[place.anna].logged_out == 1
    assert place.signs_in(place.anna, NEXT)


def test_sr_47_the_second_factors_stay_when_the_password_is_taken_back(place: KeycloakPlace) -> None:
    place.realm.people[place.anna].credentials.append({"id": "c-1", "type": "otp", "createdDate": 1})
    place.directory.revoke(place.anna, password=True)
    assert [c["type"] for c in place.realm.people[place.anna].credentials] == ["otp"]
    assert read(place, "anna").stamp.startswith("none.")


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        (["view-users"], "lacks manage-users"),
        ([], "no role there that it needs"),
        (["view-users", "manage-users", "realm-admin"], "more power than it needs: realm-admin"),
    ],
)
def test_doctor_tells_of_rights_that_are_missing_or_too_many(
    place: KeycloakPlace, roles: list[str], words: str
) -> None:
    account = next(a for a in place.realm.people.values() if a.row["username"] == ACCOUNT)
    account.admin_roles = roles
    assert words in ill(place.directory.doctor())[0].text
    assert "admin_client" in ill(place.made(admin_client=OTHER_CLIENT).doctor())[0].text


def test_doctor_resets_the_test_account(place: KeycloakPlace) -> None:
    before = read(place, "anna").stamp
    assert not ill(place.made(test_account="anna").doctor())
    assert read(place, "anna").stamp != before


def test_the_reset_action_sets_the_password_and_opens_the_account(place: KeycloakPlace) -> None:
    action, chosen = Action(), {"password": Secret("Seven quiet Lanterns 4 tea")}
    place.lock(place.anna)
    before = read(place, "anna")
    assert not action.problem(before, chosen)
    action.perform(place.directory, before, chosen)
    assert action.achieved(before, read(place, "anna"))
    assert place.signs_in(place.anna, chosen["password"])


def test_an_account_of_a_user_federation_has_an_id_of_its_own_kind(place: KeycloakPlace) -> None:
    own = "f:5c2f7d7e-0000-4000-8000-000000000001:anna.berg@example.com"
    account = place.realm.people[place.realm.add("federated")]
    account.row["id"] = own
    place.realm.people[own] = account
    found = place.directory.get(own)
    assert found
    assert found.id == own
    assert place.directory.get("f:x:..") is None


def test_settings_that_cannot_be_are_told(place: KeycloakPlace) -> None:
    for wrong in ({"key": "name"}, {"attributes": {"fax": "x"}}, {"base_url": "http://sso.example.com"}):
        with pytest.raises(SettingsError):
            place.made(**wrong)


def test_connections_are_let_go(place: KeycloakPlace) -> None:
    directory = place.made()
    directory.log_out()
    with pytest.raises(RuntimeError, match="closed"):
        directory.get(place.anna)
    assert not place.directory.find(asked(login="x" * 300))


def test_factors_are_told_by_the_labels_their_owner_gave_them(place: KeycloakPlace) -> None:
    labels = {"otp": "Work phone", "webauthn-passwordless": "Blue key", "recovery-authn-codes": None}
    place.realm.people[place.anna].credentials += [
        {"id": f"c-{kind}", "type": kind, "userLabel": label, "createdDate": 1} for kind, label in labels.items()
    ]
    assert place.made().factors(place.anna) == [
        "Authenticator app “Work phone”",
        "Security key or passkey “Blue key”",
        "Recovery codes",
    ]
