"""ChangeGear's webhooks: believed for a Basic login, and then only as a hint which ticket to read (SR-100)."""

import hmac
import json
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from deskward.connectors._changegear_rest import ident
from deskward.core.ports import Posted
from deskward.core.secret import Secret


class Hooks:
    """The login that webhooks carry, and the part of their body that holds the ticket."""

    def __init__(self, login: str, password: Secret, entity_key: str, fields: Mapping[str, Any]) -> None:
        self.ready = bool(login and password)
        self._login = f"{login}:{password.reveal()}".encode()
        self._entity_key, self._fields = entity_key, fields

    def accept(self, posted: Posted) -> bool:
        """Check the Basic credentials in constant time; nothing is accepted where none are set."""
        scheme, _, given = posted.headers.get("authorization", "").strip().partition(" ")
        try:
            shown = b64decode(given.strip().encode(), validate=True)
        except ValueError:
            shown = b""
        same = hmac.compare_digest(shown, self._login)
        return same and scheme.casefold() == "basic" and self.ready

    def ticket_id(self, posted: Posted, own_id: str) -> str | None:
        """Take the id, and nothing else, from a body with or without `Entity`; None for echoes of our own."""
        try:
            body = json.loads(posted.body)
        except (ValueError, RecursionError):
            return None
        entity = body.get(self._entity_key, body) if isinstance(body, dict) else None
        if not isinstance(entity, dict):
            return None
        if own_id and str(entity.get(self._fields["modified_by"])) == own_id:
            return None
        return ident(entity.get(self._fields["id"])) or None
