"""The audit rows of one infusion are found without reading all: whether its own chain holds is asked at each review."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the index; no row is touched."""
    op.create_index(
        "ix_audit_infusion",
        "audit",
        ["infusion_id"],
        unique=False,
        sqlite_where=sa.text("infusion_id IS NOT NULL"),
    )
