"""The tables. Query functions turn these rows into domain values; nobody else sees them.

Identifiers of what people name or what travels (alerts, deliveries, incidents) are
UUIDv7. Bulk rows (facilities, products, assets, revisions) have integers: the matching
index keeps millions of them in memory and joins on them.
"""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    Uuid,
    false,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import DateTime, TypeDecorator
from uuid6 import uuid7

from bot.store.sealing import SealedJson, SealedText


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, stored in UTC; a naive one is a fault of the caller.

    SQLite forgets time zones: what it gives back is UTC and is made aware again.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: pass an aware one")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = JSON().with_variant(postgresql.JSONB(), "postgresql")
BigKey = BigInteger().with_variant(Integer(), "sqlite")  # SQLite only counts up INTEGER keys


class Base(DeclarativeBase):
    """All tables; constraints are named, so that migrations can name them on both engines."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - declared by SQLAlchemy as a plain class attribute
        datetime: UtcDateTime,
        dict[str, Any]: Json,
        list[str]: Json,
        list[Any]: Json,
        str: Text,
        uuid.UUID: Uuid,
        date: Date,
        bool: Boolean,
        float: Float,
    }


def new_id() -> uuid.UUID:
    """A time-ordered identifier (UUIDv7)."""
    return uuid.UUID(int=uuid7().int)


class SourceRow(Base):
    """Where a source stopped reading, and how it has been."""

    __tablename__ = "source"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    cursor: Mapped[dict[str, Any]] = mapped_column(default=dict)
    attempted_at: Mapped[datetime | None]
    succeeded_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    error: Mapped[str] = mapped_column(default="")


class SeenDocumentRow(Base):
    """A document of a file that was read to the end without a fault: it need not be again."""

    __tablename__ = "seen_document"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    advisories: Mapped[int]


class MalformedRow(Base):
    """An item nobody could read, kept until an operator has looked at it."""

    __tablename__ = "malformed"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    source: Mapped[str] = mapped_column(String(64), index=True)
    item: Mapped[str]
    reason: Mapped[str]
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    seen_at: Mapped[datetime]


class AdvisoryRow(Base):
    """One bulletin; its content is in its revisions, the current one by number."""

    __tablename__ = "advisory"
    __table_args__ = (UniqueConstraint("publisher", "reference"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    publisher: Mapped[str] = mapped_column(String(64))
    reference: Mapped[str] = mapped_column(String(128), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    title: Mapped[str]
    published_at: Mapped[datetime] = mapped_column(index=True)
    revised_at: Mapped[datetime]
    number: Mapped[int]  # of the current revision, from 1
    digest: Mapped[str] = mapped_column(String(64))
    excerpt: Mapped[bool]


class RevisionRow(Base):
    """One state of a bulletin, whole. ``matched_at`` is null until verdicts are written."""

    __tablename__ = "revision"
    __table_args__ = (UniqueConstraint("advisory_id", "number"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    advisory_id: Mapped[int] = mapped_column(ForeignKey("advisory.id"))
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    body: Mapped[dict[str, Any]]
    seen_at: Mapped[datetime]
    matched_at: Mapped[datetime | None] = mapped_column(index=True)
    readable: Mapped[bool | None]  # whether a product could be read in it; null until matched
    trace_id: Mapped[str] = mapped_column(String(32))


class CveRow(Base):
    """A vulnerability that the current revision of an advisory names."""

    __tablename__ = "advisory_cve"

    cve: Mapped[str] = mapped_column(String(24), primary_key=True)
    advisory_id: Mapped[int] = mapped_column(
        ForeignKey("advisory.id"), primary_key=True, index=True
    )


class ExploitRow(Base):
    """What is known of the exploitation of a vulnerability (CISA KEV, FIRST EPSS)."""

    __tablename__ = "exploit"

    cve: Mapped[str] = mapped_column(String(24), primary_key=True)
    exploited_on: Mapped[date | None]
    ransomware: Mapped[bool] = mapped_column(default=False)
    epss: Mapped[float | None]
    epss_percentile: Mapped[float | None]


class KnownNameRow(Base):
    """A product name some bulletin has used: its words, sorted. It makes products recognised."""

    __tablename__ = "known_name"

    words: Mapped[str] = mapped_column(String(512), primary_key=True)


class FacilityRow(Base):
    """A healthcare facility. ``inventory_since`` is the date of its first inventory."""

    __tablename__ = "facility"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    finess: Mapped[str] = mapped_column(String(9), unique=True)
    name: Mapped[str]
    authority: Mapped[str] = mapped_column(String(32), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    time_zone: Mapped[str] = mapped_column(String(64))
    department: Mapped[str] = mapped_column(String(8))
    ght: Mapped[str]
    ght_head: Mapped[bool]
    ose: Mapped[bool]
    functions: Mapped[list[str]]
    language: Mapped[str] = mapped_column(String(2), default="fr")
    changed_at: Mapped[datetime | None] = mapped_column(index=True)  # equipment to judge since
    inventory_since: Mapped[datetime | None]
    inventory_dated: Mapped[datetime | None]  # of the latest one
    assets: Mapped[int] = mapped_column(default=0)  # present lines; the three below are parts
    assets_assessed: Mapped[int] = mapped_column(default=0)
    assets_unversioned: Mapped[int] = mapped_column(default=0)
    assets_unrecognised: Mapped[int] = mapped_column(default=0)
    initial_state_at: Mapped[datetime | None]  # when the day-one message was written


class ContactRow(Base):
    """Somebody to reach at a facility."""

    __tablename__ = "contact"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"), index=True)
    name: Mapped[str]
    role: Mapped[str] = mapped_column(String(32))
    email: Mapped[str]
    phone: Mapped[str]
    rank: Mapped[int]
    ceiling: Mapped[int] = mapped_column(default=1, server_default="1")  # GREEN: no machine


class AbsenceRow(Base):
    """Somebody away, and who stands in. People and contacts alike are known by their mail."""

    __tablename__ = "absence"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    email: Mapped[str] = mapped_column(String(256), index=True)
    name: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]  # included
    substitute_email: Mapped[str] = mapped_column(String(256), index=True)  # empty: nobody
    substitute_name: Mapped[str]
    noted_at: Mapped[datetime]
    noted_by: Mapped[str]
    ended_at: Mapped[datetime | None]  # taken back before its end


class ColumnMappingRow(Base):
    """The columns that a facility chose for its files, from fields to headers."""

    __tablename__ = "column_mapping"

    facility_id: Mapped[int] = mapped_column(
        BigKey, ForeignKey("facility.id"), primary_key=True, autoincrement=False
    )
    columns: Mapped[dict[str, Any]]
    chosen_at: Mapped[datetime]


class UploadRow(Base):
    """One inventory as it was received; ``dated`` is the day it describes."""

    __tablename__ = "upload"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"), index=True)
    dated: Mapped[datetime]
    received_at: Mapped[datetime]
    filename: Mapped[str]
    lines: Mapped[int]
    bad: Mapped[int]
    added: Mapped[int]
    changed: Mapped[int]
    removed: Mapped[int]


class ProductRow(Base):
    """A product as somebody typed it, shared by all the facilities that typed it so."""

    __tablename__ = "product"
    __table_args__ = (UniqueConstraint("vendor", "product", "version", "cpe"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    vendor: Mapped[str] = mapped_column(String(128))
    product: Mapped[str] = mapped_column(String(256))
    version: Mapped[str] = mapped_column(String(128))
    cpe: Mapped[str] = mapped_column(String(256))
    matched_at: Mapped[datetime | None] = mapped_column(index=True)
    recognised: Mapped[bool | None]  # null until assessed
    versioned: Mapped[bool | None]


class AssetRow(Base):
    """One line of a facility's inventory. ``removed_at`` keeps what an upload took away."""

    __tablename__ = "asset"
    __table_args__ = (
        UniqueConstraint("facility_id", "line_id"),
        Index("ix_asset_product_id_facility_id", "product_id", "facility_id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"))
    line_id: Mapped[str] = mapped_column(String(128))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    category: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(SealedText("asset.name"))
    location: Mapped[str] = mapped_column(SealedText("asset.location"))
    exposed: Mapped[bool]
    quantity: Mapped[int]
    removed_at: Mapped[datetime | None]


