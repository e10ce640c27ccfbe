"""What an organisation runs behind a webhook, as standardwebhooks.com asks: it checks each signature by itself."""

import hashlib
import hmac
import json
import time
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult

from deskward.core.secret import Secret
from tests.servers.tokens import Reply, told

KEY = Secret("whsec_" + b64encode(b"k" * 32).decode())
OLD = Secret("whsec_" + b64encode(b"o" * 24).decode())
OLDEST = 300  # seconds


@dataclass
class System:
    """What an organisation runs: does each id once; `replies` come first, `states` one after another."""

    replies: list[Reply] = field(default_factory=list)
    states: list[str] = field(default_factory=lambda: ["done"])
    done: dict[str, Any] = field(default_factory=dict)
    calls: list[tuple[str, Any]] = field(default_factory=list)
    signed_by: set[int] = field(default_factory=set)

    def __call__(self, method: str, where: SplitResult, content: str, headers: Mapping[str, str]) -> Reply:
        if not self.verified(headers, content):
            return told({"error": "no signature"}, 401)
        if method == "GET":
            status = self.states.pop(0) if len(self.states) > 1 else self.states[0]
            return told({"status": status} if where.path == f"/status/{headers['webhook-id']}" else {})
        body = json.loads(content)
        self.calls.append((headers["webhook-id"], body))
        if not body["dry_run"]:
            self.done[headers["webhook-id"]] = body["data"]
        return self.replies.pop(0) if self.replies else Reply(204, b"")

    def verified(self, headers: Mapping[str, str], content: str) -> bool:
        if abs(time.time() - int(headers["webhook-timestamp"])) > OLDEST:
            return False
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{content}".encode()
        given = headers["webhook-signature"].split(" ")
        for secret in (KEY, OLD):
            mark = hmac.new(b64decode(secret.reveal()[6:]), signed, hashlib.sha256).digest()
            if f"v1,{b64encode(mark).decode()}" in given:
                self.signed_by.add(len(given))
                return True
        return False
