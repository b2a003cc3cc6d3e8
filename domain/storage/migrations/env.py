"""Run by Alembic inside the connection that `domain.storage.migrate` opened."""

from alembic import context

from domain.storage.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
