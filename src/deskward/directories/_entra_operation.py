"""The reset that also writes a password back to Active Directory: an operation of Microsoft Graph that takes time.

Microsoft grants it to nobody but a person who is signed in, so it is done in the name of an account that is kept
for it and signed in once (learn.microsoft.com/graph/api/authenticationmethod-resetpassword).
"""

import re
import time
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from deskward.core.errors import OutsideError, RejectedError, UncertainError
from deskward.core.secret import Secret
from deskward.directories._entra_graph import Graph, text_of

PASSWORD = "28c10230-6103-485e-b985-444c60001490"  # noqa: S105 - the id that Graph gives every password
PAUSE, PATIENCE = 1.0, 20.0  # seconds between looks at the operation, and from the first look to the last
_OPERATION = re.compile(r"[0-9A-Za-z-]{1,64}")


def reset(graph: Graph, person_id: str, password: Secret) -> None:
    """Start the operation and wait until it has ended.

    RejectedError where it failed; UncertainError where it has not ended in time or nobody tells how.
    """
    new = {"newPassword": password.reveal(), "requireChangeOnNextSignIn": False}
    path = f"users/{person_id}/authentication/methods/{PASSWORD}/resetPassword"
    place = urlsplit(graph.change("POST", path, json=new).headers.get("location", ""))
    operation = place.path.rpartition("/")[2]
    if not _OPERATION.fullmatch(operation):
        raise UncertainError("Microsoft Entra ID took the reset, but does not tell where it stands.")
    # Only the id and the query are taken from the address, so that the token goes to the configured one.
    where = (f"users/{person_id}/authentication/operations/{operation}", parse_qsl(place.query))
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        told = _looked(graph, *where)
        match text_of(told, "status").casefold():
            case "succeeded":
                return
            case "failed":
                words = text_of(told, "statusDetail") or "the operation failed."
                raise RejectedError(
                    f"Microsoft Entra ID refuses this: {words[:200]}", "Look at the account there."
                )
        time.sleep(PAUSE)
    raise UncertainError("The reset has not ended yet.", "Look at the account in a minute.")


def _looked(graph: Graph, path: str, query: list[tuple[str, str]]) -> dict[str, Any]:
    try:
        return graph.one(path, query)
    except OutsideError as trouble:
        raise UncertainError(f"How the reset ended cannot be read: {trouble.text}", trouble.hint) from trouble
