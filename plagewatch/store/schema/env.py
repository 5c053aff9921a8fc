"""Run by Alembic: applies the migrations in `versions/` on the connection that `store/engine.py` hands over."""

from alembic import context

from plagewatch.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
