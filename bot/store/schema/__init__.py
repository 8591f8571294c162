"""The tables, by topic. Query functions turn these rows into domain values; nobody else sees them.

Identifiers of what people name or what travels (alerts, deliveries, incidents) are
UUIDv7. Bulk rows (facilities, products, assets, revisions) have integers: the matching
index keeps millions of them in memory and joins on them. Tables refer to one another by
name, so that no topic imports another; import rows from here, so that all are declared.
"""

from bot.store.schema.actions import (
    ActionAlertRow,
    ActionAnswerRow,
    ActionLotRow,
    ActionRow,
    ActionToldRow,
)
from bot.store.schema.alerts import AlertRow, AnswerRow, DigestedRow, LotRow, MuteRow
from bot.store.schema.base import Base, new_id
from bot.store.schema.bulletins import (
    AdvisoryRow,
    CveRow,
    ExploitRow,
    KnownNameRow,
    MalformedRow,
    RevisionRow,
    SeenDocumentRow,
    SourceRow,
    VerdictRow,
)
from bot.store.schema.campaigns import CampaignRow, RecipientAddressRow, RecipientRow
from bot.store.schema.deliveries import (
    AnswerLinkRow,
    BadAddressRow,
    DeliveryRow,
    HeardMailRow,
    WithheldRow,
)
from bot.store.schema.facilities import AbsenceRow, ContactRow, FacilityRow, SubscriptionRow
from bot.store.schema.incidents import IncidentEventRow, IncidentRow
from bot.store.schema.inventory import (
    AssetRow,
    ColumnMappingRow,
    MailedInventoryRow,
    ProductRow,
    UploadRow,
)
from bot.store.schema.operation import AlarmRow, AuditRow, CounterRow, LeaseRow, MemoRow
from bot.store.schema.people import GrantRow, IdentityRow, InvitationRow, PersonRow
from bot.store.schema.questions import LessonRow, QuestionRow

__all__ = [
    "AbsenceRow",
    "ActionAlertRow",
    "ActionAnswerRow",
    "ActionLotRow",
    "ActionRow",
    "ActionToldRow",
    "AdvisoryRow",
    "AlarmRow",
    "AlertRow",
    "AnswerLinkRow",
    "AnswerRow",
    "AssetRow",
    "AuditRow",
    "BadAddressRow",
    "Base",
    "CampaignRow",
    "ColumnMappingRow",
    "ContactRow",
    "CounterRow",
    "CveRow",
    "DeliveryRow",
    "DigestedRow",
    "ExploitRow",
    "FacilityRow",
    "GrantRow",
    "HeardMailRow",
    "IdentityRow",
    "IncidentEventRow",
    "IncidentRow",
    "InvitationRow",
    "KnownNameRow",
    "LeaseRow",
    "LessonRow",
    "LotRow",
    "MailedInventoryRow",
    "MalformedRow",
    "MemoRow",
    "MuteRow",
    "PersonRow",
    "ProductRow",
    "QuestionRow",
    "RecipientAddressRow",
    "RecipientRow",
    "RevisionRow",
    "SeenDocumentRow",
    "SourceRow",
    "SubscriptionRow",
    "UploadRow",
    "VerdictRow",
    "WithheldRow",
    "new_id",
]
