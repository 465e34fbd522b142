"""Somebody who has left may come back, and may leave again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create the table, and refuse UPDATE and DELETE on it; no row is touched."""
    op.create_table(
        "staff_presence",
        sa.Column("audited", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("here", sa.Boolean(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"]),
        sa.PrimaryKeyConstraint("audited"),
    )
    op.create_index("ix_staff_presence_staff_id", "staff_presence", ["staff_id"], unique=False)
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f'CREATE TRIGGER append_only_staff_presence_{verb.lower()} BEFORE {verb} ON "staff_presence" BEGIN '
            "SELECT RAISE(ABORT, 'This record is append-only: what was stored stays; add a correction.'); END"
        )
