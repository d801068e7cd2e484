"""Where everything is kept: PostgreSQL through asyncpg, and a folder for verdicts it missed."""

from ivr.storage.administration import (
    ProfileAdministration,
    ProfileDetails,
    ProfileSummary,
    tenants,
)
from ivr.storage.api_answers import Answered, ApiAnswers, Asked, Undertaking
from ivr.storage.api_keys import ApiKey, ApiKeys, ApiKeySummary
from ivr.storage.audit_chain import AuditEnd, AuditEntry, AuditFault
from ivr.storage.audit_chain import ends as audit_ends
from ivr.storage.audit_chain import verify as verify_audit
from ivr.storage.azure import AzureProfiles
from ivr.storage.batches import Batches, Item, Wish
from ivr.storage.browsing import FIRST, LAST, Browsing, Listed, Member, Past
from ivr.storage.callers import unlock_caller
from ivr.storage.checkup import Rights, keys_of, outbox_depth, rights, unbound_tenants
from ivr.storage.database import Database
from ivr.storage.desk_calls import DeskCalls
from ivr.storage.desk_feed import DeskFeed, desk_feed
from ivr.storage.desk_users import DeskUsers
from ivr.storage.drafts import Drafts, Terms
from ivr.storage.embedded import EmbeddedPostgres
from ivr.storage.errors import (
    EmbeddedPostgresError,
    MasterKeyError,
    OutboxError,
    SchemaMissingError,
    SchemaNewerError,
    SchemaOutdatedError,
    ServerTooOldError,
    StoreMisconfiguredError,
    StoreRefusedError,
    StoreUnreachableError,
    UnknownDatabaseError,
    WrongPasswordError,
)
from ivr.storage.holding import Holding, holding
from ivr.storage.keys import (
    Keyring,
    MasterKeys,
    SealBrokenError,
    make_master_file,
    master_from_command,
    master_from_file,
)
from ivr.storage.keys.rotation import rotate_master, rotate_tenant
from ivr.storage.migrate import migrate
from ivr.storage.operating_points import OperatingPoints
from ivr.storage.outbox import Outbox
from ivr.storage.patience import patiently
from ivr.storage.retention import Retained, RetentionRules, forget_job_log, retain
from ivr.storage.stamping import Stranger, strangers, take_over
from ivr.storage.stamping import drop as drop_strangers
from ivr.storage.store import PostgresStore
from ivr.storage.watchlists import Watchlists

__all__ = [
    "FIRST",
    "LAST",
    "Answered",
    "ApiAnswers",
    "ApiKey",
    "ApiKeySummary",
    "ApiKeys",
    "Asked",
    "AuditEnd",
    "AuditEntry",
    "AuditFault",
    "AzureProfiles",
    "Batches",
    "Browsing",
    "Database",
    "DeskCalls",
    "DeskFeed",
    "DeskUsers",
    "Drafts",
    "EmbeddedPostgres",
    "EmbeddedPostgresError",
    "Holding",
    "Item",
    "Keyring",
    "Listed",
    "MasterKeyError",
    "MasterKeys",
    "Member",
    "OperatingPoints",
    "Outbox",
    "OutboxError",
    "Past",
    "PostgresStore",
    "ProfileAdministration",
    "ProfileDetails",
    "ProfileSummary",
    "Retained",
    "RetentionRules",
    "Rights",
    "SchemaMissingError",
    "SchemaNewerError",
    "SchemaOutdatedError",
    "SealBrokenError",
    "ServerTooOldError",
    "StoreMisconfiguredError",
    "StoreRefusedError",
    "StoreUnreachableError",
    "Stranger",
    "Terms",
    "Undertaking",
    "UnknownDatabaseError",
    "Watchlists",
    "Wish",
    "WrongPasswordError",
    "audit_ends",
    "desk_feed",
    "drop_strangers",
    "forget_job_log",
    "holding",
    "keys_of",
    "make_master_file",
    "master_from_command",
    "master_from_file",
    "migrate",
    "outbox_depth",
    "patiently",
    "retain",
    "rights",
    "rotate_master",
    "rotate_tenant",
    "strangers",
    "take_over",
    "tenants",
    "unbound_tenants",
    "unlock_caller",
    "verify_audit",
]
