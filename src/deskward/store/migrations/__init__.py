"""The migrations, run from code: see `deskward.store.migrating`."""

from pathlib import Path

from alembic.config import Config
from sqlalchemy import Connection


def config_for(connection: Connection | None = None) -> Config:
    """Give Alembic's settings for a connection that is in a transaction."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config
