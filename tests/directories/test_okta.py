"""The directory `okta` over the contract and against a small Okta with faults."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.jwk import RSAKey

from deskward.actions.reset_password import Action
from deskward.core import ports
from deskward.core.errors import OutsideError, RejectedError, SettingsError, UncertainError, UnreachableError
from deskward.core.resets import ResetKind
from deskward.core.secret import Secret
from deskward.directories import okta
from deskward.directories.okta import Directory
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
from tests.contracts.directory_logs import AROUND, LogContract, now, resets
from tests.servers.faults import Fault, Faulty
from tests.servers.okta import Okta
from tests.servers.tokens import HANGS_UP, SECRET, SILENT, Reply, Source, serving, told

AWAY = "http://127.0.0.1:9"


@dataclass
class OktaPlace:
    """An organisation with the people of the contract, and the directory that reads it."""

    source: Source
    faulty: Faulty
    staff: Okta
    page_size: int = 4

    def __post_init__(self) -> None:
        self.credential, self.refused = Secret(SECRET), Secret("no capitals")
        boss = self.staff.add("boss@staff.example", lastName="Example")
        anna = {"secondEmail": "anna@private.example", "mobilePhone": PHONE, "managerId": boss, "title": "Rigger"}
        anna |= {"lastName": "Example"}
        self.ids: Mapping[str, str] = {
            "boss": boss,
            "anna": self.staff.add("anna@staff.example", "Anna@staff.example", **anna),
            "gone": self.staff.add("gone@staff.example", status="SUSPENDED"),
            "twin": self.staff.add("twin@staff.example", "both@staff.example"),
            "double": self.staff.add("double@staff.example", "both@staff.example"),
        }
        self.staff.role(boss)
        self.staff.me = self.staff.add("deskward@staff.example")
        self.staff.role(self.staff.me, "CUSTOM")
        self.directory: ports.Directory = self.made()
        self.directory.set_password(self.anna, Secret("My very first password 1"))

    def made(self, **settings: Any) -> Directory:
        given: dict[str, Any] = {"base_url": self.source.url, "api_token": self.credential, "key": "login"}
        return Directory(**(given | settings))

    def keyed(self, key: str) -> Directory:
        return self.made(key=key)

    def signs_in(self, person_id: str, password: Secret) -> bool:
        return self.staff.signs_in(person_id, password.reveal())

    def enters(self, person_id: str, given: Secret, chosen: Secret) -> bool:
        return self.staff.enters(person_id, given.reveal(), chosen.reveal())

    def register(self, person_id: str) -> None:
        self.staff.factors[person_id] = [
            {"id": f"f-{kind}", "factorType": kind, "provider": "OKTA", "status": "ACTIVE"}
            for kind in ("token:software:totp", "webauthn", "email")
        ]

    def lock(self, person_id: str) -> None:
        for _ in range(3):
            self.staff.signs_in(person_id, "not the password")

    def retitle(self, person_id: str) -> None:
        self.staff.people[person_id]["profile"]["title"] = "Boatswain"

    def away(self) -> Directory:
        return self.made(base_url=AWAY)

    def mistaken(self) -> Directory:
        return self.made(api_token=Secret("guess-4711"))

    def fault(self, method: str, part: str, reply: Reply, *, done: bool = False, times: int = 1) -> None:
        self.faulty.faults.append(Fault(method, part, reply, done, times))

    @property
    def anna(self) -> str:
        return self.ids["anna"]


@pytest.fixture
def place() -> Iterator[OktaPlace]:
    staff = Okta(page=OktaPlace.page_size)
    faulty = Faulty(staff)
    with serving(Source(faulty, key=SECRET)) as source:
        staff.url = source.url
        yield OktaPlace(source, faulty, staff)


class TestOktaKeepsTheContract(ServerContract, AccessContract, FactorContract, SearchableContract, LogContract):
    pass


def test_sr_55_a_password_that_lives_outside_okta_has_no_temporary_one(place: OktaPlace) -> None:
    outside = place.staff.add("outside@staff.example", provider="ACTIVE_DIRECTORY")
    with pytest.raises(RejectedError, match="kept outside Okta"):
        place.made().give_access(outside, 60)


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("reply", [HANGS_UP, told({}, 503), told({}), told([])])
def test_sr_58_temporary_access_without_a_clear_end_is_uncertain_and_the_stamp_decides(
    place: OktaPlace, reply: Reply, done: bool
) -> None:
    before = read(place, "anna")
    place.fault("POST", "expire_password", reply, done=done)
    with pytest.raises(UncertainError):
        place.made().give_access(place.anna, 60)
    assert (read(place, "anna").stamp != before.stamp) is done


def test_a_person_is_read_with_groups_factors_and_addresses(place: OktaPlace) -> None:
    for n in range(6):
        place.staff.group(f"group {n}", place.anna)
    place.staff.people[place.anna]["profile"] |= {
        "department": "Nets",
        "displayName": "Anna B.",
        "lastName": "Berg",
    }
    anna = read(place, "anna")
    assert (anna.login, anna.name, anna.email) == ("anna@staff.example", "Anna B.", "anna@staff.example")
    assert (anna.team, anna.title, anna.manager) == ("Nets", "Rigger", place.ids["boss"])
    assert anna.groups == tuple(f"group {n}" for n in range(6))
    assert [(d.value, d.label, d.declared) for d in anna.destinations] == [
        ("anna@staff.example", "work e-mail", False),
        ("anna@private.example", "private e-mail", False),
        (PHONE, "mobile phone", False),
    ]


@pytest.mark.parametrize(
    ("factors", "aal"),
    [
        ([], 1),
        ([("question", "ACTIVE"), ("email", "ACTIVE")], 1),
        ([("push", "PENDING_ACTIVATION")], 1),
        ([("push", "ACTIVE"), ("email", "ACTIVE")], 2),
    ],
)
def test_who_has_an_active_factor_can_reach_the_second_level(
    place: OktaPlace, factors: list[tuple[str, str]], aal: int
) -> None:
    place.staff.factors[place.anna] = [
        {"id": f"f{n}", "factorType": kind, "status": status} for n, (kind, status) in enumerate(factors)
    ]
    assert read(place, "anna").aal == aal


def test_sr_63_roles_and_listed_groups_make_privileged(place: OktaPlace) -> None:
    people = {name: place.staff.add(f"{name}@staff.example") for name in ("direct", "grouped", "listed", "plain")}
    place.staff.role(people["direct"])
    place.staff.role(people["grouped"], by="GROUP")
    listed = place.staff.group("Payroll", people["listed"])
    place.staff.group("Crew", *people.values())
    for n in range(place.page_size):
        place.staff.role(place.staff.add(f"more{n}@staff.example"))
    directory = place.made(privileged_groups=[listed])
    alone = {name for name, own in people.items() if (one := directory.get(own)) and one.privileged}
    everybody = {p.id for p in directory.everyone() if p.privileged}
    assert alone == {"direct", "grouped", "listed"}
    assert {name for name, own in people.items() if own in everybody} == alone


def test_sr_63_who_may_not_read_roles_reads_nobody(place: OktaPlace) -> None:
    place.staff.denied = {"/roles"}
    with pytest.raises(RejectedError, match="groups and roles"):
        place.directory.get(place.anna)


@pytest.mark.parametrize("status", ["STAGED", "PROVISIONED", "SUSPENDED", "DEPROVISIONED"])
def test_an_account_that_is_not_active_is_disabled_and_not_changed(place: OktaPlace, status: str) -> None:
    place.staff.people[place.anna]["status"] = status
    assert not read(place, "anna").enabled
    with pytest.raises(RejectedError, match="not active"):
        place.directory.set_password(place.anna, NEW)


def test_a_login_is_no_id(place: OktaPlace) -> None:
    assert place.directory.get("anna") is None


def test_who_may_know_a_person_are_manager_reports_and_department(place: OktaPlace) -> None:
    place.staff.people[place.anna]["profile"]["department"] = 'Nets "end"'
    report = place.staff.add("report@staff.example", managerId="anna@staff.example")
    mate = place.staff.add("mate@staff.example", department='Nets "end"')
    colleagues = place.directory.colleagues(read(place, "anna"))
    assert [p.id for p in colleagues] == [place.ids["boss"], mate, report]


def test_a_crowd_is_no_circle_of_colleagues(place: OktaPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(okta, "MOST_NEAR", 2)
    for n in range(4):
        place.staff.add(f"far{n}@staff.example", department="All")
    assert not place.directory.colleagues(replace(read(place, "twin"), team="All"))


def test_everyone_waits_until_the_limit_begins_anew(place: OktaPlace) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    limits = {"Date": format_datetime(now, usegmt=True), "X_Rate_Limit_Reset": f"{now.timestamp():.0f}"}
    place.fault("GET", "/api/v1/users", told({"errorCode": "E0000047"}, 429, **limits))
    assert place.anna in {p.id for p in place.directory.everyone()}


def test_a_throttled_reset_is_told_and_does_not_wait(place: OktaPlace) -> None:
    place.fault("POST", "/users/", told({"errorCode": "E0000047"}, 429, Retry_After="17"))
    with pytest.raises(UnreachableError) as trouble:
        place.directory.set_password(place.anna, NEW)
    assert trouble.value.retry_after == 17
    assert not place.signs_in(place.anna, NEW)


def test_a_next_page_elsewhere_is_not_asked_for(place: OktaPlace) -> None:
    place.fault("GET", "/groups", told([], Link='<https://evil.example/api/v1/users?after=1>; rel="next"'))
    with pytest.raises(RejectedError, match="next page"):
        place.directory.get(place.anna)


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("reply", [HANGS_UP, SILENT, told({}, 500), told({}, 503)])
def test_sr_58_a_write_without_a_clear_end_is_uncertain_and_the_stamp_decides(
    place: OktaPlace, reply: Reply, done: bool
) -> None:
    before = read(place, "anna")
    place.fault("POST", "/users/", reply, done=done)
    with pytest.raises(UncertainError):
        place.made(timeout=0.5).set_password(place.anna, NEW)
    assert (read(place, "anna").stamp != before.stamp) is done


@pytest.mark.parametrize("done", [False, True])
def test_sr_58_an_unlock_without_a_clear_end_is_uncertain_and_can_be_done_again(
    place: OktaPlace, done: bool
) -> None:
    place.lock(place.anna)
    place.fault("POST", "/lifecycle/unlock", HANGS_UP, done=done)
    with pytest.raises(UncertainError):
        place.directory.unlock(place.anna)
    place.directory.unlock(place.anna)
    assert not read(place, "anna").locked


@pytest.mark.parametrize("reply", [HANGS_UP, told({}, 502), Reply(200, b"<html>"), told({"value": {}}), told([1])])
@pytest.mark.parametrize("part", ["/groups", "/roles", "/factors"])
def test_a_read_that_fails_is_an_outage_and_changes_nothing(place: OktaPlace, part: str, reply: Reply) -> None:
    place.fault("GET", part, reply, times=9)
    with pytest.raises(OutsideError) as trouble:
        place.directory.get(place.anna)
    assert not isinstance(trouble.value, UncertainError)


def test_a_garbled_list_of_those_with_roles_is_an_outage(place: OktaPlace) -> None:
    place.fault("GET", "/assignees", told([]))
    with pytest.raises(RejectedError, match="cannot be read"):
        list(place.directory.everyone())


def test_what_the_password_policy_refuses_is_told_in_its_words(place: OktaPlace) -> None:
    with pytest.raises(RejectedError, match=r"refuses this: Password requirements were not met.*no parts of your"):
        place.directory.set_password(place.anna, Secret("Anna has 7 hats"))
    place.fault("POST", "/users/", told({"errorSummary": "Odd."}, 400))
    with pytest.raises(RejectedError, match="Odd"):
        place.directory.set_password(place.anna, NEW)


def test_without_the_right_the_administrator_is_told_what_to_grant(place: OktaPlace) -> None:
    place.staff.denied = {"POST"}
    with pytest.raises(RejectedError, match="manage credentials"):
        place.directory.set_password(place.anna, NEW)
    assert not place.signs_in(place.anna, NEW)


@pytest.mark.parametrize("provider", ["ACTIVE_DIRECTORY", "LDAP", "FEDERATION", "SOCIAL"])
def test_a_password_that_lives_elsewhere_is_not_set_here(place: OktaPlace, provider: str) -> None:
    other = place.staff.add("other@staff.example", provider=provider)
    with pytest.raises(RejectedError, match=f"kept outside Okta .{provider}"):
        place.directory.set_password(other, NEW)


def test_an_account_that_goes_between_look_and_write_is_told(place: OktaPlace) -> None:
    place.fault("POST", "/users/", told({"errorCode": "E0000007"}, 404))
    with pytest.raises(RejectedError, match="not there any more"):
        place.directory.set_password(place.anna, NEW)


def test_sr_70_sessions_and_tokens_end_and_the_password_stays(place: OktaPlace) -> None:
    place.directory.set_password(place.anna, NEXT)
    assert "sessions" in place.directory.revoke(place.anna, password=False)
    assert place.staff.cleared == [(place.anna, "true")]
    assert place.signs_in(place.anna, NEXT)
    with pytest.raises(RejectedError):
        place.directory.revoke("../me", password=False)


def test_doctor_tells_of_an_account_with_too_much_power(place: OktaPlace) -> None:
    place.staff.role(place.staff.me, "SUPER_ADMIN")
    assert "SUPER_ADMIN" in ill(place.directory.doctor())[0].text


@pytest.fixture(scope="module")
def pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    kind, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, kind, plain).decode()


def test_a_service_application_signs_for_its_token_and_reads_and_changes(place: OktaPlace, pem: str) -> None:
    def signed_by(assertion: str) -> bool:
        claims = jwt.decode(assertion, RSAKey.import_key(pem)).claims
        return (claims["iss"], claims["aud"]) == ("c-1", f"{place.source.url}/oauth2/v1/token")

    place.source.signed_by, place.source.token_path = signed_by, "/oauth2/v1/token"
    place.source.claims = {"scp": sorted(okta.SCOPES)}
    given: dict[str, Any] = {"api_token": None, "client_id": "c-1", "private_key": Secret(pem), "key_id": "k-1"}
    directory = place.made(**given)
    directory.set_password(place.anna, NEW)
    place.source.expire()
    assert directory.get(place.anna) == read(place, "anna")
    assert place.source.issued == 2
    assert set(place.source.scopes) == {
        "okta.groups.read okta.logs.read okta.roles.read okta.users.manage okta.users.read"
    }
    assert not ill(directory.doctor())
    place.source.claims = {"scp": [*okta.SCOPES, "okta.apps.manage"]}
    assert "okta.apps.manage" in ill(place.made(**given).doctor())[0].text
    place.source.claims = None
    assert not ill(place.made(**given).doctor())


def test_doctor_resets_the_test_account(place: OktaPlace) -> None:
    before = read(place, "anna").stamp
    assert not ill(place.made(test_account="anna@staff.example").doctor())
    assert read(place, "anna").stamp != before


def test_the_reset_action_sets_the_password_and_opens_the_account(place: OktaPlace) -> None:
    action, chosen = Action(), {"password": Secret("Seven quiet Lanterns 4 tea")}
    place.lock(place.anna)
    before = read(place, "anna")
    assert not action.problem(before, chosen)
    action.perform(place.directory, before, chosen)
    assert action.achieved(before, read(place, "anna"))
    assert place.signs_in(place.anna, chosen["password"])


def test_settings_that_cannot_be_are_told_and_connections_are_let_go(place: OktaPlace) -> None:
    half = {"api_token": None, "client_id": "c-1"}
    for wrong in ({"key": "name"}, {"base_url": "http://staff.okta.example"}, {"client_id": "c-1"}, half):
        with pytest.raises(SettingsError):
            place.made(**wrong)
    directory = place.made()
    directory.log_out()
    with pytest.raises(RuntimeError, match="closed"):
        directory.get(place.anna)
    assert not directory.find(asked(login="x" * 300))


@pytest.mark.parametrize(
    ("event", "by", "kind", "own"),
    [
        ("user.account.reset_password", "boss", ResetKind.PASSWORD, False),
        ("user.account.update_password", "anna", ResetKind.PASSWORD, True),
        ("user.account.unlock_by_admin", "boss", ResetKind.UNLOCK, False),
        ("user.account.unlock", "anna", ResetKind.UNLOCK, True),
        ("user.mfa.factor.reset_all", "boss", ResetKind.FACTORS, False),
        ("user.mfa.factor.deactivate", "anna", ResetKind.FACTORS, True),
    ],
)
def test_the_system_log_tells_what_was_reset_and_by_whom(
    place: OktaPlace, event: str, by: str, kind: ResetKind, own: bool
) -> None:
    place.staff.logs.clear()
    row = place.staff.log(event, place.anna, place.ids[by])
    (told,) = resets(place)
    assert (told.kind, told.own, told.by) == (kind, own, f"{by}@staff.example")
    assert told.id == f"{row['transaction']['id']}:{place.anna}:{kind.value}"


def test_what_one_request_did_is_one_reset_and_without_a_request_each_row_is(place: OktaPlace) -> None:
    place.staff.logs.clear()
    first = place.staff.log("user.account.reset_password", place.anna)
    place.staff.log("user.account.update_password", place.anna, transaction=first["transaction"])
    row = place.staff.log("user.account.update_password", place.anna, transaction=None)
    assert len({one.id for one in resets(place)}) == 2
    assert f"{row['uuid']}:{place.anna}:password" in {one.id for one in resets(place)}


def test_what_okta_does_by_itself_what_failed_and_the_test_account_is_no_reset(place: OktaPlace) -> None:
    place.staff.logs.clear()
    place.staff.log("user.account.unlock", place.anna, "okta-system", kind="SystemPrincipal")
    place.staff.log("user.account.reset_password", place.anna, outcome={"result": "FAILURE"})
    place.staff.log("user.account.reset_password", place.anna, target=None)
    place.staff.log("user.session.start", place.anna)
    assert resets(place) == []
    place.staff.log("user.account.reset_password", place.anna)
    trying = place.made(test_account="ANNA@staff.example")
    assert not list(trying.resets(now() - AROUND, now() + AROUND))


@pytest.mark.parametrize("body", [{"errors": []}, [7], [{"eventType": "user.account.unlock"}], None])
def test_a_system_log_that_cannot_be_read_says_so(place: OktaPlace, body: Any) -> None:
    place.fault("GET", "logs", told(body))
    with pytest.raises(RejectedError, match="cannot be read"):
        resets(place)


def test_a_throttled_system_log_is_waited_for(place: OktaPlace) -> None:
    stamp = datetime.now(UTC)
    headers = {"X-Rate-Limit-Reset": str(int(stamp.timestamp())), "Date": format_datetime(stamp, usegmt=True)}
    place.fault("GET", "logs", Reply(429, b"{}", headers))
    assert len(resets(place)) == 1


def test_sr_54_factors_are_told_by_name_or_provider_and_half_a_number(place: OktaPlace) -> None:
    told = (
        ("push", "OKTA", {"name": "Anna’s phone", "keys": [{"x": "no-secret"}]}),
        ("token:software:totp", "GOOGLE", {"credentialId": "anna@staff.example"}),
        ("webauthn", "FIDO", {"authenticatorName": "Blue key"}),
        ("sms", "OKTA", {"phoneNumber": "+12025550142"}),
        ("web", "DUO", None),
    )
    place.staff.factors[place.anna] = [
        {"id": kind, "factorType": kind, "provider": provider, "status": "ACTIVE", "profile": profile}
        for kind, provider, profile in told
    ]
    assert place.made().factors(place.anna) == [
        "Authenticator app “Anna’s phone”",
        "Authenticator app “Google”",
        "Security key or passkey “Blue key”",
        "Phone “+1 ••• ••• 42”",
        "Another factor “Duo”",
    ]
