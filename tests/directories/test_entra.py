"""The directory `entra` over the contract and against a small Microsoft Graph with faults."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest

from deskward.actions.reset_password import Action
from deskward.core import ports
from deskward.core.errors import OutsideError, RejectedError, SettingsError, UncertainError, UnreachableError
from deskward.core.resets import Reset, ResetKind
from deskward.core.secret import Secret
from deskward.directories import _entra_operation, entra
from deskward.directories.entra import NEEDED, Directory
from tests.contracts.directories import (
    NEW,
    NEXT,
    PHONE,
    AccessContract,
    FactorContract,
    Place,
    SearchableContract,
    ServerContract,
    asked,
    ill,
    read,
)
from tests.contracts.directory_logs import LogContract, now, resets
from tests.servers.faults import Fault, Faulty
from tests.servers.graph import Graph, Row
from tests.servers.tokens import CLIENT, HANGS_UP, SECRET, SILENT, Reply, Source, serving, told

AWAY = "http://127.0.0.1:9"


@dataclass
class EntraPlace:
    """A tenant with the people of the contract, and the directory that reads it."""

    source: Source
    faulty: Faulty
    tenant: Graph
    page_size: int = 4

    def __post_init__(self) -> None:
        self.credential, self.refused = Secret(SECRET), Secret("aaaaaaaa")
        boss = self.tenant.add("boss", "boss@staff.example", displayName="Boss Example", surname="Example")
        anna = {
            "otherMails": ["anna@private.example"],
            "mobilePhone": PHONE,
            "manager": boss,
            "jobTitle": "Rigger",
            "displayName": "Anna Example",
            "surname": "Example",
        }
        self.ids: Mapping[str, str] = {
            "boss": boss,
            "anna": self.tenant.add("anna", "Anna@staff.example", **anna),
            "gone": self.tenant.add("gone", "gone@staff.example", accountEnabled=False),
            "twin": self.tenant.add("twin", "both@staff.example"),
            "double": self.tenant.add("double", "both@staff.example"),
        }
        self.tenant.role(boss)
        self.directory: ports.Directory = self.made()
        self.directory.set_password(self.anna, Secret("My very first password 1"))

    def made(self, **settings: Any) -> Directory:
        given: dict[str, Any] = {
            "tenant": "staff.example",
            "client_id": CLIENT,
            "client_secret": self.credential,
            "key": "login",
            "base_url": f"{self.source.url}/v1.0",
            "login_url": self.source.url,
        }
        return Directory(**(given | settings))

    def keyed(self, key: str) -> Directory:
        return self.made(key=key)

    def signs_in(self, person_id: str, password: Secret) -> bool:
        return self.tenant.signs_in(person_id, password.reveal())

    def enters(self, person_id: str, given: Secret, chosen: Secret) -> bool:
        del chosen  # whoever comes in with a pass sets up a way to sign in, if they want
        return self.tenant.enters(person_id, given.reveal())

    def register(self, person_id: str) -> None:
        self.tenant.default_method = self.tenant.method(person_id, "microsoftAuthenticator")
        self.tenant.method(person_id, "fido2")

    def lock(self, person_id: str) -> None:
        raise AssertionError(f"Graph shows no lock of {person_id}")

    def retitle(self, person_id: str) -> None:
        self.tenant.people[person_id]["jobTitle"] = "Boatswain"

    def away(self) -> Directory:
        return self.made(base_url=AWAY, login_url=AWAY)

    def mistaken(self) -> Directory:
        return self.made(client_secret=Secret("guess-4711"))

    def fault(self, method: str, part: str, reply: Reply, *, done: bool = False, times: int = 1) -> None:
        self.faulty.faults.append(Fault(method, part, reply, done, times))

    @property
    def anna(self) -> str:
        return self.ids["anna"]


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[EntraPlace]:
    monkeypatch.setattr(entra, "LAG", 0.01)
    tenant = Graph(page=EntraPlace.page_size)
    faulty = Faulty(tenant)
    claims = {"roles": sorted(NEEDED), "tid": "t-1"}
    with serving(Source(faulty, claims=claims, token_path="/staff.example/oauth2/v2.0/token")) as source:
        tenant.url = source.url
        yield EntraPlace(source, faulty, tenant)


class TestEntraKeepsTheContract(ServerContract, AccessContract, FactorContract, SearchableContract, LogContract):
    def test_a_lock_is_seen_and_lifted_and_the_stamp_moves_with_both(self, place: Place) -> None:
        with pytest.raises(RejectedError, match="ends a lock by itself") as refusal:
            place.directory.unlock(place.ids["anna"])
        assert refusal.value.hint


def test_sr_55_a_pass_is_good_once_for_its_minutes_and_a_synchronised_account_gets_one(place: EntraPlace) -> None:
    place.tenant.people[place.anna]["onPremisesSyncEnabled"] = True
    given = place.made().give_access(place.anna, 45)
    (row,) = place.tenant.passes_of(place.anna)
    assert (row["lifetimeInMinutes"], row["isUsableOnce"]) == (45, True)
    assert given.reveal() == place.tenant.passes[place.anna]


def test_who_cannot_have_a_pass_is_told_why(place: EntraPlace) -> None:
    guest = place.tenant.add("guest", userType="Guest")
    with pytest.raises(RejectedError, match="This is a guest"):
        place.made().give_access(guest, 60)
    place.tenant.allows_passes = False
    with pytest.raises(RejectedError, match="policy does not allow this"):
        place.made().give_access(place.anna, 60)
    place.tenant.denied = {"temporaryAccessPass"}
    with pytest.raises(RejectedError, match="must grant Deskward"):
        place.made().give_access(place.anna, 60)


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("reply", [HANGS_UP, told({}, 503), told([])])
def test_sr_58_a_pass_without_a_clear_end_is_uncertain_and_the_stamp_decides(
    place: EntraPlace, reply: Reply, done: bool
) -> None:
    before = read(place, "anna")
    place.fault("POST", "temporaryAccessPass", reply, done=done)
    with pytest.raises(UncertainError):
        place.made().give_access(place.anna, 60)
    assert (read(place, "anna").stamp != before.stamp) is done


def test_a_throttled_pass_is_not_made_and_can_be_asked_for_again(place: EntraPlace) -> None:
    place.fault("POST", "temporaryAccessPass", told({}, 429, Retry_After="7"))
    with pytest.raises(UnreachableError, match="try again later"):
        place.made().give_access(place.anna, 60)
    assert place.made().give_access(place.anna, 60)


def test_a_method_of_a_kind_that_cannot_be_deleted_keeps_all_of_them(place: EntraPlace) -> None:
    place.register(place.anna)
    place.tenant.method(place.anna, "external")
    with pytest.raises(RejectedError, match="cannot be removed here: external"):
        place.made().reset_factors(place.anna)
    assert len(place.made().factors(place.anna)) == 3


def test_sr_54_methods_are_told_by_the_names_their_owner_gave_them_and_half_a_number(place: EntraPlace) -> None:
    for kind in ("fido2", "phone", "softwareOath", "external"):
        place.tenant.method(place.anna, kind)
    key, phone, app, _ = place.tenant.methods[place.anna]
    key["displayName"], phone["phoneNumber"], app["secretKey"] = "Blue key", "+1 2025550142", "JBSWY3DPEHPK3PXP"
    assert place.made().factors(place.anna) == [
        "Security key or passkey “Blue key”",
        "Phone “+1 ••• ••• 42”",
        "Authenticator app",
        "Another factor “external”",
    ]


def test_a_method_that_stays_refused_is_told(place: EntraPlace) -> None:
    place.register(place.anna)
    refusal = told({"error": {"code": "badRequest", "message": "Not this one."}}, 400)
    place.fault("DELETE", "fido2Methods", refusal, times=2)
    with pytest.raises(RejectedError, match="Microsoft Entra ID refuses this"):
        place.made().reset_factors(place.anna)
    assert place.made().factors("nobody") == []


def test_without_the_right_the_administrator_is_told_and_the_factors_stay(place: EntraPlace) -> None:
    place.register(place.anna)
    place.tenant.denied = {"DELETE"}
    with pytest.raises(RejectedError, match="must grant Deskward"):
        place.made().reset_factors(place.anna)
    assert len(place.made().factors(place.anna)) == 2


def test_doctor_takes_the_right_to_make_passes_for_no_more_than_needed(place: EntraPlace) -> None:
    assert place.source.claims
    place.source.claims["roles"].append("UserAuthMethod-TAP.ReadWrite.All")
    assert not ill(place.directory.doctor())


def test_a_person_is_read_with_work_groups_and_addresses(place: EntraPlace) -> None:
    place.tenant.people[place.anna] |= {
        "department": "Nets",
        "officeLocation": "Quay",
        "employeeHireDate": "2021-03-15T00:00:00Z",
    }
    for n in range(6):
        place.tenant.group(f"group {n}", place.anna)
    anna = read(place, "anna")
    assert (anna.login, anna.name, anna.email) == ("anna@staff.example", "Anna Example", "anna@staff.example")
    assert (anna.team, anna.office, anna.title, anna.started_on) == ("Nets", "Quay", "Rigger", date(2021, 3, 15))
    assert anna.groups == tuple(f"group {n}" for n in range(6))
    assert [(d.value, d.label, d.declared) for d in anna.destinations] == [
        ("anna@staff.example", "work e-mail", False),
        ("anna@private.example", "private e-mail", False),
        (PHONE, "mobile phone", False),
    ]
    assert place.source.scopes[0] == f"{place.source.url}/.default"


@pytest.mark.parametrize(
    ("kinds", "aal"),
    [
        ([], 1),
        (["email", "temporaryAccessPass"], 1),
        (["phone"], 2),
        (["fido2", "email"], 2),
        (["microsoftAuthenticator"], 2),
    ],
)
def test_who_has_a_second_factor_can_reach_the_second_level(place: EntraPlace, kinds: list[str], aal: int) -> None:
    named = [{"@odata.type": f"#microsoft.graph.{kind}AuthenticationMethod", "id": kind} for kind in kinds]
    place.tenant.methods[place.anna] = named
    assert read(place, "anna").aal == aal


def test_sr_63_roles_eligibility_and_mighty_groups_make_privileged(place: EntraPlace) -> None:
    people = {name: place.tenant.add(name) for name in ("role", "eligible", "member", "mighty", "listed", "plain")}
    place.tenant.role(people["role"])
    place.tenant.eligible.append(people["eligible"])
    place.tenant.eligible_members.append(people["member"])
    place.tenant.group("Role holders", people["mighty"], assignable=True)
    listed = place.tenant.group("Payroll", people["listed"])
    place.tenant.group("Everybody", *people.values())
    directory = place.made(privileged_groups=[listed.upper()])
    alone = {name for name, own in people.items() if (one := directory.get(own)) and one.privileged}
    assert alone == {"role", "eligible", "member", "mighty", "listed"}
    ids = {own: name for name, own in people.items()}
    everybody = {ids[one.id] for one in directory.everyone() if one.privileged and one.id in ids}
    assert everybody == {"role", "eligible", "mighty", "listed"}


def test_sr_63_without_the_licence_nobody_is_eligible_and_without_the_right_nobody_is_read(
    place: EntraPlace,
) -> None:
    place.tenant.licensed = False
    assert not read(place, "anna").privileged
    assert read(place, "boss").privileged
    place.fault("GET", "roleEligibility", told({"error": {"code": "BadRequest", "message": "Odd filter."}}, 400))
    with pytest.raises(RejectedError, match="Odd filter"):
        place.directory.get(place.anna)
    place.tenant.denied = {"roleEligibility"}
    with pytest.raises(RejectedError, match=r"RoleManagement\.Read\.Directory"):
        place.directory.get(place.anna)


def test_who_may_know_a_person_are_manager_reports_and_department(place: EntraPlace) -> None:
    tenant, boss = place.tenant, place.ids["boss"]
    tenant.people[place.anna]["department"] = "Nets' end"
    peer = tenant.add("peer", manager=boss)
    report = tenant.add("report", manager=place.anna)
    mate = tenant.add("mate", department="Nets' end")
    tenant.people[peer]["department"] = "Nets' end"
    colleagues = place.directory.colleagues(read(place, "anna"))
    assert [p.id for p in colleagues] == [boss, mate, peer, report]


def test_a_crowd_and_nobody_are_no_colleagues(place: EntraPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entra, "MOST_NEAR", 2)
    for n in range(4):
        place.tenant.add(f"far{n}", department="All")
    place.tenant.people[place.ids["twin"]]["department"] = "All"
    twin = read(place, "twin")
    assert not place.directory.colleagues(twin)
    assert not place.directory.colleagues(replace(twin, id="elsewhere"))


def test_everyone_waits_where_a_page_is_throttled(place: EntraPlace) -> None:
    place.fault("GET", "/v1.0/users", told({}, 429, Retry_After="1"))
    assert place.anna in {p.id for p in place.directory.everyone()}


def test_a_next_page_elsewhere_is_not_asked_for(place: EntraPlace) -> None:
    body = {"value": [], "@odata.nextLink": "https://evil.example/v1.0/users?$skiptoken=x"}
    place.fault("GET", "/v1.0/users", told(body))
    with pytest.raises(RejectedError, match="next page"):
        place.directory.find(asked(login="anna@staff.example"))


def test_a_throttled_reset_is_told_and_does_not_wait(place: EntraPlace) -> None:
    place.fault("PATCH", "/users/", told({}, 429, Retry_After="17"))
    with pytest.raises(UnreachableError) as trouble:
        place.directory.set_password(place.anna, NEW)
    assert trouble.value.retry_after == 17
    assert not place.signs_in(place.anna, NEW)


def test_a_token_that_ends_in_the_middle_is_renewed_once(place: EntraPlace) -> None:
    before = place.source.issued
    place.source.expire()
    place.directory.set_password(place.anna, NEW)
    assert place.signs_in(place.anna, NEW)
    assert place.source.issued == before + 1


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("reply", [HANGS_UP, SILENT, told({}, 500), told({}, 503)])
def test_sr_58_a_write_without_a_clear_end_is_uncertain_and_the_stamp_decides(
    place: EntraPlace, reply: Reply, done: bool
) -> None:
    before = read(place, "anna")
    place.fault("PATCH", "/users/", reply, done=done)
    with pytest.raises(UncertainError):
        place.made(timeout=0.5).set_password(place.anna, NEW)
    assert (read(place, "anna").stamp != before.stamp) is done


@pytest.mark.parametrize("reply", [HANGS_UP, told({}, 502), Reply(200, b"<html>"), told({"value": {}}), told([])])
@pytest.mark.parametrize("part", ["/transitiveMemberOf", "/methods"])
def test_a_read_that_fails_is_an_outage_and_changes_nothing(place: EntraPlace, part: str, reply: Reply) -> None:
    place.fault("GET", part, reply, times=9)
    with pytest.raises(OutsideError) as trouble:
        place.directory.get(place.anna)
    assert not isinstance(trouble.value, UncertainError)


def test_an_account_that_is_not_told_as_one_is_no_account(place: EntraPlace) -> None:
    place.fault("GET", f"/users/{place.anna}", told({"value": True}))
    with pytest.raises(RejectedError, match="cannot be read"):
        place.directory.get(place.anna)


def test_a_look_up_that_lags_behind_is_waited_for_a_little(place: EntraPlace) -> None:
    place.tenant.lag = 3
    before = read(place, "anna").stamp
    place.directory.set_password(place.anna, NEW)
    assert read(place, "anna").stamp != before
    place.tenant.lag = 10_000
    place.directory.set_password(place.anna, NEXT)
    assert place.signs_in(place.anna, NEXT)


def test_what_goes_wrong_after_the_write_does_not_say_that_nothing_happened(place: EntraPlace) -> None:
    place.tenant.lag = 3
    place.fault("GET", "/never", HANGS_UP)
    old = place.faulty.answer

    def breaking(one: Any) -> Reply:
        reply = old(one)
        if one.method == "PATCH":
            place.fault("GET", "/users/", HANGS_UP)
        return reply

    place.faulty.answer = breaking
    place.directory.set_password(place.anna, NEW)
    assert place.signs_in(place.anna, NEW)


def test_what_the_password_rules_refuse_is_told_in_their_words(place: EntraPlace) -> None:
    with pytest.raises(RejectedError, match="does not comply with password complexity requirements"):
        place.directory.set_password(place.anna, Secret("only small letters"))


def test_without_the_right_the_administrator_is_told_which_permission_is_missing(place: EntraPlace) -> None:
    place.tenant.denied = {"PATCH"}
    with pytest.raises(RejectedError, match=r"User-PasswordProfile\.ReadWrite\.All"):
        place.directory.set_password(place.anna, NEW)
    assert not place.signs_in(place.anna, NEW)


@pytest.mark.parametrize(
    ("about", "words"),
    [({"userType": "Guest"}, "guest"), ({"onPremisesSyncEnabled": True}, "kept in Active Directory")],
)
def test_a_password_that_lives_elsewhere_is_not_set_here(
    place: EntraPlace, about: dict[str, Any], words: str
) -> None:
    place.tenant.people[place.anna] |= about
    with pytest.raises(RejectedError, match=words):
        place.directory.set_password(place.anna, NEW)


def test_an_account_that_goes_between_look_and_write_is_told(place: EntraPlace) -> None:
    place.fault("PATCH", "/users/", told({"error": {"code": "Request_ResourceNotFound"}}, 404))
    with pytest.raises(RejectedError, match="not there any more"):
        place.directory.set_password(place.anna, NEW)


def test_sr_70_sessions_end_and_the_password_stays(place: EntraPlace) -> None:
    place.directory.set_password(place.anna, NEXT)
    assert "were revoked" in place.directory.revoke(place.anna, password=False)
    assert place.tenant.revoked == [place.anna]
    assert place.signs_in(place.anna, NEXT)
    with pytest.raises(RejectedError, match="no object id"):
        place.directory.revoke("../me", password=False)


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        (NEEDED - {"User-PasswordProfile.ReadWrite.All"}, "lacks User-PasswordProfile.ReadWrite.All"),
        (NEEDED | {"Directory.ReadWrite.All"}, "more power than it needs: Directory.ReadWrite.All"),
    ],
)
def test_doctor_tells_of_permissions_that_are_missing_or_too_many(
    place: EntraPlace, roles: frozenset[str], words: str
) -> None:
    place.source.claims = {"roles": sorted(roles)}
    assert words in ill(place.made().doctor())[0].text
    place.source.claims = None
    assert [check.text for check in place.made().doctor()][1].endswith(
        "does not tell whether passwords can be set."
    )


def test_doctor_tells_of_a_group_that_is_not_there(place: EntraPlace) -> None:
    for group in ("4f0e3c5e-0000-4000-8000-000000000000", "Payroll"):
        assert ill(place.made(privileged_groups=[group]).doctor())


def test_doctor_resets_the_test_account(place: EntraPlace) -> None:
    before = read(place, "anna").stamp
    assert not ill(place.made(test_account="anna@staff.example").doctor())
    assert read(place, "anna").stamp != before


def test_the_reset_action_sets_the_password_and_opens_the_account(place: EntraPlace) -> None:
    action, chosen = Action(), {"password": Secret("Seven quiet Lanterns 4 tea")}
    before = read(place, "anna")
    assert not action.problem(before, chosen)
    action.perform(place.directory, before, chosen)
    assert action.achieved(before, read(place, "anna"))
    assert place.signs_in(place.anna, chosen["password"])


@pytest.fixture
def back(place: EntraPlace, monkeypatch: pytest.MonkeyPatch) -> Directory:
    monkeypatch.setattr(_entra_operation, "PAUSE", 0.01)
    place.source.refresh = "refresh-0"
    return place.made(refresh_token=Secret("refresh-0"))


def test_a_password_is_written_back_by_the_operation_in_the_name_of_who_signed_in(
    place: EntraPlace, back: Directory
) -> None:
    place.tenant.people[place.anna]["onPremisesSyncEnabled"] = True
    before = read(place, "anna")
    back.set_password(place.anna, NEW)
    assert place.signs_in(place.anna, NEW)
    assert read(place, "anna").stamp != before.stamp
    place.source.expire()
    place.tenant.looks = 1
    back.set_password(place.anna, NEXT)
    assert place.signs_in(place.anna, NEXT)
    back.log_out()


def test_what_the_operation_refuses_is_told_in_its_words(place: EntraPlace, back: Directory) -> None:
    with pytest.raises(RejectedError, match="does not comply with password complexity requirements"):
        back.set_password(place.anna, place.refused)


def test_an_operation_that_does_not_end_is_uncertain(
    place: EntraPlace, back: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_entra_operation, "PATIENCE", 0.2)
    place.tenant.looks = 10_000
    with pytest.raises(UncertainError, match="not ended yet"):
        back.set_password(place.anna, NEW)
    place.fault("GET", "/operations/", told({}, 500))
    with pytest.raises(UncertainError, match="cannot be read"):
        back.set_password(place.anna, NEW)
    place.fault("POST", "/resetPassword", Reply(202, b""))
    with pytest.raises(UncertainError, match="where it stands"):
        back.set_password(place.anna, NEW)


def test_a_refresh_token_that_has_ended_is_told_and_nothing_is_set(place: EntraPlace) -> None:
    with pytest.raises(UnreachableError, match="does not accept our credentials"):
        place.made(refresh_token=Secret("old")).set_password(place.anna, NEW)
    assert not place.signs_in(place.anna, NEW)


def test_settings_that_cannot_be_are_told_and_connections_are_let_go(place: EntraPlace) -> None:
    for wrong in ({"key": "name"}, {"base_url": "http://graph.example.com"}):
        with pytest.raises(SettingsError):
            place.made(**wrong)
    directory = place.made()
    directory.log_out()
    with pytest.raises(RuntimeError, match="closed"):
        directory.get(place.anna)


def logged(place: EntraPlace) -> list[Reset]:
    return [one for one in resets(place) if one.at > now() - timedelta(seconds=30)][
        1:
    ]  # the first is the fixture's


@pytest.mark.parametrize(
    ("activity", "by", "kind", "own"),
    [
        ("Reset user password", "boss", ResetKind.PASSWORD, False),
        ("Change user password", "anna", ResetKind.PASSWORD, True),
        ("Admin deleted security info", "boss", ResetKind.FACTORS, False),
        ("User deleted security info", "anna", ResetKind.FACTORS, True),
        ("Reset user password", "", ResetKind.PASSWORD, False),
    ],
)
def test_the_audit_log_tells_what_was_reset_and_by_whom(
    place: EntraPlace, activity: str, by: str, kind: ResetKind, own: bool
) -> None:
    row = place.tenant.audit(activity, place.anna, place.ids.get(by, ""), name="Portal")
    (told,) = logged(place)
    assert (told.id, told.kind, told.own) == (row["id"], kind, own)
    assert told.by == (f"{by}@staff.example" if by else "Portal")


@pytest.mark.parametrize(
    ("helped_at", "result", "by", "own"),
    [
        (0, "success", "fim_password_service@support.onmicrosoft.com", True),
        (0, "failure", "fim_password_service@support.onmicrosoft.com", False),
        (3, "success", "fim_password_service@support.onmicrosoft.com", False),
        (0, "success", "rogue@staff.example", False),
    ],
)
def test_what_self_service_did_for_a_person_is_the_persons_own_doing(
    place: EntraPlace, helped_at: int, result: str, by: str, own: bool
) -> None:
    at = (now() - timedelta(minutes=helped_at)).isoformat()
    place.tenant.audit("Reset password (self-service)", place.anna, place.anna, activityDateTime=at, result=result)
    place.tenant.audit("Reset user password", place.anna, "another-id", name=by)
    (told,) = logged(place)
    assert told.own == own


def test_what_failed_and_what_is_done_to_the_test_account_is_no_reset(place: EntraPlace) -> None:
    place.tenant.audit("Reset user password", place.anna, place.ids["boss"], result="failure")
    place.tenant.audit("Update user", place.anna, place.ids["boss"])
    assert logged(place) == []
    trying = place.made(test_account="ANNA@staff.example")
    assert not list(trying.resets(now() - timedelta(minutes=9), now() + timedelta(minutes=9)))


@pytest.mark.parametrize(
    "changes", [{"activityDateTime": "yesterday"}, {"initiatedBy": None}, {"targetResources": [7]}, {"id": ""}]
)
def test_an_audit_log_that_cannot_be_read_says_so(place: EntraPlace, changes: Row) -> None:
    row = place.tenant.audit("Reset user password", place.anna)
    place.fault("GET", "directoryAudits", told({"value": [row | changes]}))
    with pytest.raises(RejectedError, match="cannot be read"):
        resets(place)


def test_who_may_not_read_the_audit_log_is_told_which_right_is_missing(place: EntraPlace) -> None:
    place.tenant.denied = {"directoryAudits"}
    with pytest.raises(RejectedError, match=r"AuditLog\.Read\.All"):
        resets(place)
