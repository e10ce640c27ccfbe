"""The tables; their columns follow the values of `core`, and the migrations follow them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)

from deskward.core.accounts import Agent, Invitation, WebSession
from deskward.core.audit import Entry
from deskward.core.authenticators import Authenticator, Enrolment
from deskward.core.events import Event
from deskward.core.integrations import Checkup, NoteLook, PathToken, Pulse
from deskward.core.ports import Count, Errand, Grant, KnownTicket, Sending
from deskward.core.records import Address, Fence, Vouch
from deskward.core.sums import Sum
from deskward.core.surroundings import Learned
from deskward.core.verification import Verification
from deskward.store.columns import UtcTime, Words, columns_of

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMES)

WAITING = "state IN ('due', 'sending')"
_NUMBER = BigInteger().with_variant(Integer, "sqlite")


def partial(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """Make an index of the rows for which a condition holds."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


# What the table of verifications filters by stands in its indexes, so that no row is read in vain.
_NEWEST, _PERSON = ("opened_at", "id"), ("directory", "subject_id")
_LISTED = ("status", "risk_level", "risk_score", "category", "agent_id", "requester_number", "reached")


def _listed(first: str) -> Index:
    return Index(f"ix_verifications_{first}", first, *_NEWEST, *(name for name in _LISTED if name != first))


verifications = Table(
    "verifications",
    metadata,
    *columns_of(Verification, key=("id",)),
    Column("is_open", Boolean, nullable=False),
    Column("status", Text, nullable=False),
    Column("number_tail", BigInteger, nullable=True),
    Column("requester_number", BigInteger, nullable=False),
    Column("reached", Text, nullable=False),
    Column("need", Text, nullable=False),
    Index("ix_verifications_newest", *_NEWEST, *_LISTED),
    *(_listed(name) for name in ("status", "risk_level", "category", "agent_id")),
    Index("ix_verifications_requester", "requester_number", *_NEWEST),
    Index("ix_verifications_number", "number_tail"),
    Index("ix_verifications_person", *_PERSON, "opened_at"),
    partial("ix_verifications_need", "need", *_NEWEST, where="need <> ''"),
    partial("uq_verifications_open", "connector", "ticket_id", where="is_open", unique=True),
    partial("ix_verifications_deadline", "deadline", where="is_open"),
    partial("ix_verifications_link", "link_digest", where="link_digest <> ''"),
    partial("ix_verifications_fallback", "fallback_digest", where="fallback_digest <> ''"),
    partial("ix_verifications_pin", "pin", where="pin <> ''"),
    Column("seen_address", Text, nullable=False),
    Column("seen_device", Text, nullable=False),
    Column("has_raw", Boolean, nullable=False),
    Column("teaches", Boolean, nullable=False),
    Column("taught", Boolean, nullable=False, default=False),
    partial("ix_verifications_seen_person", *_PERSON, "looked_at", where="teaches"),
    partial("ix_verifications_seen_own_device", *_PERSON, "seen_device", where="teaches AND seen_device <> ''"),
    partial("ix_verifications_seen_address", "seen_address", "looked_at", where="seen_address <> ''"),
    partial("ix_verifications_seen_device", "seen_device", "looked_at", where="seen_device <> ''"),
    partial("ix_verifications_seen_agent", "agent_id", "looked_at", *_PERSON, where="looked_at IS NOT NULL"),
    partial("ix_verifications_seen", "looked_at", where="seen_address <> ''"),
    partial("ix_verifications_raw", "looked_at", where="has_raw"),
    partial("ix_verifications_ended", "ended_at", where="ended_at IS NOT NULL"),
    partial("ix_verifications_lessons", "looked_at", where="teaches <> taught"),
)

