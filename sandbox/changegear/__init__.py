"""A simulated ChangeGear: REST API, webhooks, workflow, and a small web page for people."""

from sandbox.changegear.app import create_app
from sandbox.changegear.profile import PROFILE_VALUES, Profile
from sandbox.changegear.records import (
    ACCOUNT_UNLOCK,
    CATEGORIES,
    IDENTITY_CHECK,
    PASSWORD_RESET,
    PRINTER,
    Category,
    Change,
    Mail,
    Person,
    Subscription,
    Ticket,
)
from sandbox.changegear.serve import running
from sandbox.changegear.site import Site
from sandbox.changegear.webhooks import delivering

__all__ = [
    "ACCOUNT_UNLOCK",
    "CATEGORIES",
    "IDENTITY_CHECK",
    "PASSWORD_RESET",
    "PRINTER",
    "PROFILE_VALUES",
    "Category",
    "Change",
    "Mail",
    "Person",
    "Profile",
    "Site",
    "Subscription",
    "Ticket",
    "create_app",
    "delivering",
    "running",
]