class VerdictRow(Base):
    """What a revision says of a product. ``not_affected`` is not stored: it is the rest."""

    __tablename__ = "verdict"
    __table_args__ = (Index("ix_verdict_product_id", "product_id"),)

    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(64))
    target: Mapped[str]
    field: Mapped[str] = mapped_column(String(64))  # of the span; empty without one
    span_start: Mapped[int]
    span_end: Mapped[int]
    quote: Mapped[str]


class AlertRow(Base):
    """An advisory that concerns a facility: one row, whatever the revisions."""

    __tablename__ = "alert"
    __table_args__ = (
        UniqueConstraint("advisory_id", "facility_id"),
        Index("ix_alert_facility_id_opened_at", "facility_id", "opened_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    reference: Mapped[str] = mapped_column(String(24), unique=True)
    advisory_id: Mapped[int] = mapped_column(ForeignKey("advisory.id"))
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"))
    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"))  # last one told
    state: Mapped[str] = mapped_column(String(16))
    urgency: Mapped[str] = mapped_column(String(16))
    reasons: Mapped[list[str]]  # of the urgency
    verdict: Mapped[str] = mapped_column(String(12))  # the strongest among its assets
    headline: Mapped[str]  # product named in one line
    target: Mapped[str]
    assets_affected: Mapped[int]
    assets_to_check: Mapped[int]
    scope: Mapped[dict[str, Any]]  # what it concerns now
    match_digest: Mapped[str] = mapped_column(String(64))  # of the scope last told
    opened_at: Mapped[datetime]
    changed_at: Mapped[datetime]  # when there was last something to tell
    muted_until: Mapped[datetime | None]  # nothing is said of it until a mute ends
    trace_id: Mapped[str] = mapped_column(String(32))
    cleared_at: Mapped[datetime | None]  # when no machine was left
    cleared_by: Mapped[str | None] = mapped_column(String(16))  # inventory, or revision


class MuteRow(Base):
    """What a facility asked not to hear of until a day, and why. Never deleted: it ends."""

    __tablename__ = "mute"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    reference: Mapped[str] = mapped_column(String(24), unique=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"), index=True)
    scope: Mapped[str] = mapped_column(String(16))
    target: Mapped[str]  # reference of an alert, words of a product's name, or empty
    explicit: Mapped[bool]  # an alert that only its RSSI may mute
    reason: Mapped[str]
    last_day: Mapped[date]
    until: Mapped[datetime]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(64))
    ended_at: Mapped[datetime | None] = mapped_column(index=True)
    ended_by: Mapped[str] = mapped_column(String(64), default="")


class LotRow(Base):
    """The part of an alert that one team answers for."""

    __tablename__ = "lot"

    alert_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("alert.id"), primary_key=True)
    category: Mapped[str] = mapped_column(String(32), primary_key=True)
    state: Mapped[str] = mapped_column(String(16))  # open, cleared, or the last answer's kind
    answered_at: Mapped[datetime | None]
    reminder_step: Mapped[int] = mapped_column(default=0, server_default="0")  # of the ladder
    reminder_at: Mapped[datetime | None] = mapped_column(index=True)  # null once answered


class AnswerRow(Base):
    """What somebody answered; answers follow one another and are never overwritten.

    Either ``person_id`` is set, or ``contact``: the mailbox of a contact who is nobody
    registered.
    """

    __tablename__ = "answer"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    alert_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("alert.id"), index=True)
    category: Mapped[str] = mapped_column(String(32))
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    contact: Mapped[str] = mapped_column(default="", server_default="")
    kind: Mapped[str] = mapped_column(String(16))
    note: Mapped[str]
    due: Mapped[date | None]
    at: Mapped[datetime]


