"""Single sign-on's part of the settings, as the file has it."""

import re
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from deskward.core.accounts import Role
from deskward.core.secret import Secret, read_secret
from deskward.policy_settings import Section

_ISSUER = re.compile(
    r"https://[^/?#@\s]+(/[^?#\s]*)?|http://(localhost|127\.0\.0\.1|[a-z0-9.-]+\.localhost)(:\d+)?(/[^?#\s]*)?"
)


def _issuer(typed: object) -> str:
    if not isinstance(typed, str) or not _ISSUER.fullmatch(typed):
        raise ValueError(
            "write the issuer as the provider spells it, beginning with https:// and without “?” or “#”"
        )
    return typed


class RoleSettings(Section):
    """Which groups of the provider give which role; a person may be in several."""

    agent: list[str] = Field(default_factory=list)
    approver: list[str] = Field(default_factory=list)
    administrator: list[str] = Field(default_factory=list)
    auditor: list[str] = Field(default_factory=list)
    privacy_officer: list[str] = Field(default_factory=list)

    def groups(self) -> dict[Role, frozenset[str]]:
        """Give the groups of every role that has any."""
        told = {role: getattr(self, role.name.casefold()) for role in Role}
        return {role: frozenset(groups) for role, groups in told.items() if groups}


class OidcSettings(Section):
    """One provider of single sign-on over OpenID Connect."""

    issuer: Annotated[str, BeforeValidator(_issuer)]
    client_id: str = Field(min_length=1, max_length=300)
    client_secret: Annotated[Secret, BeforeValidator(read_secret)]
    name: str = Field(default="single sign-on", min_length=1, max_length=40)
    second_factor: Literal["deskward", "provider"] = "deskward"
    acr_values: list[str] = Field(default_factory=list)
    amr: list[str] = Field(default_factory=list)
    scopes: list[str] = Field(default_factory=lambda: ["openid", "profile"])
    groups_claim: str = Field(default="groups", min_length=1)
    login_claim: str = Field(default="preferred_username", min_length=1)
    name_claim: str = Field(default="name", min_length=1)
    timeout: float = Field(default=5.0, gt=0, le=30)
    roles: RoleSettings

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not self.client_secret:
            raise ValueError("client_secret is empty")
        if not self.roles.groups():
            raise ValueError("name a group for at least one role; without one nobody can sign in")
        if any("" in groups for groups in self.roles.groups().values()):
            raise ValueError("the name of a group is empty")
        return self


class SignInSettings(Section):
    """How people sign in at the desk, beside local accounts."""

    oidc: OidcSettings | None = None
