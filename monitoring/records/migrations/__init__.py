"""The schema's history. A row once written cannot be filled in later, so each revision only adds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config

if TYPE_CHECKING:
    from sqlalchemy import Connection


def settings(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without an ini file; migrations run on `connection`."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection) -> None:
    """Bring the schema to head inside the transaction `connection` is in: all of it, or none."""
    command.upgrade(settings(connection), "head")
