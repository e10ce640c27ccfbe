"""SIM swap: asks the phone network whether the SIM card of the number changed lately (CAMARA SIM Swap 2)."""

import re
from collections.abc import Iterable

from deskward.core.destinations import Kind
from deskward.core.errors import OutsideError, SettingsError
from deskward.core.risk import HIGH_FROM, Finding, Section, unknown
from deskward.core.secret import Secret
from deskward.core.signals import Seen
from deskward.outbound.tokens import TokenOutbound

LEAST_HOURS, MOST_HOURS = 1, 2400
HOURS_A_DAY = 24
NUMBER = re.compile(r"\+[1-9][0-9]{4,14}")
SOURCE = "phone network"


class Signal:
    """Asks when the link went by SMS; a swap within `max_age_hours` is critical (A-08, SR-27).

    No answer is “not checked”, never “clean”. `timeout` is in seconds.
    """

    name = "sim_swap"
    section = Section.PERSONA
    title = "SIM swap"
    about = "If the link went to your phone, we ask the phone network whether its SIM card was changed lately."
    reads: tuple[str, ...] = ()

    def __init__(
        self,
        *,
        base_url: str,
        token_url: str,
        client_id: str,
        client_secret: Secret,
        scope: str = "sim-swap:check",
        max_age_hours: int = 240,
        timeout: float = 3.0,
    ) -> None:
        if not LEAST_HOURS <= max_age_hours <= MOST_HOURS:
            text = f"signals.sim_swap.max_age_hours is {max_age_hours}."
            raise SettingsError(text, f"Choose {LEAST_HOURS} to {MOST_HOURS}.")
        self._hours = max_age_hours
        self._out = TokenOutbound(
            base_url,
            token_url=token_url,
            client_id=client_id,
            client_secret=client_secret,
            scope=scope,
            timeout=timeout,
        )

    def look(self, seen: Seen) -> Iterable[Finding]:
        """Ask about the number that the link went to; neutral for any other address."""
        if not seen.link_kind:
            return [self._unchecked("nobody knows where the link went")]
        if seen.link_kind != Kind.SMS.value:
            return [self._found(0.0, "The link did not go by SMS, so no SIM card was checked.")]
        return [self._checked(seen.link_to())]

    def log_out(self) -> None:
        """Close the connections."""
        self._out.close()

    def _checked(self, number: str) -> Finding:
        if not NUMBER.fullmatch(number):
            return self._unchecked("this is not a phone number")
        try:
            swapped = self._asked(number)
        except OutsideError:
            return self._unchecked("the phone network gives no answer")
        if swapped is None:
            return self._unchecked("the phone network cannot tell")
        words = f"changed within {_span(self._hours)}"
        if swapped:
            return self._found(HIGH_FROM, f"The SIM card of this number was {words}.", critical=True)
        return self._found(0.0, f"The SIM card of this number was not {words}.")

    def _asked(self, number: str) -> bool | None:
        """Ask; None for an answer that is neither yes nor no."""
        body = {"phoneNumber": number, "maxAge": self._hours}
        answer = self._out.call("POST", "check", json=body, repeatable=True)
        told = answer.json() if answer.ok else None
        swapped = told.get("swapped") if isinstance(told, dict) else None
        return swapped if isinstance(swapped, bool) else None

    def _found(self, weight: float, text: str, *, critical: bool = False) -> Finding:
        return Finding(self.name, self.section, weight, text, SOURCE, critical=critical)

    def _unchecked(self, why: str) -> Finding:
        return unknown(self.name, self.section, f"The SIM card was not checked: {why}.", SOURCE)


def _span(hours: int) -> str:
    count, unit = (hours // HOURS_A_DAY, "day") if hours % HOURS_A_DAY == 0 else (hours, "hour")
    return f"{count} {unit}{'s' if count > 1 else ''}"
