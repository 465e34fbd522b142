"""The tables. Rows are added and never changed: triggers refuse UPDATE and DELETE on every one (see `migrations`).

Except those in CACHE: what infusions come to, worked out from their rows, outside every chain, and free to be emptied.

Times are ISO-8601 text in UTC with microseconds ("2026-03-02T09:15:00.000000+00:00"), so that they sort as they follow.
`audited` is the number of the audit row that covers a row; it also orders rows written within one instant.
"""

from __future__ import annotations

from sqlalchemy import Index, Table, UniqueConstraint, text
from sqlmodel import Field, SQLModel


class ClinicRow(SQLModel, table=True):
    """The clinic this file belongs to: one row, the first."""

    __tablename__ = "clinic"
    id: int = Field(primary_key=True)
    name: str
    zone: str
    demonstration: bool
    set_up_at: str
    audited: int = Field(unique=True)


class ChairRow(SQLModel, table=True):
    """A place where infusions happen."""

    __tablename__ = "chair"
    id: str = Field(primary_key=True)
    label: str
    position: int
    audited: int = Field(unique=True)


class StaffRow(SQLModel, table=True):
    """A person who works here, from the day they were added."""

    __tablename__ = "staff"
    id: str = Field(primary_key=True)
    name: str
    role: str
    added_at: str
    added_by: str
    audited: int = Field(unique=True)


class StaffPinRow(SQLModel, table=True):
    """The argon2 hash of a PIN; the latest holds."""

    __tablename__ = "staff_pin"
    audited: int = Field(primary_key=True)
    staff_id: str = Field(foreign_key="staff.id", index=True)
    argon2_hash: str
    set_at: str
    set_by: str


class StaffLeftRow(SQLModel, table=True):
    """Somebody left for the first time; what they recorded stays under their name."""

    __tablename__ = "staff_left"
    staff_id: str = Field(foreign_key="staff.id", primary_key=True)
    at: str
    by: str
    audited: int = Field(unique=True)


class StaffPresenceRow(SQLModel, table=True):
    """Somebody who had left works here again, or left once more; the latest holds, and goes before `staff_left`."""

    __tablename__ = "staff_presence"
    audited: int = Field(primary_key=True)
    staff_id: str = Field(foreign_key="staff.id", index=True)
    here: bool
    at: str
    by: str


class DeviceRow(SQLModel, table=True):
    """A browser that holds a signed cookie of this clinic."""

    __tablename__ = "device"
    id: str = Field(primary_key=True)
    kind: str
    label: str
    enrolled_at: str
    enrolled_by: str
    audited: int = Field(unique=True)


class SignInRow(SQLModel, table=True):
    """Somebody signed in on a device; the device's latest counts."""

    __tablename__ = "sign_in"
    __table_args__ = (Index("ix_sign_in_device", "device_id", "audited"),)
    id: str = Field(primary_key=True)
    device_id: str = Field(foreign_key="device.id")
    staff_id: str | None = Field(foreign_key="staff.id")
    at: str
    expires_at: str
    audited: int = Field(unique=True)


class SignOutRow(SQLModel, table=True):
    """A sign-in ended before it expired."""

    __tablename__ = "sign_out"
    sign_in_id: str = Field(foreign_key="sign_in.id", primary_key=True)
    at: str
    why: str
    audited: int = Field(unique=True)


class PinAttemptRow(SQLModel, table=True):
    """Somebody typed a PIN. Not a foreign key: an unknown name is counted too."""

    __tablename__ = "pin_attempt"
    __table_args__ = (
        Index("ix_pin_attempt_staff", "staff_id", "at"),
        Index("ix_pin_attempt_device", "device_id", "at"),
    )
    audited: int = Field(primary_key=True)
    staff_id: str
    device_id: str
    at: str
    ok: bool


class PatientRow(SQLModel, table=True):
    """A person in care here, under the number the clinic gave."""

    __tablename__ = "patient"
    id: str = Field(primary_key=True)
    number: str = Field(unique=True)
    registered_at: str
    registered_by: str
    audited: int = Field(unique=True)


class PatientDetailsRow(SQLModel, table=True):
    """Name, birth date, sex and allergies of a patient; the latest holds."""

    __tablename__ = "patient_details"
    __table_args__ = (Index("ix_patient_details_patient", "patient_id", "audited"),)
    audited: int = Field(primary_key=True)
    patient_id: str = Field(foreign_key="patient.id")
    name: str
    birth_date: str
    sex: str
    allergies: str
    recorded_at: str
    recorded_by: str


