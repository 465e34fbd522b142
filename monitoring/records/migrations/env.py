"""What alembic runs: the migrations, on the connection it is handed, in the transaction that is open there."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

import monitoring.records.tables  # noqa: F401  (fills the metadata)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    transactional_ddl=False,  # the caller's transaction holds everything, the schema's name included
)
context.run_migrations()
