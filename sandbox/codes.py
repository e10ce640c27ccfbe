"""The authenticator apps of the sandbox's logins: real TOTP (RFC 6238), whose codes a page shows."""

import hashlib
import hmac
import secrets
import struct
from base64 import b32decode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deskward.core.accounts import Agent, WebSession
from deskward.core.errors import InvalidError
from deskward.wiring import Deskward

STEP, DIGITS, TRIES = 30, 6, 3
KIND = "totp"


@dataclass(frozen=True)
class Code:
    """What an app shows now; `seconds` until there is another one. No text when the present ones are used up."""

    login: str
    text: str
    seconds: int


@dataclass
class Apps:
    """One app per login, enrolled at the desk as a phone's would be; the secrets stay in the sandbox's folder."""

    house: Deskward
    folder: Path

    def enrol(self, agent: Agent) -> None:
        """Set an app up for somebody, unless it is there."""
        factors, kept = self.house.second_factors(), self._kept(agent.login)
        if kept.exists() and factors.of(agent):
            return
        now = self.house.house.clock.now()
        session = WebSession(secrets.token_hex(32), agent.id, "", now, now)
        offer = factors.enrolling(agent, session, KIND)
        secret = str(offer.asked.shown["secret"]).replace(" ", "")
        self._confirm(agent, session, secret, offer.at)
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(secret, encoding="ascii")

    def _confirm(self, agent: Agent, session: WebSession, secret: str, at: int, tries: int = TRIES) -> None:
        """Give the code before the present one, which stays good to log in with; where it grew old, the next."""
        step = int(self.house.house.clock.now().timestamp()) // STEP
        given = {"at": str(at), "code": code_of(secret, step - 1)}
        try:
            self.house.second_factors().enrol(agent, session, KIND, given)
        except InvalidError:
            if tries == 1:
                raise
            self._confirm(agent, session, secret, at, tries - 1)

    def codes(self) -> list[Code]:
        """Give for each login the earliest code that the desk would still take."""
        now = int(self.house.house.clock.now().timestamp())
        current, used = now // STEP, self._used()
        found = []
        for login, last in used.items():
            step = max(last + 1, current)
            secret = self._kept(login).read_text(encoding="ascii")
            text = code_of(secret, step) if step <= current + 1 else ""
            until = (current + 1) if text else step - 1
            found.append(Code(login, text, until * STEP - now))
        return found

    def _used(self) -> Mapping[str, int]:
        """Give the last used step of each login that has an app here."""
        factors, agents = self.house.second_factors(), self.house.opened.accounts.agents()
        apps = {a.login: [f.counter for f in factors.of(a) if f.kind == KIND] for a in agents}
        return {login: max(steps) for login, steps in apps.items() if steps and self._kept(login).exists()}

    def _kept(self, login: str) -> Path:
        return self.folder / "apps" / login


def code_of(secret: str, step: int) -> str:
    """Compute the code of a time step (RFC 4226, 5.3)."""
    mac = hmac.digest(b32decode(secret), struct.pack(">Q", step), hashlib.sha1)
    (number,) = struct.unpack_from(">I", mac, mac[-1] & 15)
    return str((number & 0x7FFFFFFF) % 10**DIGITS).zfill(DIGITS)
