"""What infusions come to also says which were brought in from a file: the cache is made anew from the records."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create two tables of the cache anew, and empty the others: all is worked out again from the records."""
    for name in ("summary_word", "summary_part", "summary_count", "summary_due", "summary_state"):
        op.execute(sa.delete(sa.table(name)))
    op.drop_table("summary")
    op.drop_table("summary_flag")
    op.create_table(
        "summary",
        sa.Column("infusion_id", sa.String(), nullable=False),
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("patient_number", sa.String(), nullable=False),
        sa.Column("patient_name", sa.String(), nullable=False),
        sa.Column("folded_number", sa.String(), nullable=False),
        sa.Column("folded_name", sa.String(), nullable=False),
        sa.Column("series_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("protocol", sa.String(), nullable=False),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("opened_at", sa.String(), nullable=False),
        sa.Column("started_at", sa.String(), nullable=True),
        sa.Column("ended_at", sa.String(), nullable=True),
        sa.Column("closed_at", sa.String(), nullable=True),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("chair", sa.String(), nullable=False),
        sa.Column("nurse", sa.String(), nullable=False),
        sa.Column("weight_kg", sa.Float(), nullable=False),
        sa.Column("mg_per_kg", sa.Float(), nullable=False),
        sa.Column("dose_mg", sa.Float(), nullable=False),
        sa.Column("given_mg", sa.Float(), nullable=True),
        sa.Column("planned_minutes", sa.Integer(), nullable=False),
        sa.Column("pauses", sa.Integer(), nullable=False),
        sa.Column("ended_early", sa.Boolean(), nullable=False),
        sa.Column("stop_reason", sa.String(), nullable=False),
        sa.Column("minutes_to_baseline", sa.Integer(), nullable=True),
        sa.Column("minutes_to_leaving", sa.Integer(), nullable=True),
        sa.Column("to_sign", sa.Integer(), nullable=False),
        sa.Column("imported", sa.Boolean(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("readings", sa.Integer(), nullable=False),
        sa.Column("slots_done", sa.Integer(), nullable=False),
        sa.Column("slots_partial", sa.Integer(), nullable=False),
        sa.Column("slots_missed", sa.Integer(), nullable=False),
        sa.Column("times_overdue", sa.Integer(), nullable=False),
        sa.Column("cautions", sa.Integer(), nullable=False),
        sa.Column("criticals", sa.Integer(), nullable=False),
        sa.Column("unacknowledged", sa.Integer(), nullable=False),
        sa.Column("changes_at", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("infusion_id"),
    )
    asked = ["opened_at", "infusion_id", "phase", "to_sign", "ended_early", "dose_mg", "mg_per_kg", "given_mg"]
    asked += ["minutes_to_leaving", "criticals", "cautions", "nurse", "chair", "imported"]
    op.create_index("ix_summary_asked", "summary", asked, unique=False)
    op.create_index("ix_summary_patient", "summary", ["patient_id", "folded_number", "folded_name"], unique=False)
    op.create_index(
        "ix_summary_changes_at",
        "summary",
        ["changes_at"],
        unique=False,
        sqlite_where=sa.text("changes_at IS NOT NULL"),
    )
    op.create_table(
        "summary_flag",
        sa.Column("infusion_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("minute", sa.Integer(), nullable=True),
        sa.Column("acknowledged", sa.Boolean(), nullable=True),
        sa.Column("acknowledged_after_s", sa.Integer(), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("infusion_id", "position"),
    )
    op.create_index(
        "ix_summary_flag_kind", "summary_flag", ["measure", "level", "acknowledged", "infusion_id"], unique=False
    )