day_sums = Table(
    "day_sums",
    metadata,
    *columns_of(Sum, key=("name", "day", "value", "status")),
    Column("number", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

requesters = Table(
    "requesters",
    metadata,
    Column("number", _NUMBER, primary_key=True),
    Column("words", Words, nullable=False),
    Column("times", Integer, nullable=False),
    Index("uq_requesters_words", "words", unique=True),
)

requester_parts = Table(
    "requester_parts",
    metadata,
    Column("part", Words, primary_key=True),
    Column("requester_number", _NUMBER, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

events = Table(
    "events",
    metadata,
    *columns_of(Event, key=("verification_id", "seq")),
    Index("ix_events_newest", "at", "verification_id", "seq"),
    Index("ix_events_kind", "kind", "at", "verification_id", "seq"),
    Index("ix_events_actor", "actor", "at", "verification_id", "seq"),
)

desk_entries = Table(
    "desk_entries",
    metadata,
    Column("number", _NUMBER, primary_key=True),
    *columns_of(Entry),
    Index("ix_desk_entries_newest", "at", "number"),
    Index("ix_desk_entries_kind", "kind", "at", "number"),
    Index("ix_desk_entries_actor", "actor", "at", "number"),
    Index("ix_desk_entries_verification", "verification_id", "at", "number"),
    sqlite_autoincrement=True,
)

errands = Table(
    "errands",
    metadata,
    Column("id", _NUMBER, primary_key=True),
    *columns_of(Errand, omit=("id",)),
    Column("holder", Text, nullable=False, default=""),
    Column("lease_until", UtcTime, nullable=True),
    Index("uq_errands_key", "key", unique=True),
    Index("ix_errands_verification", "verification_id", "id"),
    partial("ix_errands_heads", "lane", "id", where=WAITING),
    partial("ix_errands_due", "due_at", where=WAITING),
    partial("ix_errands_parked", "id", where="state = 'parked'"),
    sqlite_autoincrement=True,
)

sendings = Table(
    "sendings",
    metadata,
    Column("number", _NUMBER, primary_key=True),
    *columns_of(Sending),
    ForeignKeyConstraint(["verification_id"], ["verifications.id"]),
    Index("uq_sendings_id", "id", unique=True),
    Index("ix_sendings_verification", "verification_id", "number"),
    partial("uq_sendings_form", "form_key", "purpose", where="form_key <> ''", unique=True),
    partial("ix_sendings_ref", "ref", where="ref <> ''"),
    partial("uq_sendings_token", "token_digest", where="token_digest <> ''", unique=True),
    Index("ix_sendings_root", "root", "at"),
    sqlite_autoincrement=True,
)

grants = Table(
    "grants",
    metadata,
    *columns_of(Grant, key=("id",)),
    Column("spent_at", UtcTime, nullable=True),
    ForeignKeyConstraint(["verification_id"], ["verifications.id"]),
    Index("ix_grants_verification", "verification_id"),
)

counts = Table(
    "counts",
    metadata,
    Column("number", _NUMBER, primary_key=True),
    *columns_of(Count),
    Column("at", UtcTime, nullable=False),
    Index("ix_counts_budget", "dimension", "key", "at"),
    Index("ix_counts_at", "at"),
)

known_tickets = Table("known_tickets", metadata, *columns_of(KnownTicket, key=("connector", "ticket_id")))

agents = Table(
    "agents",
    metadata,
    *columns_of(Agent, key=("id",)),
    Column("login_folded", Text, nullable=False),
    Index("uq_agents_login", "login_folded", unique=True),
    partial("uq_agents_subject", "issuer", "subject", where="subject <> ''", unique=True),
)

web_sessions = Table(
    "web_sessions",
    metadata,
    *columns_of(WebSession, key=("digest",)),
    Index("ix_web_sessions_agent", "agent_id"),
    Index("ix_web_sessions_seen", "seen_at"),
)

invitations = Table("invitations", metadata, *columns_of(Invitation, key=("digest",)))

authenticators = Table(
    "authenticators",
    metadata,
    *columns_of(Authenticator, key=("id",)),
    Index("ix_authenticators_owner", "owner", "kind"),
    partial("uq_authenticators_ref", "owner", "kind", "ref", where="ref <> ''", unique=True),
)

addresses = Table(
    "addresses",
    metadata,
    *columns_of(Address, key=("id",)),
    Index("uq_addresses_person", "directory", "subject_id", "root", unique=True),
)

fences = Table(
    "fences",
    metadata,
    *columns_of(Fence, key=("id",)),
    ForeignKeyConstraint(["verification_id"], ["verifications.id"]),
    Index("ix_fences_person", "directory", "subject_id"),
    Index("ix_fences_verification", "verification_id"),
)

vouches = Table(
    "vouches",
    metadata,
    *columns_of(Vouch, key=("id",)),
    ForeignKeyConstraint(["verification_id"], ["verifications.id"]),
    Index("ix_vouches_verification", "verification_id"),
    Index("ix_vouches_person", "directory", "subject_id"),
)

enrolments = Table(
    "enrolments",
    metadata,
    *columns_of(Enrolment, key=("id",)),
    Index("uq_enrolments_token", "token_digest", unique=True),
    Index("ix_enrolments_person", "directory", "subject_id"),
    Index("ix_enrolments_verification", "verification_id"),
)

familiar = Table(
    "familiar",
    metadata,
    *columns_of(Learned, key=("owner", "feature", "value", "month")),
    Index("ix_familiar_month", "month"),
    sqlite_with_rowid=False,
)

sign_in_marks = Table(
    "sign_in_marks",
    metadata,
    Column("log", Text, primary_key=True),
    Column("read_to", UtcTime, nullable=False),
)

pulses = Table("pulses", metadata, *columns_of(Pulse, key=("integration",)))

checkups = Table(
    "checkups",
    metadata,
    *columns_of(Checkup, key=("id",)),
    Index("ix_checkups_integration", "integration", "asked_at"),
    partial("uq_checkups_running", "integration", where="done_at IS NULL", unique=True),
)

note_looks = Table(
    "note_looks",
    metadata,
    *columns_of(NoteLook, key=("id",)),
    Index("ix_note_looks_connector", "connector", "written_at"),
)

path_tokens = Table(
    "path_tokens",
    metadata,
    *columns_of(PathToken, key=("digest",)),
    partial("uq_path_tokens_in_use", "connector", where="ends_at IS NULL", unique=True),
)

installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("first_start", UtcTime, nullable=False),
)
