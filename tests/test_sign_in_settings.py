"""Single sign-on's settings: every mistake names its key and what to do."""

from typing import Any

import pytest
from pydantic import ValidationError

from deskward.core.accounts import Role
from deskward.sign_in_settings import OidcSettings

GOOD: dict[str, Any] = {
    "issuer": "https://id.example.com/realms/staff",
    "client_id": "deskward",
    "client_secret": "hush-hush",
    "roles": {"agent": ["helpdesk"], "privacy_officer": ["privacy"]},
}


def test_groups_are_told_by_role() -> None:
    told = OidcSettings(**GOOD)
    assert told.roles.groups() == {
        Role.AGENT: frozenset({"helpdesk"}),
        Role.PRIVACY_OFFICER: frozenset({"privacy"}),
    }
    assert told.second_factor == "deskward"
    assert "hush" not in repr(told)


@pytest.mark.parametrize(
    "issuer", ["http://localhost:8080/x", "http://idp.localhost", "http://127.0.0.1:1", "https://a/"]
)
def test_an_issuer_on_loopback_may_do_without_tls(issuer: str) -> None:
    assert OidcSettings(**GOOD | {"issuer": issuer}).issuer == issuer


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"issuer": "http://id.example.com"}, "beginning with https://"),
        ({"issuer": "https://id.example.com/?x=1"}, "beginning with https://"),
        ({"issuer": "https://me@id.example.com"}, "beginning with https://"),
        ({"issuer": 7}, "beginning with https://"),
        ({"client_id": ""}, "at least 1 character"),
        ({"client_secret": ""}, "client_secret is empty"),
        ({"second_factor": "nobody"}, "'deskward' or 'provider'"),
        ({"roles": {}}, "name a group for at least one role"),
        ({"roles": {"agent": [""]}}, "the name of a group is empty"),
        ({"roles": {"king": ["x"]}}, "Extra inputs are not permitted"),
        ({"algorithms": ["none"]}, "Extra inputs are not permitted"),
        ({"timeout": 0}, "greater than 0"),
    ],
)
def test_what_cannot_be_is_said(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        OidcSettings(**GOOD | change)
    assert words in str(caught.value)
    assert "hush" not in str(caught.value)
