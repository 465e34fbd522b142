"""What the whole course of care needs: attestations, a series with its plan and scores, and three marks on an entry."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TABLES = ("attestation", "series_details", "score", "score_told")


def upgrade() -> None:
    """Add the columns, empty in every row there is; create the tables, and refuse UPDATE and DELETE on each."""
    for column in ("amendment", "source", "linked"):
        op.add_column("entry", sa.Column(column, sa.String(), nullable=True))
    op.create_table(
        "attestation",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("infusion_id", sa.String(), nullable=False),
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.Column("meaning", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("audited", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"]),
        sa.ForeignKeyConstraint(["infusion_id"], ["infusion.id"]),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("audited"),
    )
    op.create_table(
        "series_details",
        sa.Column("audited", sa.Integer(), nullable=False),
        sa.Column("series_id", sa.String(), nullable=False),
        sa.Column("planned_infusions", sa.Integer(), nullable=False),
        sa.Column("indication", sa.String(), nullable=False),
        sa.Column("prescriber", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"]),
        sa.PrimaryKeyConstraint("audited"),
    )
    op.create_index("ix_series_details_series", "series_details", ["series_id", "audited"], unique=False)
    op.create_table(
        "score",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("series_id", sa.String(), nullable=False),
        sa.Column("instrument", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("total", sa.Float(), nullable=True),
        sa.Column("items", sa.String(), nullable=True),
        sa.Column("rated_on", sa.String(), nullable=False),
        sa.Column("rater", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("corrects", sa.String(), nullable=True),
        sa.Column("withdraws", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("audited", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["corrects"], ["score.id"]),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"]),
        sa.ForeignKeyConstraint(["withdraws"], ["score.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("audited"),
    )
    op.create_index("ix_score_series", "score", ["series_id", "audited"], unique=False)
    op.create_table(
        "score_told",
        sa.Column("audited", sa.Integer(), nullable=False),
        sa.Column("score_id", sa.String(), nullable=False),
        sa.Column("whom", sa.String(), nullable=False),
        sa.Column("told_at", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["score_id"], ["score.id"]),
        sa.PrimaryKeyConstraint("audited"),
    )
    op.create_index(op.f("ix_score_told_score_id"), "score_told", ["score_id"], unique=False)
    for table in TABLES:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f'CREATE TRIGGER append_only_{table}_{verb.lower()} BEFORE {verb} ON "{table}" BEGIN '
                "SELECT RAISE(ABORT, 'This record is append-only: what was stored stays; add a correction.'); END"
            )
