"""The story: what happens to a verification from the ticket to the closed ticket."""

from deskward.lifecycle.house import SYSTEM, Actor, House
from deskward.lifecycle.reading import Reading
from deskward.lifecycle.sending import Request
from deskward.lifecycle.steps import BASELINE, NEUTRAL, NEUTRAL_HINT
from deskward.lifecycle.story import Lifecycle

__all__ = ["BASELINE", "NEUTRAL", "NEUTRAL_HINT", "SYSTEM", "Actor", "House", "Lifecycle", "Reading", "Request"]