class SeriesRow(SQLModel, table=True):
    """A course of infusions of one patient."""

    __tablename__ = "series"
    __table_args__ = (UniqueConstraint("patient_id", "number", name="uq_series_number"),)
    id: str = Field(primary_key=True)
    patient_id: str = Field(foreign_key="patient.id")
    number: int
    planned_infusions: int
    opened_at: str
    opened_by: str
    audited: int = Field(unique=True)


class SeriesDetailsRow(SQLModel, table=True):
    """What a series is for, and how many infusions are planned now; the latest holds."""

    __tablename__ = "series_details"
    __table_args__ = (Index("ix_series_details_series", "series_id", "audited"),)
    audited: int = Field(primary_key=True)
    series_id: str = Field(foreign_key="series.id")
    planned_infusions: int
    indication: str
    prescriber: str
    recorded_at: str
    recorded_by: str


class ScoreRow(SQLModel, table=True):
    """One outcome score along a series, or the withdrawal of one; `items` is a JSON object of item to points."""

    __tablename__ = "score"
    __table_args__ = (Index("ix_score_series", "series_id", "audited"),)
    id: str = Field(primary_key=True)
    series_id: str = Field(foreign_key="series.id")
    instrument: str
    version: str
    total: float | None
    items: str | None
    rated_on: str
    rater: str
    note: str
    recorded_at: str
    recorded_by: str
    corrects: str | None = Field(foreign_key="score.id")
    withdraws: str | None = Field(foreign_key="score.id")
    reason: str
    audited: int = Field(unique=True)


class ScoreToldRow(SQLModel, table=True):
    """Somebody was told of a score."""

    __tablename__ = "score_told"
    audited: int = Field(primary_key=True)
    score_id: str = Field(foreign_key="score.id", index=True)
    whom: str
    told_at: str
    recorded_at: str
    recorded_by: str


class ProtocolVersionRow(SQLModel, table=True):
    """One protocol version, word for word, under the SHA-256 of its text."""

    __tablename__ = "protocol_version"
    hash_of_text: str = Field(primary_key=True)
    name: str
    version: str
    text: str
    stored_at: str
    stored_by: str
    audited: int = Field(unique=True)


class ProtocolApprovalRow(SQLModel, table=True):
    """One person accepted one protocol version for this site."""

    __tablename__ = "protocol_approval"
    __table_args__ = (UniqueConstraint("protocol", "staff_id", name="uq_protocol_approval_once"),)
    audited: int = Field(primary_key=True)
    protocol: str = Field(foreign_key="protocol_version.hash_of_text")
    staff_id: str = Field(foreign_key="staff.id")
    name: str
    role: str
    at: str


