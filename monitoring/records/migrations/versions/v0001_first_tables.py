"""The first tables, their indices, and the triggers that let rows only be added."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TABLES = (
    "audit",
    "chair",
    "clinic",
    "device",
    "patient",
    "pin_attempt",
    "protocol_version",
    "staff",
    "patient_details",
    "protocol_approval",
    "series",
    "sign_in",
    "staff_left",
    "staff_pin",
    "infusion",
    "sign_out",
    "entry",
    "view",
    "acknowledgement",
    "event",
    "not_done",
    "reading",
)


def upgrade() -> None:
    """Create every table, and refuse UPDATE and DELETE on each."""
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("subject_hash", sa.String(), nullable=False),
        sa.Column("infusion_id", sa.String(), nullable=True),
        sa.Column("infusion_count", sa.Integer(), nullable=True),
        sa.Column("infusion_head", sa.String(), nullable=True),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("hash_version", sa.Integer(), nullable=False),
        sa.Column("prev_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "chair",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("audited", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("audited"),
    )
    op.create_table(
        "clinic",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("demonstration", sa.Boolean(), nullable=False),
        sa.Column("set_up_at", sa.String(), nullable=False),
        sa.Column("audited", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("audited"),
    )
    op.create_table(
        "device",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("enrolled_at", sa.String(), nullable=False),
        sa.Column("enrolled_by", sa.String(), nullable=False),
        sa.Column("audited", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("audited"),
    )
    op.create_table(
        "patient",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("registered_at", sa.String(), nullable=False),
        sa.Column("registered_by", sa.String(), nullable=False),
        sa.Column("audited", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("audited"),
        sa.UniqueConstraint("number"),
    )
    op.create_table(
        "pin_attempt",
        sa.Column("audited", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("audited"),
    )
    op.create_index("ix_pin_attempt_device", "pin_attempt", ["device_id", "at"], unique=False)
    op.create_index("ix_pin_attempt_staff", "pin_attempt", ["staff_id", "at"], unique=False)
    op.create_table(
        "protocol_version",
        sa.Column("hash_of_text", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("stored_at", sa.String(), nullable=False),
        sa.Column("stored_by", sa.String(), nullable=False),
        sa.Column("audited", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("hash_of_text"),
        sa.UniqueConstraint("audited"),
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("added_at", sa.String(), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("audited", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("audited"),
    )
    op.create_table(
        "patient_details",
        sa.Column("audited", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("birth_date", sa.String(), nullable=False),
        sa.Column("sex", sa.String(), nullable=False),
        sa.Column("allergies", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.id"],
        ),
        sa.PrimaryKeyConstraint("audited"),
    )
    op.create_index("ix_patient_details_patient", "patient_details", ["patient_id", "audited"], unique=False)
    op.create_table(
        "protocol_approval",
        sa.Column("audited", sa.Integer(), nullable=False),
        sa.Column("protocol", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["protocol"],
            ["protocol_version.hash_of_text"],
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("audited"),
        sa.UniqueConstraint("protocol", "staff_id", name="uq_protocol_approval_once"),
    )
    op.create_table(
        "series",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("planned_infusions", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.String(), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("audited", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("audited"),
        sa.UniqueConstraint("patient_id", "number", name="uq_series_number"),
    )
    op.create_table(
        "sign_in",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=True),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("expires_at", sa.String(), nullable=False),
        sa.Column("audited", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"],
            ["device.id"],
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("audited"),
    )
    op.create_index("ix_sign_in_device", "sign_in", ["device_id", "audited"], unique=False)
    op.create_table(
        "staff_left",
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("audited", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("staff_id"),
        sa.UniqueConstraint("audited"),
    )
    op.create_table(
        "staff_pin",
        sa.Column("audited", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("argon2_hash", sa.String(), nullable=False),
        sa.Column("set_at", sa.String(), nullable=False),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("audited"),
    )
    op.create_index(op.f("ix_staff_pin_staff_id"), "staff_pin", ["staff_id"], unique=False)
    op.create_table(
        "infusion",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("series_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("weight_kg", sa.Float(), nullable=False),
        sa.Column("dose_mg_per_kg", sa.Float(), nullable=False),
        sa.Column("planned_minutes", sa.Integer(), nullable=False),
        sa.Column("bag_volume_ml", sa.Float(), nullable=False),
        sa.Column("every_minutes", sa.Integer(), nullable=False),
        sa.Column("protocol", sa.String(), nullable=False),
        sa.Column("identifiers", sa.String(), nullable=False),
        sa.Column("chair", sa.String(), nullable=False),
        sa.Column("opened_at", sa.String(), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("audited", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["chair"],
            ["chair.id"],
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.id"],
        ),
        sa.ForeignKeyConstraint(
            ["protocol"],
            ["protocol_version.hash_of_text"],
        ),
        sa.ForeignKeyConstraint(
            ["series_id"],
            ["series.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("audited"),
    )
    op.create_index(op.f("ix_infusion_opened_at"), "infusion", ["opened_at"], unique=False)
    op.create_index(op.f("ix_infusion_patient_id"), "infusion", ["patient_id"], unique=False)
    op.create_index(op.f("ix_infusion_series_id"), "infusion", ["series_id"], unique=False)
    op.create_table(
        "sign_out",
        sa.Column("sign_in_id", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("audited", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sign_in_id"],
            ["sign_in.id"],
        ),
        sa.PrimaryKeyConstraint("sign_in_id"),
        sa.UniqueConstraint("audited"),
    )
    op.create_table(
        "entry",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("infusion_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("observed_at", sa.String(), nullable=False),
        sa.Column("tapped_at", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("corrects", sa.String(), nullable=True),
        sa.Column("withdraws", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("clock", sa.String(), nullable=False),
        sa.Column("queued", sa.Boolean(), nullable=False),
        sa.Column("sign_in", sa.String(), nullable=False),
        sa.Column("other_sign_in", sa.Boolean(), nullable=False),
        sa.Column("after_signing", sa.Boolean(), nullable=False),
        sa.Column("hash_version", sa.Integer(), nullable=False),
        sa.Column("prev_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["author"],
            ["staff.id"],
        ),
        sa.ForeignKeyConstraint(
            ["corrects"],
            ["entry.id"],
        ),
        sa.ForeignKeyConstraint(
            ["infusion_id"],
            ["infusion.id"],
        ),
        sa.ForeignKeyConstraint(
            ["withdraws"],
            ["entry.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("infusion_id", "seq", name="uq_entry_seq"),
    )
    op.create_index(
        "ix_entry_corrects", "entry", ["corrects"], unique=False, sqlite_where=sa.text("corrects IS NOT NULL")
    )
    op.create_index(
        "ix_entry_withdraws", "entry", ["withdraws"], unique=False, sqlite_where=sa.text("withdraws IS NOT NULL")
    )
    op.create_table(
        "view",
        sa.Column("audited", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("infusion_id", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("screen", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["infusion_id"],
            ["infusion.id"],
        ),
        sa.PrimaryKeyConstraint("audited"),
    )
    op.create_index(op.f("ix_view_infusion_id"), "view", ["infusion_id"], unique=False)
    op.create_table(
        "acknowledgement",
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.Column("flag", sa.String(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("seen", sa.String(), nullable=False),
        sa.Column("done", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["entry.id"],
        ),
        sa.PrimaryKeyConstraint("entry_id"),
    )
    op.create_table(
        "event",
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["entry.id"],
        ),
        sa.PrimaryKeyConstraint("entry_id"),
    )
    op.create_table(
        "not_done",
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["entry.id"],
        ),
        sa.PrimaryKeyConstraint("entry_id", "measure"),
    )
    op.create_table(
        "reading",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("confirmed_unusual", sa.Boolean(), nullable=False),
        sa.Column("observed_not_asked", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["entry.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_reading_entry_id"), "reading", ["entry_id"], unique=False)
    for table in TABLES:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f'CREATE TRIGGER append_only_{table}_{verb.lower()} BEFORE {verb} ON "{table}" BEGIN '
                "SELECT RAISE(ABORT, 'This record is append-only: what was stored stays; add a correction.'); END"
            )
