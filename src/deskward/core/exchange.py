"""What passes between the house and the outside: messages, receipts, posts, and the fields of forms."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Delivery(StrEnum):
    """How far a message has come."""

    QUEUED = "queued"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Message:
    """One message to one person; `id` is the same at every try, so that the channel can find it again."""

    id: str
    to: str
    subject: str
    text: str
    html: str = ""


@dataclass(frozen=True)
class Receipt:
    """What the channel's other side said; `ref` names the message there, `text` is fit for agents."""

    delivery: Delivery
    ref: str = ""
    text: str = ""


@dataclass(frozen=True)
class Posted:
    """A request that an outside system made to `hooks`: its full URL, headers in lower case, raw body."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Field:
    """One field of a form, with its hint for people.

    `kind` is “new-password”, “code” (digits), “text”, “choice” (of `choices`), “script” (filled by the page's
    script) or “none”.
    """

    name: str
    label: str
    kind: str
    hint: str = ""
    min_length: int = 0
    choices: tuple[str, ...] = ()