class InfusionRow(SQLModel, table=True):
    """One treatment, as it was opened at a chair. `hash` is where its chain of entries begins."""

    __tablename__ = "infusion"
    id: str = Field(primary_key=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    series_id: str = Field(foreign_key="series.id", index=True)
    number: int
    weight_kg: float
    dose_mg_per_kg: float
    planned_minutes: int
    bag_volume_ml: float
    every_minutes: int
    protocol: str = Field(foreign_key="protocol_version.hash_of_text")
    identifiers: str
    chair: str = Field(foreign_key="chair.id")
    opened_at: str = Field(index=True)
    opened_by: str
    audited: int = Field(unique=True)
    hash: str


class EntryRow(SQLModel, table=True):
    """What one person saved with one tap, chained to the entry before it in its infusion."""

    __tablename__ = "entry"
    __table_args__ = (UniqueConstraint("infusion_id", "seq", name="uq_entry_seq"),)
    id: str = Field(primary_key=True)
    infusion_id: str = Field(foreign_key="infusion.id")
    seq: int
    kind: str
    observed_at: str
    tapped_at: str
    recorded_at: str
    author: str = Field(foreign_key="staff.id")
    corrects: str | None = Field(foreign_key="entry.id")
    withdraws: str | None = Field(foreign_key="entry.id")
    reason: str
    clock: str
    queued: bool
    sign_in: str
    other_sign_in: bool
    after_signing: bool
    amendment: str | None  # these are NULL where there is nothing to say, as in rows older than they are
    source: str | None
    linked: str | None
    observed_given: str | None
    tapped_given: str | None
    hash_version: int
    prev_hash: str
    hash: str


class AttestationRow(SQLModel, table=True):
    """A person proved by PIN who they are, for one entry that is about to be saved.

    `entry_id` is no foreign key: the entry comes afterwards, perhaps after waiting in a tablet.
    """

    __tablename__ = "attestation"
    id: str = Field(primary_key=True)
    staff_id: str = Field(foreign_key="staff.id")
    name: str
    role: str
    device_id: str = Field(foreign_key="device.id")
    infusion_id: str = Field(foreign_key="infusion.id")
    entry_id: str
    meaning: str
    at: str
    audited: int = Field(unique=True)


class ReadingRow(SQLModel, table=True):
    """One value of one measure."""

    __tablename__ = "reading"
    id: str = Field(primary_key=True)
    entry_id: str = Field(foreign_key="entry.id", index=True)
    position: int
    measure: str
    value: float
    confirmed_unusual: bool
    observed_not_asked: bool


class NotDoneRow(SQLModel, table=True):
    """A measure that was not taken, and why."""

    __tablename__ = "not_done"
    entry_id: str = Field(foreign_key="entry.id", primary_key=True)
    measure: str = Field(primary_key=True)
    position: int
    reason: str


class EventRow(SQLModel, table=True):
    """Something done or that happened; `detail` is canonical JSON."""

    __tablename__ = "event"
    entry_id: str = Field(foreign_key="entry.id", primary_key=True)
    kind: str
    detail: str


class AcknowledgementRow(SQLModel, table=True):
    """A person says: seen, and this was done; `seen` is a JSON list of reading ids."""

    __tablename__ = "acknowledgement"
    entry_id: str = Field(foreign_key="entry.id", primary_key=True)
    flag: str
    measure: str
    side: str
    level: str
    rule: str
    seen: str
    done: str


class ViewRow(SQLModel, table=True):
    """Somebody looked at an infusion."""

    __tablename__ = "view"
    audited: int = Field(primary_key=True)
    staff_id: str
    infusion_id: str = Field(foreign_key="infusion.id", index=True)
    at: str
    screen: str


class ExportRow(SQLModel, table=True):
    """A file that somebody took out of the records; `infusions` is a JSON list of ids, `chosen` an object of texts."""

    __tablename__ = "export"
    id: str = Field(primary_key=True)
    staff_id: str = Field(foreign_key="staff.id")
    at: str
    kind: str
    scope: str
    subject: str
    infusions: str
    chosen: str
    deidentified: bool
    bytes: int
    sha256: str
    audited: int = Field(unique=True)


class AuditRow(SQLModel, table=True):
    """One write, by whom, with the hash of the row written, chained to the write before it."""

    __tablename__ = "audit"
    # AUTOINCREMENT: SQLite then remembers the highest number ever given, which shows a missing end.
    __table_args__ = {"sqlite_autoincrement": True}
    seq: int = Field(primary_key=True)
    at: str
    actor: str
    action: str
    subject_kind: str
    subject_id: str
    subject_hash: str
    infusion_id: str | None
    infusion_count: int | None
    infusion_head: str | None
    detail: str
    hash_version: int
    prev_hash: str
    hash: str


class SummaryRow(SQLModel, table=True):
    """What one infusion comes to: `monitoring.records.summary_shapes.Summary`. Part of the cache."""

    __tablename__ = "summary"
    __table_args__ = (
        # What is asked and sorted by, newest first, without the words of each row.
        Index(
            "ix_summary_asked",
            *("opened_at", "infusion_id", "phase", "to_sign", "ended_early", "dose_mg", "mg_per_kg", "given_mg"),
            *("minutes_to_leaving", "criticals", "cautions", "nurse", "chair", "imported"),
        ),
        Index("ix_summary_patient", "patient_id", "folded_number", "folded_name"),
        Index("ix_summary_changes_at", "changes_at", sqlite_where=text("changes_at IS NOT NULL")),  # few go on
    )
    infusion_id: str = Field(primary_key=True)
    patient_id: str
    patient_number: str
    patient_name: str
    folded_number: str  # as searched and sorted by, whatever the case
    folded_name: str
    series_id: str
    number: int
    protocol: str
    month: str  # "2026-03", of the day it was opened on in the clinic's zone
    opened_at: str
    started_at: str | None
    ended_at: str | None
    closed_at: str | None
    phase: str
    chair: str
    nurse: str
    weight_kg: float
    mg_per_kg: float
    dose_mg: float
    given_mg: float | None
    planned_minutes: int
    pauses: int
    ended_early: bool
    stop_reason: str
    minutes_to_baseline: int | None
    minutes_to_leaving: int | None
    to_sign: int
    imported: bool
    entries: int
    readings: int
    slots_done: int
    slots_partial: int
    slots_missed: int
    times_overdue: int
    cautions: int  # flags that are told, see `FlagSeen.counts`, by level
    criticals: int
    unacknowledged: int  # of them those that nobody has acknowledged
    changes_at: str | None


class SummaryFlagRow(SQLModel, table=True):
    """One flag of one infusion. Part of the cache."""

    __tablename__ = "summary_flag"
    __table_args__ = (Index("ix_summary_flag_kind", "measure", "level", "acknowledged", "infusion_id"),)
    infusion_id: str = Field(primary_key=True)
    position: int = Field(primary_key=True)
    measure: str
    side: str
    level: int
    minute: int | None
    acknowledged: bool | None  # None: brought in from a file
    acknowledged_after_s: int | None
    withdrawn: bool


class SummaryWordRow(SQLModel, table=True):
    """An effect, a medicine, somebody who recorded, or a chair, of one infusion. Part of the cache.

    `key` names it in an address: the id of a person or chair; of what was typed a digest, for anything may be in it.
    """

    __tablename__ = "summary_word"
    __table_args__ = (Index("ix_summary_word_infusion", "infusion_id"), {"sqlite_with_rowid": False})
    kind: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    infusion_id: str = Field(primary_key=True)
    word: str


class SummaryPartRow(SQLModel, table=True):
    """What one infusion has added to `summary_count`, so that it can be taken out again. Part of the cache."""

    __tablename__ = "summary_part"
    infusion_id: str = Field(primary_key=True)
    month: str
    protocol: str
    counted: str  # JSON: [[kind, measure, minute, value, times], ...]


class SummaryCountRow(SQLModel, table=True):
    """How often something was counted over all infusions: `summary_shapes.Counted`. Part of the cache."""

    __tablename__ = "summary_count"
    __table_args__ = {"sqlite_with_rowid": False}
    kind: str = Field(primary_key=True)
    measure: str = Field(primary_key=True)
    minute: int = Field(primary_key=True)
    value: float = Field(primary_key=True)
    month: str = Field(primary_key=True)
    protocol: str = Field(primary_key=True)
    times: int


class SummaryDueRow(SQLModel, table=True):
    """An infusion whose summary is not there yet, or holds no longer. Part of the cache."""

    __tablename__ = "summary_due"
    infusion_id: str = Field(primary_key=True)


class SummaryStateRow(SQLModel, table=True):
    """One row: up to which audit row changes were noticed, and by which version of the functions. Part of the cache."""

    __tablename__ = "summary_state"
    id: int = Field(primary_key=True)
    seen: int
    made_by: str


def _table(name: str) -> Table:
    return SQLModel.metadata.tables[name]


clinic = _table("clinic")
chair = _table("chair")
staff = _table("staff")
staff_pin = _table("staff_pin")
staff_left = _table("staff_left")
staff_presence = _table("staff_presence")
device = _table("device")
sign_in = _table("sign_in")
sign_out = _table("sign_out")
pin_attempt = _table("pin_attempt")
patient = _table("patient")
patient_details = _table("patient_details")
series = _table("series")
series_details = _table("series_details")
score = _table("score")
score_told = _table("score_told")
protocol_version = _table("protocol_version")
protocol_approval = _table("protocol_approval")
infusion = _table("infusion")
attestation = _table("attestation")
entry = _table("entry")
reading = _table("reading")
not_done = _table("not_done")
event = _table("event")
acknowledgement = _table("acknowledgement")
view = _table("view")
export = _table("export")
audit = _table("audit")

summary = _table("summary")
summary_flag = _table("summary_flag")
summary_word = _table("summary_word")
summary_part = _table("summary_part")
summary_count = _table("summary_count")
summary_due = _table("summary_due")
summary_state = _table("summary_state")

# Parents before children: the order in which one transaction's rows are inserted.
IN_ORDER = (
    clinic,
    chair,
    staff,
    staff_pin,
    staff_left,
    staff_presence,
    device,
    sign_in,
    sign_out,
    pin_attempt,
    patient,
    patient_details,
    series,
    series_details,
    score,
    score_told,
    protocol_version,
    protocol_approval,
    infusion,
    attestation,
    entry,
    reading,
    not_done,
    event,
    acknowledgement,
    view,
    export,
    audit,
)

# May be changed and emptied: everything in them follows from the rows of the others, and no chain covers them.
CACHE = (summary, summary_flag, summary_word, summary_part, summary_count, summary_due, summary_state)

# Few entries replace another; the partial indices stay small.
Index("ix_entry_corrects", entry.c.corrects, sqlite_where=text("corrects IS NOT NULL"))
Index("ix_entry_withdraws", entry.c.withdraws, sqlite_where=text("withdraws IS NOT NULL"))
# Only rows of entries name an infusion.
Index("ix_audit_infusion", audit.c.infusion_id, sqlite_where=text("infusion_id IS NOT NULL"))
