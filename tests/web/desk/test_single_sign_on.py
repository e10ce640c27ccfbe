"""Single sign-on against a real provider on loopback, with one fault a time (SR-84, SR-86 to SR-88)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
import pytest
from fastapi.testclient import TestClient
from joserfc import jwt
from joserfc.jwk import RSAKey
from structlog.testing import capture_logs

from deskward.core.accounts import Agent, Role
from deskward.core.audit import Deed, Sought
from deskward.core.links import digest
from deskward.core.secret import Secret
from deskward.lifecycle import Lifecycle, Reading
from deskward.outbound.openid import Provider
from deskward.store.opening import Opened
from deskward.web.desk import BACK, Trust
from deskward.web.desk.doors import COOKIE
from deskward.web.desk.single_sign_on import COOKIE as PENDING
from deskward.web.desk.tries import TRIES_ADDRESS
from deskward.web.guard import Guard
from tests.fakes import FakeClock
from tests.loopback import client
from tests.servers.openid import (
    CLIENT,
    SECRET,
    OpenId,
    Person,
    hs256_with_public_key,
    providing,
    signed_with_nothing,
    unsigned,
)
from tests.servers.tokens import HANGS_UP, SILENT, Reply, told
from tests.web.desk.conftest import CODE, OWN, PASSWORD, Desk, desk_app

Staffed = Callable[..., Agent]
GROUPS = {
    Role.AGENT: frozenset({"helpdesk"}),
    Role.APPROVER: frozenset({"helpdesk-leads"}),
    Role.ADMINISTRATOR: frozenset({"desk-admins"}),
}


@dataclass
class There:
    """A person's browser at the desk, and the same one at the provider."""

    desk: Desk
    provider: OpenId
    cookies: httpx2.Cookies = field(default_factory=httpx2.Cookies)

    def begin(self, path: str = "/login/provider?next=/errands") -> str:
        """Go to the provider; gives the address that the desk sends to."""
        answer = self.desk.client.get(path, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def give(self, address: str, login: str = "kim", password: str = "kim's own") -> str:
        """Sign in there, where it asks; gives path and query of the way back."""
        with client(timeout=30, cookies=self.cookies) as browser:
            answer = browser.get(address)
            if answer.status_code == 200:
                query = answer.text.partition('action="')[2].partition('"')[0].replace("&amp;", "&")
                fields = {"login": login, "password": password}
                answer = browser.post(f"{self.provider.url}{query}", data=fields)
            assert answer.status_code == 302, answer.text
            self.cookies = browser.cookies
        return answer.headers["location"].removeprefix("https://desk.acme.example")

    def sign_in(self, login: str = "kim", path: str = "/login/provider?next=/errands") -> Any:
        """Do all of it; gives the desk's answer to the way back."""
        return self.desk.client.get(self.give(self.begin(path), login), follow_redirects=False)

    def leave(self) -> None:
        """Forget the desk's session, and stay signed in at the provider."""
        self.desk.client.cookies.delete(COOKIE)

    def is_in(self) -> bool:
        return self.desk.client.get("/account", follow_redirects=False).status_code == 200


@pytest.fixture
def provider(clock: FakeClock, guard: Guard) -> Iterator[OpenId]:
    people = {
        "kim": Person("s-kim", "kim's own", "Kim Agent", ["staff", "helpdesk"]),
        "lee": Person("s-lee", "kim's own", "Lee Lead", ["helpdesk", "helpdesk-leads"]),
        "nia": Person("s-nia", "kim's own", "Nia Nobody", ["staff"]),
    }
    made = OpenId(f"{guard.desk_url}{BACK}", lambda: clock.now().timestamp(), people)
    with providing(made) as running:
        yield running


def trust_in(provider: OpenId, *, both_factors: bool = True, **changes: Any) -> Trust:
    client = Provider(
        provider.url,
        client_id=CLIENT,
        client_secret=Secret(SECRET),
        redirect=provider.redirect,
        now=provider.now,
        **({"timeout": 20.0} | changes),
    )
    return Trust(client, "Acme ID", both_factors, "preferred_username", "name", "groups", GROUPS)


Making = Callable[..., There]


@pytest.fixture
def making(
    *, lifecycle: Lifecycle, reading: Reading, store: Opened, guard: Guard, clock: FakeClock, provider: OpenId
) -> Making:
    """Make the desk with single sign-on; a second call gives another browser of the same desk."""
    apps: dict[str, Any] = {}

    def made(**changes: Any) -> There:
        if repr(changes) not in apps:
            trust = trust_in(provider, **changes)
            apps[repr(changes)] = desk_app(lifecycle, reading, store, guard, clock, trust=trust)
        client = TestClient(
            apps[repr(changes)], base_url=guard.desk_url, headers={"sec-fetch-site": "same-origin"}
        )
        return There(Desk(client), provider)

    return made


@pytest.fixture
def there(making: Making) -> There:
    return making()


def test_sr_84_somebody_signs_in_and_the_first_login_makes_the_account(there: There, store: Opened) -> None:
    assert "Sign in with Acme ID" in there.desk.get("/login?next=/errands")
    asked = dict(parse_qsl(urlsplit(there.begin()).query))
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == "https://desk.acme.example/login/provider/back"
    assert len(asked["state"]) == len(asked["nonce"]) == 43
    answer = there.sign_in()
    assert answer.headers["location"] == "/errands"
    assert "Kim Agent" in there.desk.get("/errands")
    made = store.accounts.agent_by_login("kim")
    assert made
    assert (made.issuer, made.subject, made.roles) == (there.provider.url, "s-kim", ("agent",))
    assert made.password_hash == ""
    there.leave()
    there.sign_in()
    assert len(store.accounts.agents()) == 1


def test_sr_84_the_page_of_the_first_login_names_no_secret_and_neither_does_the_log(there: There) -> None:
    with capture_logs() as said:
        back = there.give(there.begin())
        there.desk.client.get(back)
    code = dict(parse_qsl(urlsplit(back).query))["code"]
    for secret in (SECRET, code, "s-kim", there.desk.client.cookies[COOKIE]):
        assert secret not in str(said)
    told = {line["event"]: line for line in said}
    assert told["signed in"]["way"] == "provider"


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256"])
def test_sr_84_each_allowed_algorithm_is_believed(there: There, algorithm: str) -> None:
    there.provider.algorithm = algorithm
    if algorithm == "ES256":
        there.provider.signer = there.provider.keys[1]
    there.sign_in()
    assert there.is_in()


def test_sr_84_a_token_without_at_hash_is_believed(there: There) -> None:
    there.provider.faults.claims = {"at_hash": None}
    there.sign_in()
    assert there.is_in()


def forged_by_stranger(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return jwt.encode(header, claims, RSAKey.generate_key(2048))


def swapped(*parts: str) -> Callable[[dict[str, Any], dict[str, Any]], str]:
    return lambda _header, _claims: ".".join(parts)


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "wrong issuer": ({"claims": {"iss": "https://evil.example"}}, "iss"),
    "no issuer": ({"claims": {"iss": None}}, "iss"),
    "wrong audience": ({"claims": {"aud": "another"}}, "aud"),
    "no audience": ({"claims": {"aud": None}}, "aud"),
    "an audience beside us": ({"claims": {"aud": [CLIENT, "another"]}}, "audience"),
    "another azp": ({"claims": {"azp": "another"}}, "azp"),
    "wrong nonce": ({"claims": {"nonce": "x" * 43}}, "nonce"),
    "no nonce": ({"claims": {"nonce": None}}, "nonce"),
    "a list of nonces": ({"claims": {"nonce": ["x"]}}, "nonce"),
    "expired": ({"claims": {"exp": 1}}, "expired"),
    "no end": ({"claims": {"exp": None}}, "exp"),
    "not yet valid": ({"claims": {"nbf": 9_999_999_999}}, "not yet valid"),
    "issued in the future": ({"claims": {"iat": 9_999_999_999}}, "in the future"),
    "never issued": ({"claims": {"iat": None}}, "iat"),
    "no subject": ({"claims": {"sub": None}}, "sub"),
    "a subject that is no text": ({"claims": {"sub": 7}}, "sub"),
    "a subject without end": ({"claims": {"sub": "s" * 300}}, "sub"),
    "wrong at_hash": ({"claims": {"at_hash": "x" * 22}}, "at_hash"),
    "no auth_time": ({"claims": {"auth_time": None}}, "auth_time"),
    "an auth_time that is no number": ({"claims": {"auth_time": True}}, "auth_time"),
    "an auth_time in the future": ({"claims": {"auth_time": 9_999_999_999}}, "auth_time"),
    "auth_time too old": ({"claims": {"auth_time": 1}}, "auth_time is too old"),
    "no algorithm": ({"header": {"alg": None}, "forged": unsigned}, "algorithm"),
    "algorithm none": ({"forged": unsigned}, "algorithm"),
    "another algorithm": ({"forged": swapped("eyJhbGciOlsiUlMyNTYiXX0", "e30", "")}, "algorithm"),
    "wrong key": ({"forged": forged_by_stranger}, "bad_signature"),
    "unknown key": ({"header": {"kid": "unknown"}}, "key is not known"),
    "the key of another algorithm": (
        {"header": {"kid": "curve"}, "forged": forged_by_stranger},
        "key is not known",
    ),
    "no name of a key": ({"header": {"kid": ["first"]}, "forged": signed_with_nothing}, "key is not known"),
    "no token": ({"answer": {"id_token": None}}, "no ID token"),
    "garbage for a token": ({"answer": {"id_token": "garbage"}}, "no ID token"),
    "five parts": ({"forged": swapped("eyJhbGciOiJSUzI1NiIsImtpZCI6ImZpcnN0In0", *"abcd")}, ""),
    "no claims": ({"forged": lambda h, _: jwt.encode(h, {}, RSAKey.generate_key(2048))}, "bad_signature"),
    "token endpoint 500": ({"token": Reply(500, b"oops")}, "500"),
    "token endpoint garbage": ({"token": Reply(200, b"<html>")}, "no ID token"),
    "token endpoint refuses": ({"token": told({"error": "invalid_grant"}, 400)}, "invalid_grant"),
    "keys cannot be read": ({"keys_reply": Reply(200, b"[]")}, "no usable keys"),
    "keys are gone": ({"keys_reply": Reply(404, b"")}, "no usable keys"),
    "the answer is of another issuer": ({"issuer_in_answer": "https://evil.example"}, "another issuer"),
    "the answer names no issuer": ({"issuer_in_answer": None}, "another issuer"),
}


def refused(there: There, answer: Any, said: Sequence[Any], reason: str, status: int = 403) -> None:
    assert answer.status_code == status
    assert COOKIE not in answer.cookies
    assert not there.is_in()
    assert "Sign in with Acme ID" in answer.text
    assert "Or with a local account" in answer.text
    assert reason in next(line["reason"] for line in said if line["event"] == "sign-in by provider refused")


@pytest.mark.parametrize("fault", FAULTS)
def test_sr_84_one_fault_and_nobody_is_signed_in(there: There, store: Opened, fault: str) -> None:
    wrong, reason = FAULTS[fault]
    there.provider.faults = replace(there.provider.faults, **wrong)
    with capture_logs() as said:
        answer = there.sign_in()
    refused(there, answer, said, reason)
    assert store.accounts.agents() == []


def test_sr_84_hs256_with_the_public_key_is_refused(there: There) -> None:
    there.provider.faults.forged = hs256_with_public_key(there.provider)
    with capture_logs() as said:
        refused(there, there.sign_in(), said, "'HS256' is not allowed")


METADATA: dict[str, tuple[dict[str, Any], str]] = {
    "another issuer": ({"metadata": {"issuer": "https://evil.example"}}, "another issuer"),
    "a token endpoint elsewhere": (
        {"metadata": {"token_endpoint": "https://evil.example/token"}},
        "token_endpoint",
    ),
    "a login page elsewhere": ({"metadata": {"authorization_endpoint": "https://evil.example/"}}, "authorization"),
    "keys elsewhere": ({"metadata": {"jwks_uri": "http://127.0.0.1:1/keys"}}, "jwks_uri"),
    "no keys": ({"metadata": {"jwks_uri": None}}, "jwks_uri"),
    "a token endpoint with a question": ({"metadata": {"token_endpoint": "URL/token?x=/y"}}, "token_endpoint"),
    "a bad address": ({"metadata": {"jwks_uri": "http://[::1/keys"}}, "jwks_uri"),
    "garbage": ({"metadata_reply": Reply(200, b"x")}, "no metadata"),
    "gone": ({"metadata_reply": Reply(404, b"")}, "no metadata"),
}


@pytest.mark.parametrize("fault", METADATA)
def test_sr_84_nobody_is_sent_to_a_provider_whose_metadata_is_wrong(there: There, fault: str) -> None:
    wrong, reason = METADATA[fault]
    there.provider.faults = replace(there.provider.faults, **wrong)
    told = there.provider.faults.metadata.items()
    there.provider.faults.metadata = {n: v and v.replace("URL", there.provider.url) for n, v in told}
    with capture_logs() as said:
        answer = there.desk.client.get("/login/provider", follow_redirects=False)
    refused(there, answer, said, reason)


@pytest.mark.parametrize("reply", [HANGS_UP, SILENT], ids=["hangs up", "slow"])
def test_a_provider_that_does_not_answer_leads_to_the_local_login(making: Making, reply: Reply) -> None:
    there = making(timeout=0.5)
    there.provider.faults.token = reply
    address = there.begin()
    with capture_logs() as said:
        answer = there.desk.client.get(there.give(address), follow_redirects=False)
    refused(there, answer, said, "", 503)
    assert "Acme ID does not answer just now." in answer.text
    assert "use a local account" in answer.text


def test_a_provider_that_is_down_is_left_alone_for_a_while(there: There, clock: FakeClock) -> None:
    there.provider.faults.metadata_reply = Reply(500, b"")
    for _ in range(3):
        assert there.desk.client.get("/login/provider", follow_redirects=False).status_code == 403
    assert len(there.provider.asked) == 1
    there.provider.faults.metadata_reply = None
    clock.forward(seconds=10)
    there.sign_in()
    assert there.is_in()


def test_without_the_provider_a_local_administrator_signs_in(making: Making, staffed: Staffed) -> None:
    staffed("ada", Role.ADMINISTRATOR)
    there = making(timeout=0.5)
    there.provider.faults.metadata_reply = HANGS_UP
    answer = there.desk.client.get("/login/provider", follow_redirects=False)
    assert answer.status_code == 503
    assert there.desk.log_in("ada").status_code == 303
    assert there.is_in()


def test_sr_84_a_rotated_key_is_read_anew_and_an_unknown_one_only_once(there: There) -> None:
    there.sign_in()
    there.provider.rotate()
    there.leave()
    there.sign_in()
    assert there.is_in()
    assert there.provider.asked.count("GET /keys") == 2
    there.provider.faults.header = {"kid": "unknown"}
    there.leave()
    assert there.sign_in().status_code == 403
    assert there.provider.asked.count("GET /keys") == 3


def test_sr_84_metadata_is_kept_for_an_hour(there: There, clock: FakeClock) -> None:
    asked = "GET /.well-known/openid-configuration"
    for minutes, times in ((0, 1), (59, 1), (2, 2)):
        clock.forward(minutes=minutes)
        there.begin()
        assert there.provider.asked.count(asked) == times


def test_sr_84_a_provider_that_wants_the_secret_in_the_form_gets_it_there(there: There) -> None:
    there.provider.faults.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    there.sign_in()
    assert there.is_in()


@pytest.mark.parametrize("state", ["", "x" * 43, "é"])
def test_sr_84_a_missing_or_foreign_state_signs_nobody_in(there: There, state: str) -> None:
    back = urlsplit(there.give(there.begin()))
    told = dict(parse_qsl(back.query)) | {"state": state}
    answer = there.desk.client.get(f"{back.path}?{urlencode(told)}", follow_redirects=False)
    assert answer.status_code == 422
    assert "not begun in this browser" in answer.text
    assert not there.is_in()


def test_sr_84_the_answer_of_another_browser_signs_nobody_in(there: There, making: Making) -> None:
    attacker = making()
    planted = attacker.give(attacker.begin())
    there.begin()
    answer = there.desk.client.get(planted, follow_redirects=False)
    assert answer.status_code == 422
    assert not there.is_in()
    assert making().desk.client.get(planted, follow_redirects=False).status_code == 422


def test_sr_84_an_answer_is_taken_once(there: There) -> None:
    back = there.give(there.begin())
    kept = there.desk.client.cookies[PENDING]
    there.desk.client.get(back)
    assert there.is_in()
    there.leave()
    assert there.desk.client.get(back, follow_redirects=False).status_code == 422
    there.desk.client.cookies.set(PENDING, kept, domain="desk.acme.example")
    with capture_logs() as said:
        refused(there, there.desk.client.get(back, follow_redirects=False), said, "invalid_grant")


def test_sr_84_a_sign_in_lives_for_ten_minutes(there: There, clock: FakeClock) -> None:
    back = there.give(there.begin())
    clock.forward(minutes=10, seconds=1)
    assert there.desk.client.get(back, follow_redirects=False).status_code == 422


@pytest.mark.parametrize(
    "cookie", ["", "x", f"{'a' * 43}.1..", f"{'a' * 43}.99999999999..Lw==", f"{'a' * 43}.1..gA=="]
)
def test_sr_84_a_made_up_cookie_fits_no_state(there: There, cookie: str) -> None:
    there.desk.client.cookies.set(PENDING, cookie, domain="desk.acme.example")
    answer = there.desk.client.get(f"{BACK}?state=&code=x", follow_redirects=False)
    assert answer.status_code == 422


def test_sr_84_where_to_go_next_cannot_be_changed_on_the_way(there: There) -> None:
    back = there.give(there.begin("/login/provider?next=//evil.example"))
    assert there.desk.client.get(back, follow_redirects=False).headers["location"] == "/"
    parts = there.desk.client.get("/login/provider?next=/login/provider", follow_redirects=False)
    assert parts.headers["location"] == "/"


def test_sr_84_without_a_code_nobody_is_signed_in(there: There) -> None:
    state = dict(parse_qsl(urlsplit(there.begin()).query))["state"]
    query = urlencode({"state": state, "iss": there.provider.url})
    with capture_logs() as said:
        refused(there, there.desk.client.get(f"{BACK}?{query}", follow_redirects=False), said, "no code")


@pytest.mark.parametrize(("error", "words"), [("access_denied", "(access_denied)"), ("<b>", "(no reason)")])
def test_what_the_provider_refuses_is_said_and_nothing_else_of_it(there: There, error: str, words: str) -> None:
    state = dict(parse_qsl(urlsplit(there.begin()).query))["state"]
    query = urlencode({"state": state, "error": error, "error_description": "call 555"})
    answer = there.desk.client.get(f"{BACK}?{query}", follow_redirects=False)
    assert answer.status_code == 403
    assert f"Acme ID did not sign you in {words}." in answer.text
    assert "555" not in answer.text


def test_sr_136_refused_answers_do_not_fill_the_audit_log(there: There, store: Opened, clock: FakeClock) -> None:
    def recorded() -> int:
        return len(store.audit.page(Sought(kinds=(Deed.SIGN_IN_REFUSED.value,)), 500).rows)

    for _ in range(TRIES_ADDRESS + 5):
        assert there.desk.client.get(f"{BACK}?state=x", follow_redirects=False).status_code == 422
    assert recorded() == TRIES_ADDRESS
    clock.forward(minutes=16)
    there.desk.client.get(f"{BACK}?state=x", follow_redirects=False)
    assert recorded() == TRIES_ADDRESS + 1


def test_sr_86_a_session_planted_before_the_login_is_worth_nothing(there: There) -> None:
    there.desk.client.cookies.set(COOKIE, "planted" * 8, domain="desk.acme.example")
    answer = there.sign_in()
    assert answer.cookies[COOKIE] != "planted" * 8
    assert answer.headers["set-cookie"].count("SameSite=lax") == 2


def test_who_is_in_no_group_that_gives_a_role_is_denied(there: There, store: Opened) -> None:
    with capture_logs() as said:
        refused(there, there.sign_in("nia"), said, "is in no group that gives a role here")
    assert store.accounts.agents() == []


@pytest.mark.parametrize("groups", [None, 7, [], [7], "helpdesk-other", {"helpdesk": 1}])
def test_groups_that_cannot_be_read_give_no_role(there: There, groups: Any) -> None:
    there.provider.faults.claims = {"groups": groups}
    assert there.sign_in().status_code == 403


def test_more_groups_than_a_token_holds_are_told_as_such(there: There) -> None:
    there.provider.faults.claims = {"groups": None, "_claim_names": {"groups": "src1"}}
    assert "has more groups than a token can hold" in there.sign_in().text


def test_sr_87_roles_are_read_anew_at_every_login_and_none_puts_out(there: There, store: Opened) -> None:
    there.sign_in()
    there.provider.people["kim"].groups = ["desk-admins", "helpdesk-leads"]
    there.provider.people["kim"].name = "Kim King"
    there.leave()
    there.sign_in()
    kim = store.accounts.agent_by_login("kim")
    assert kim
    assert (kim.roles, kim.name) == (("approver", "administrator"), "Kim King")
    there.provider.people["kim"].groups = []
    cookie = there.desk.client.cookies[COOKIE]
    there.leave()
    assert there.sign_in().status_code == 403
    assert store.accounts.visitor(digest(cookie)) is None
    after = store.accounts.agent(kim.id)
    assert after
    assert after.roles == ()


def test_sr_87_a_deactivated_account_stays_out_and_is_not_made_again(there: There, store: Opened) -> None:
    there.sign_in()
    kim = store.accounts.agent_by_login("kim")
    assert kim
    store.accounts.put_agent(replace(kim, active=False))
    assert not there.is_in()
    with capture_logs() as said:
        refused(there, there.sign_in(), said, "Your account here is deactivated.")
    assert len(store.accounts.agents()) == 1


def test_sr_87_who_is_deactivated_while_signing_in_is_not_activated_by_it(
    there: There, store: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    there.sign_in()
    kim = store.accounts.agent_by_login("kim")
    assert kim
    store.accounts.put_agent(replace(kim, active=False))
    monkeypatch.setattr(type(store.accounts), "agent_by_subject", lambda *_: kim)
    there.leave()
    assert there.sign_in().status_code == 403
    there.provider.people["kim"].groups = []
    assert there.sign_in().status_code == 403
    assert store.accounts.agent(kim.id) == replace(kim, active=False)


def test_sr_84_an_account_is_found_by_subject_and_never_by_its_name(
    there: There, staffed: Staffed, store: Opened
) -> None:
    local = staffed("kim", Role.ADMINISTRATOR)
    with capture_logs() as said:
        refused(there, there.sign_in(), said, "Your login belongs to another account here.")
    assert store.accounts.agents() == [local]
    assert any(line.get("subject") == "s-kim" for line in said)


@pytest.mark.parametrize("login", [None, "", "two words", 7, "x" * 200])
def test_a_login_that_cannot_be_used_is_told(there: There, login: Any) -> None:
    there.provider.faults.claims = {"preferred_username": login}
    assert "Acme ID tells no usable login in “preferred_username”." in there.sign_in().text


def test_sr_85_where_the_provider_asks_for_one_factor_our_own_second_follows(
    making: Making, staffed: Staffed, store: Opened
) -> None:
    there = making(both_factors=False)
    assert there.sign_in().headers["location"] == "/login/enrol?next=%2Ferrands"
    assert not there.is_in()
    there.desk.get("/login/enrol?next=/errands")
    assert there.desk.post("/login/enrol", code=CODE).headers["location"] == "/errands"
    assert there.is_in()
    there.leave()
    assert there.sign_in().headers["location"] == "/login/second?next=%2Ferrands"
    assert not there.is_in()


@pytest.mark.parametrize(
    ("wanted", "claims", "well"),
    [
        ({"acr": ["phr"]}, {"acr": "phr"}, True),
        ({"acr": ["phr"]}, {"acr": "low"}, False),
        ({"acr": ["phr"]}, {}, False),
        ({"amr": ["mfa", "hwk"]}, {"amr": ["pwd", "mfa"]}, True),
        ({"amr": ["mfa"]}, {"amr": ["pwd"]}, False),
        ({"amr": ["mfa"]}, {"amr": "mfa"}, False),
        ({"amr": ["mfa"]}, {}, False),
    ],
)
def test_sr_85_how_somebody_signed_in_is_checked_where_it_is_set(
    making: Making, wanted: Any, claims: Any, well: bool
) -> None:
    there = making(**wanted)
    there.provider.faults.claims = claims
    there.sign_in()
    assert there.is_in() is well
    there.desk.client.cookies.clear()
    assert ("acr_values=phr" in there.begin()) is ("acr" in wanted)


def approver(making: Making, clock: FakeClock, login: str = "lee") -> There:
    """Give an approver who signed in some time ago."""
    there = making()
    there.sign_in(login)
    clock.forward(minutes=6)
    return there


STALE = "/account/enrol/totp"


def test_sr_88_a_fresh_login_is_asked_for_at_the_provider(making: Making, clock: FakeClock) -> None:
    there = approver(making, clock)
    asked = there.desk.client.get(STALE, follow_redirects=False).headers["location"]
    assert asked == "/login/second?next=%2Faccount%2Fenrol%2Ftotp"
    page = there.desk.get(asked)
    assert "Confirm with Acme ID" in page
    assert "Code from your app" not in page
    address = there.begin("/login/provider?next=/account/enrol/totp")
    told = dict(parse_qsl(urlsplit(address).query))
    assert (told["prompt"], told["max_age"]) == ("login", "300")
    before = there.desk.client.cookies[COOKIE]
    answer = there.desk.client.get(there.give(address, "lee"), follow_redirects=False)
    assert answer.headers["location"] == STALE
    assert there.desk.client.cookies[COOKIE] != before
    there.desk.get(STALE)
    assert PENDING not in there.desk.client.cookies


def test_sr_88_a_provider_that_does_not_ask_again_makes_nothing_fresh(making: Making, clock: FakeClock) -> None:
    there = approver(making, clock)
    there.provider.faults.tells_login_again = False
    answer = there.sign_in("lee", f"/login/provider?next={STALE}")
    assert answer.status_code == 403
    assert "Acme ID asked for your factors too long ago." in answer.text
    assert "Confirm with Acme ID" in answer.text
    assert there.is_in()
    assert there.desk.client.get(STALE, follow_redirects=False).status_code == 303


def test_sr_88_another_person_cannot_confirm(making: Making, clock: FakeClock, store: Opened) -> None:
    there = approver(making, clock)
    answer = there.sign_in("kim", f"/login/provider?next={STALE}")
    assert "That was not the account you are signed in with." in answer.text
    assert store.accounts.agent_by_login("kim") is None
    assert there.desk.client.get(STALE, follow_redirects=False).status_code == 303


def test_sr_88_an_old_login_at_the_provider_opens_the_desk_but_is_not_fresh(
    making: Making, clock: FakeClock
) -> None:
    there = making()
    there.sign_in("lee")
    clock.forward(hours=2)
    there.leave()
    there.sign_in("lee")
    assert there.provider.asked.count("POST /authorize") == 1
    assert there.is_in()
    assert there.desk.client.get(STALE, follow_redirects=False).status_code == 303


def test_a_login_at_the_provider_that_is_older_than_a_session_may_be_is_made_anew(
    making: Making, clock: FakeClock
) -> None:
    there = making()
    there.sign_in()
    clock.forward(hours=13)
    there.provider.faults.tells_login_again = False
    answer = there.sign_in()
    assert "Acme ID asked for your factors too long ago." in answer.text
    assert "again=1" in answer.text
    there.provider.faults.tells_login_again = True
    there.sign_in("kim", "/login/provider?again=1")
    assert there.is_in()


def test_sr_88_nobody_confirms_by_a_factor_that_was_never_theirs_here(making: Making, clock: FakeClock) -> None:
    there = approver(making, clock)
    assert (
        there.desk.client.get("/login/enrol", follow_redirects=False)
        .headers["location"]
        .startswith("/login/second")
    )
    there.desk.get("/login/second")
    there.desk.get("/account")
    for path in ("/login/enrol", "/login/second"):
        there.desk.post(path, kind="totp", code=CODE)
    assert there.desk.client.get(STALE, follow_redirects=False).status_code == 303


def test_sr_88_after_single_sign_on_was_taken_away_its_sessions_cannot_confirm(
    *, making: Making, clock: FakeClock, lifecycle: Lifecycle, reading: Reading, store: Opened, guard: Guard
) -> None:
    there = approver(making, clock)
    cookie = there.desk.client.cookies[COOKIE]
    local = TestClient(desk_app(lifecycle, reading, store, guard, clock), base_url=guard.desk_url, headers=OWN)
    local.cookies.set(COOKIE, cookie)
    assert local.get("/login/second", follow_redirects=False).headers["location"] == "/login?bye=1"
    assert local.get("/login/provider").status_code == 404
    there = approver(making, clock)
    half = making(both_factors=False)
    half.desk.client.cookies.set(COOKIE, there.desk.client.cookies[COOKIE], domain="desk.acme.example")
    assert half.begin() == "/login?bye=1"


def test_who_is_signed_in_and_fresh_is_not_sent_to_the_provider(there: There, staffed: Staffed) -> None:
    there.sign_in()
    assert there.begin("/login/provider?next=/policy") == "/policy"
    staffed("ada", Role.ADMINISTRATOR)
    there.desk.log_in("ada", PASSWORD)
    assert there.begin("/login/provider?next=/policy") == "/policy"


def test_signing_out_offers_to_sign_out_at_the_provider_too(there: There) -> None:
    there.sign_in()
    there.desk.get("/account")
    assert there.desk.post("/logout").headers["location"] == "/login?bye=1"
    page = there.desk.get("/login?bye=1")
    assert "sign out there too" in page
    end = there.begin("/login/provider/out")
    assert end.startswith(f"{there.provider.url}/logout?")
    with client(cookies=there.cookies) as browser:
        assert browser.get(end).headers["location"] == "https://desk.acme.example/login?bye=1"
    assert there.provider.signed_in == {}


def test_without_an_address_to_sign_out_the_page_says_so(there: There) -> None:
    there.provider.faults.metadata = {"end_session_endpoint": None}
    assert "Acme ID offers no address to sign out." in there.desk.get("/login/provider/out", 404)
