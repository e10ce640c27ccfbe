"""Familiarity: how far network and browser are like the person's earlier visits (Freeman et al., NDSS 2016)."""

import math
from collections.abc import Iterable

from deskward.core.errors import SettingsError
from deskward.core.risk import Finding, Section, unknown
from deskward.core.signals import Seen

STRANGE, VERY_STRANGE, FAMILIAR = 1.0, 2.5, -1.0
SOURCE = "earlier verifications that passed, and sign-ins where they are learned"


class Signal:
    """Weighs the score of the model: about 0 for what is the person's own, 1 and more for a stranger's.

    Below `familiar` it calms, from `strange` it raises a little, from `very_strange` more. In the bench 98 % of
    the naive and VPN attacks on people with about 12 visits score 0.14 and more.
    """

    name = "familiarity"
    section = Section.NETWORK
    title = "Familiar network and browser"
    about = "We compare your network and browser with your earlier visits, to notice somebody who acts for you."
    reads: tuple[str, ...] = ()

    def __init__(self, *, familiar: float = 0.01, strange: float = 0.14, very_strange: float = 1.0) -> None:
        if not 0 < familiar < strange < very_strange:
            text = f"signals.familiarity has the thresholds {familiar:g}, {strange:g} and {very_strange:g}."
            raise SettingsError(text, "Let familiar, strange and very_strange grow, from above 0.")
        self._familiar, self._strange, self._very_strange = familiar, strange, very_strange

    def look(self, seen: Seen) -> Iterable[Finding]:
        """Put the score into words and weight; unknown with too little history."""
        score = seen.past.familiarity
        if score is None or math.isnan(score):
            text = "There are too few earlier visits to compare with."
            return [unknown(self.name, self.section, text, SOURCE)]
        weight, text = self._weighed(score)
        return [Finding(self.name, self.section, weight, text, SOURCE, raw={"score": f"{score:.4g}"})]

    def _weighed(self, score: float) -> tuple[float, str]:
        if score >= self._very_strange:
            return VERY_STRANGE, "Network and browser are very unlike this person's earlier visits."
        if score >= self._strange:
            return STRANGE, "Network and browser are unlike this person's earlier visits."
        if score < self._familiar:
            return FAMILIAR, "Network and browser are like this person's earlier visits."
        return 0.0, "Network and browser are partly like this person's earlier visits."
