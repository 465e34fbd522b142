"""An entry may say the times it came with, where those could not be."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Two columns more, NULL in every row there is: NULL stands in no hash, so those rows keep theirs."""
    op.add_column("entry", sa.Column("observed_given", sa.String(), nullable=True))
    op.add_column("entry", sa.Column("tapped_given", sa.String(), nullable=True))