class ActionRow(Base):
    """An upgrade at a facility: one product, one target, every bulletin that it closes.

    One is open for a product and a ``track`` at a time; a higher target is another action,
    which ``superseded_by`` names. ``needs`` holds the version to reach by product id.
    """

    __tablename__ = "action"
    __table_args__ = (Index("ix_action_facility_id_product", "facility_id", "product"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    reference: Mapped[str] = mapped_column(String(24), unique=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"))
    product: Mapped[str] = mapped_column(String(256))  # key in the catalogue, not as typed
    track: Mapped[str] = mapped_column(String(16))
    name: Mapped[str]  # as people read it
    state: Mapped[str] = mapped_column(String(16), index=True)
    urgency: Mapped[str] = mapped_column(String(16))  # the highest of its alerts'
    exploited: Mapped[bool]
    release: Mapped[str] = mapped_column(String(7))  # 2026-03: a vendor's dated release, or empty
    needs: Mapped[dict[str, Any]]
    counts: Mapped[dict[str, Any]]  # machines by category
    opened_at: Mapped[datetime]
    changed_at: Mapped[datetime]  # when there was last something to tell
    closed_at: Mapped[datetime | None]
    superseded_by: Mapped[uuid.UUID | None]
    outcome: Mapped[dict[str, Any]]  # once no machine is left: what became of them
    reopened: Mapped[dict[str, Any]]  # why it waits again after an answer


class ActionAlertRow(Base):
    """That an action closes a bulletin, and for which machines. A bulletin older than the
    first inventory has no alert."""

    __tablename__ = "action_alert"

    action_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("action.id"), primary_key=True)
    advisory_id: Mapped[int] = mapped_column(
        ForeignKey("advisory.id"), primary_key=True, index=True
    )
    alert_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("alert.id"), index=True)
    release: Mapped[str] = mapped_column(String(7))
    demands: Mapped[list[Any]]  # (product id, category, version asked, machines)


class ActionLotRow(Base):
    """What one team last answered to an action; there is no row before the first answer."""

    __tablename__ = "action_lot"

    action_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("action.id"), primary_key=True)
    category: Mapped[str] = mapped_column(String(32), primary_key=True)
    state: Mapped[str] = mapped_column(String(16))  # open, or the last answer's kind
    due: Mapped[date | None]
    answered_at: Mapped[datetime | None]


