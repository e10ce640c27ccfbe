"""Single sign-on from its settings, and what the doctor says of it, against a real provider."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deskward.core.accounts import Agent, Role
from deskward.core.tickets import Check
from deskward.settings import Settings, read
from deskward.sign_in import checks, trust_of
from deskward.sign_in_settings import SignInSettings
from sandbox.__main__ import Ground, written
from sandbox.phone import Phone
from tests.servers.openid import CLIENT, SECRET, OpenId, providing
from tests.servers.tokens import Reply

ADA = Agent("a1", "ada", "Ada", "hash", roles=(Role.ADMINISTRATOR.value,))


class Fixed:
    def now(self) -> datetime:
        return datetime(2026, 3, 3, tzinfo=UTC)


@pytest.fixture
def provider() -> Iterator[OpenId]:
    made = OpenId("http://desk.localhost:8080/login/provider/back", lambda: Fixed().now().timestamp())
    with providing(made) as running:
        yield running


@pytest.fixture
def bare(tmp_path: Path) -> Settings:
    phone = Phone()
    path, _ = written(Ground(tmp_path, 8080, 2525, "sqlite:///deskward.db"), phone)
    phone.close()
    return read(path)


def having(bare: Settings, provider: OpenId, **changes: Any) -> Settings:
    told = {"issuer": provider.url, "client_id": CLIENT, "client_secret": SECRET, "roles": {"agent": ["x"]}}
    return bare.model_copy(update={"sign_in": SignInSettings.model_validate({"oidc": told | changes})})


def said(settings: Settings, *agents: Agent) -> dict[str, Check]:
    return {check.name: check for check in checks(settings, Fixed(), agents)}


def test_without_the_section_there_is_none(bare: Settings) -> None:
    assert trust_of(bare, Fixed()) is None
    assert said(bare, ADA) == {}


def test_the_redirect_address_is_the_desks_own(bare: Settings, provider: OpenId) -> None:
    trust = trust_of(having(bare, provider, second_factor="provider", name="Acme ID"), Fixed())
    assert trust
    assert trust.provider.redirect == "http://desk.localhost:8080/login/provider/back"
    assert (trust.name, trust.both_factors) == ("Acme ID", True)


def test_the_doctor_says_what_to_register_and_that_all_is_well(bare: Settings, provider: OpenId) -> None:
    found = said(having(bare, provider), ADA)
    assert all(check.well for check in found.values())
    assert "http://desk.localhost:8080/login/provider/back" in found["provider"].text
    assert found["keys"].text == "2 usable; signs with ES256, PS256, RS256"
    assert found["second factor"].text == "Deskward asks for its own"


@pytest.mark.parametrize(
    ("fault", "name", "words"),
    [
        ({"metadata_reply": Reply(404, b"")}, "provider", "no metadata below the issuer: 404"),
        ({"metadata_reply": Reply(0)}, "provider", "127.0.0.1"),
        ({"metadata": {"issuer": "x"}}, "provider", "another issuer"),
        ({"keys_reply": Reply(200, b"{}")}, "provider", "no usable keys"),
        ({"metadata": {"id_token_signing_alg_values_supported": ["HS256"]}}, "keys", "nothing that is allowed"),
        ({"metadata": {"code_challenge_methods_supported": ["plain"]}}, "keys", "2 usable"),
    ],
)
def test_the_doctor_names_what_is_wrong_there(
    bare: Settings, provider: OpenId, fault: Any, name: str, words: str
) -> None:
    provider.faults = replace(provider.faults, **fault)
    found = said(having(bare, provider), ADA)[name]
    assert not found.well
    assert words in found.text
    assert found.hint


def test_keys_that_cannot_be_used_are_left_out(bare: Settings, provider: OpenId) -> None:
    short = {"kty": "RSA", "kid": "short", "n": "AQAB", "e": "AQAB"}
    rows = [short, {"kty": "oct", "k": "AAAA"}, {"kty": "EC", "crv": "odd"}, "x", {"kty": "RSA", "use": "enc"}]
    provider.faults.keys_reply = Reply(200, json.dumps({"keys": rows}).encode())
    assert "no usable keys" in said(having(bare, provider), ADA)["provider"].text


def test_the_doctor_warns_of_a_second_factor_that_nothing_shows(bare: Settings, provider: OpenId) -> None:
    trusting = having(bare, provider, second_factor="provider")
    assert not said(trusting, ADA)["second factor"].well
    assert said(having(bare, provider, second_factor="provider", amr=["mfa"]), ADA)["second factor"].well


@pytest.mark.parametrize("change", [{"active": False}, {"password_hash": ""}, {"roles": ("agent",)}])
def test_the_doctor_asks_for_a_local_administrator(bare: Settings, provider: OpenId, change: Any) -> None:
    found = said(having(bare, provider), replace(ADA, **change))["without it"]
    assert not found.well
    assert "deskward agent add" in found.hint
