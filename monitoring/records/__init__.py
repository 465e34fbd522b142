"""What is kept: tables, the store, migrations, and the chains that make a change visible."""

from monitoring.records.shapes import (
    ROLES,
    Approval,
    Chair,
    Clinic,
    Device,
    EntryClash,
    NewEntry,
    NewInfusion,
    PastRow,
    RecordsError,
    Saved,
    Series,
    SignIn,
    Staff,
    StoredProtocol,
    StoreRefused,
    StoreUnwritable,
)
from monitoring.records.store import Store

__all__ = [
    "ROLES",
    "Approval",
    "Chair",
    "Clinic",
    "Device",
    "EntryClash",
    "NewEntry",
    "NewInfusion",
    "PastRow",
    "RecordsError",
    "Saved",
    "Series",
    "SignIn",
    "Staff",
    "Store",
    "StoreRefused",
    "StoreUnwritable",
    "StoredProtocol",
]