class ActionAnswerRow(Base):
    """What somebody answered to an action: appended, never changed."""

    __tablename__ = "action_answer"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    action_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("action.id"), index=True)
    category: Mapped[str] = mapped_column(String(32))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(String(16))
    note: Mapped[str]
    due: Mapped[date | None]
    at: Mapped[datetime]


class ActionToldRow(Base):
    """That a digest to a destination said this of an action (late, perhaps done, again open)."""

    __tablename__ = "action_told"

    subscription_id: Mapped[int] = mapped_column(
        ForeignKey("subscription.id", ondelete="CASCADE"), primary_key=True
    )
    action_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("action.id"), primary_key=True)
    said: Mapped[str] = mapped_column(String(64), primary_key=True)


class SubscriptionRow(Base):
    """Where a facility wants to be told."""

    __tablename__ = "subscription"
    __table_args__ = (
        UniqueConstraint("facility_id", "channel", "address"),
        Index("ix_subscription_channel_address", "channel", "address"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"))
    channel: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(256))
    ceiling: Mapped[int]
    rhythm: Mapped[str] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(2))
    digested_at: Mapped[datetime]  # last digest, or the day of subscription
    categories: Mapped[list[str]] = mapped_column(default=list, server_default="[]")  # empty: all
    quiet: Mapped[str | None] = mapped_column(String(32))  # null: as the configuration says
    links: Mapped[bool] = mapped_column(default=False, server_default=false())
    pap: Mapped[int | None]  # highest PAP it may receive; null: the channel's usual one


