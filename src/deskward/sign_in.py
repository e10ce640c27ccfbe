"""Puts single sign-on together from its settings, and says how it is."""

from collections.abc import Iterable

from deskward.core.accounts import Agent, Role
from deskward.core.ports import Clock
from deskward.core.tickets import Check
from deskward.outbound.openid import Provider
from deskward.settings import Settings
from deskward.web.desk import BACK, Trust


def trust_of(settings: Settings, clock: Clock) -> Trust | None:
    """Make the provider and what is taken from it; None where there is none."""
    told = settings.sign_in.oidc
    if told is None:
        return None
    provider = Provider(
        told.issuer,
        client_id=told.client_id,
        client_secret=told.client_secret,
        redirect=f"{settings.web.desk_url}{BACK}",
        now=lambda: clock.now().timestamp(),
        scopes=told.scopes,
        acr=told.acr_values,
        amr=told.amr,
        timeout=told.timeout,
    )
    return Trust(
        provider,
        told.name,
        both_factors=told.second_factor == "provider",
        login_claim=told.login_claim,
        name_claim=told.name_claim,
        groups_claim=told.groups_claim,
        roles=told.roles.groups(),
    )


def checks(settings: Settings, clock: Clock, agents: Iterable[Agent]) -> Iterable[Check]:
    """Check single sign-on for the doctor; nothing where there is none."""
    trust = trust_of(settings, clock)
    if trust is None:
        return
    yield from trust.provider.doctor()
    seen = bool(trust.provider.acr or trust.provider.amr)
    yield Check(
        "second factor",
        well=seen or not trust.both_factors,
        text="the provider asks for it" if trust.both_factors else "Deskward asks for its own",
        hint="Nothing shows that the provider did: set acr_values or amr, and let its policy demand two factors.",
    )
    local = [a for a in agents if a.active and a.password_hash and a.has(Role.ADMINISTRATOR)]
    yield Check(
        "without it",
        well=bool(local),
        text=f"{len(local)} administrators can sign in with a password",
        hint="Keep one for the day it does not answer: deskward agent add LOGIN --role administrator.",
    )
