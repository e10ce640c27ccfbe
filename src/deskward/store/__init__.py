"""The database and what runs the errands; only this package knows SQLAlchemy, Alembic and Procrastinate."""