class DigestedRow(Base):
    """That a digest to a destination told an alert in this state. Time alone cannot say it:
    an alert may be committed after a digest that was dated later."""

    __tablename__ = "digested"

    subscription_id: Mapped[int] = mapped_column(
        ForeignKey("subscription.id", ondelete="CASCADE"), primary_key=True
    )
    alert_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("alert.id"), primary_key=True)
    match_digest: Mapped[str] = mapped_column(String(64), primary_key=True)


class DeliveryRow(Base):
    """The outbox: one message to one address, until it is accepted or given up."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index("ix_delivery_state_due_at", "state", "due_at"),
        Index("ix_delivery_subject_id_address", "subject_id", "address"),
        Index("ix_delivery_receipt", "receipt"),  # what a reaction or a reply is about
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(24))
    subject_id: Mapped[uuid.UUID]  # alert, incident, campaign; or the facility's digest
    subject: Mapped[str] = mapped_column(index=True)  # its speakable reference
    facility_id: Mapped[int | None] = mapped_column(ForeignKey("facility.id"), index=True)
    channel: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(256))
    marking: Mapped[int]
    payload: Mapped[dict[str, Any]] = mapped_column(SealedJson("delivery.payload"))
    state: Mapped[str] = mapped_column(String(16))
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    attempted_at: Mapped[datetime | None]  # the latest
    lease_token: Mapped[uuid.UUID | None]
    lease_until: Mapped[datetime | None]
    receipt: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]  # delivered or dead
    trace_id: Mapped[str] = mapped_column(String(32))


class AnswerLinkRow(Base):
    """That the link of a mail was used, for a lot of its alerts or for all (empty)."""

    __tablename__ = "answer_link"

    delivery_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(String(32), primary_key=True)
    answer: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime]


class WithheldRow(Base):
    """A destination that was sent a neutral notice in place of a message, and why, until
    such a message passes again."""

    __tablename__ = "withheld"

    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    address: Mapped[str] = mapped_column(String(256), primary_key=True)
    why: Mapped[str] = mapped_column(String(32))
    times: Mapped[int]
    since: Mapped[datetime]
    last_at: Mapped[datetime]


class PersonRow(Base):
    """Somebody who may act."""

    __tablename__ = "person"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    email: Mapped[str] = mapped_column(String(256), unique=True)
    created_at: Mapped[datetime]


class IdentityRow(Base):
    """A chat account or mailbox that belongs to a person."""

    __tablename__ = "identity"

    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    address: Mapped[str] = mapped_column(String(256), primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"), index=True)
    linked_at: Mapped[datetime]


class GrantRow(Base):
    """A role somebody holds, at a facility or at an authority."""

    __tablename__ = "role_grant"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[str] = mapped_column(String(16))
    facility_id: Mapped[int | None] = mapped_column(ForeignKey("facility.id"), index=True)
    authority: Mapped[str] = mapped_column(String(32))  # empty for a facility's


class InvitationRow(Base):
    """A one-time code by which a person links an account. Only its hash is kept."""

    __tablename__ = "invitation"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class IncidentRow(Base):
    """A declared incident. What happens to it is in its time-line."""

    __tablename__ = "incident"
    __table_args__ = (UniqueConstraint("facility_id", "number"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    reference: Mapped[str] = mapped_column(String(24), unique=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"))
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    exercise: Mapped[bool]
    what: Mapped[str]
    care_affected: Mapped[str] = mapped_column(String(8))  # yes, no, unknown
    declared_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    declared_at: Mapped[datetime]
    room: Mapped[str] = mapped_column(default="")  # id of its private room, once created
    alert: Mapped[str] = mapped_column(default="")  # reference of the alert that led to it


class IncidentEventRow(Base):
    """One line of an incident's time-line: appended, never changed."""

    __tablename__ = "incident_event"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    incident_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("incident.id"), index=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(24))
    text: Mapped[str]
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))


class CampaignRow(Base):
    """An awareness campaign of an authority."""

    __tablename__ = "campaign"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    reference: Mapped[str] = mapped_column(String(24), unique=True)
    authority: Mapped[str] = mapped_column(String(32), index=True)
    authority_name: Mapped[str]  # as its recipients read it
    national: Mapped[bool]
    title: Mapped[str]
    body: Mapped[str]  # Markdown
    language: Mapped[str] = mapped_column(String(2))
    tlp: Mapped[int]
    audience: Mapped[dict[str, Any]]
    answers: Mapped[list[Any]]  # those offered
    exercise: Mapped[bool]
    state: Mapped[str] = mapped_column(String(16))
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    approver_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    approved_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None] = mapped_column(index=True)  # next occurrence to send
    every_days: Mapped[int]  # between reminders; 0: none
    reminders: Mapped[int]  # at most that many
    occurrence: Mapped[int]  # how many were sent, the first message included


class RecipientRow(Base):
    """A facility a campaign is for, frozen at approval; its answer when it came."""

    __tablename__ = "recipient"

    campaign_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"), primary_key=True)
    answered_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(String(16))
    answered_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))


class RecipientAddressRow(Base):
    """Where a recipient was written to: a later change of subscription does not change it."""

    __tablename__ = "recipient_address"

    campaign_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    address: Mapped[str] = mapped_column(String(256), primary_key=True)


class QuestionRow(Base):
    """A question put to a facility: one per product. Answered, it waits for nobody."""

    __tablename__ = "question"
    __table_args__ = (UniqueConstraint("facility_id", "key"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    reference: Mapped[str] = mapped_column(String(24), unique=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"))
    key: Mapped[str] = mapped_column(String(400))  # of the product as typed, folded
    name: Mapped[str] = mapped_column(String(400))
    wants: Mapped[str] = mapped_column(String(16))
    settles: Mapped[int]
    machines: Mapped[int]
    asked_at: Mapped[datetime]
    answer: Mapped[str] = mapped_column(String(16), default="")
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str] = mapped_column(String(64), default="")


class LessonRow(Base):
    """What an answer taught. Never deleted: it ends, and the row says when and by whom."""

    __tablename__ = "lesson"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), index=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    reach: Mapped[str] = mapped_column(String(16))
    line_id: Mapped[str] = mapped_column(String(128))  # empty unless it is about one line
    name: Mapped[str] = mapped_column(String(400))  # of the product as typed
    value: Mapped[str] = mapped_column(String(128))  # version or product
    reason: Mapped[str]
    taught_at: Mapped[datetime]
    taught_by: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime | None]
    confirmed_by: Mapped[str] = mapped_column(String(64), default="")
    ended_at: Mapped[datetime | None] = mapped_column(index=True)
    ended: Mapped[str] = mapped_column(String(64), default="")
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)  # by line id, what it changed


class AuditRow(Base):
    """Who did what. Appended only."""

    __tablename__ = "audit"

    seq: Mapped[int] = mapped_column(BigKey, primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str] = mapped_column(String(48))
    subject: Mapped[str]
    payload: Mapped[dict[str, Any]]


class AlarmRow(Base):
    """Something wrong with Tocsin itself that the operator was told."""

    __tablename__ = "alarm"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    problem: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(64))
    channel: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(256))
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None] = mapped_column(index=True)


class CounterRow(Base):
    """The last number given in a series of references: ``ALR-2026`` → 412."""

    __tablename__ = "counter"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[int]


class LeaseRow(Base):
    """Something only one process may do at a time: own an account, read a source."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    token: Mapped[uuid.UUID]
    until: Mapped[datetime]


class HeardMailRow(Base):
    """A mail that was read: a second copy of it says nothing more."""

    __tablename__ = "heard_mail"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256, hex
    at: Mapped[datetime]


class BadAddressRow(Base):
    """A mailbox that a relay gave up on, until somebody writes from it or subscribes it again."""

    __tablename__ = "bad_address"

    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    address: Mapped[str] = mapped_column(String(256), primary_key=True)
    status: Mapped[str] = mapped_column(String(16))  # RFC 3463, or empty
    bounces: Mapped[int]
    since: Mapped[datetime]
    last_at: Mapped[datetime]


class MemoRow(Base):
    """A small value a chat must remember across restarts (a sync token)."""

    __tablename__ = "memo"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str]
