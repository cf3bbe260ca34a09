"""Making an installation usable: its tables, and the headquarters without which nobody would answer for anything."""

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from fangxian.core import outbox
from fangxian.core.access import SYSTEM


def install() -> None:
    """Bring the database up to date and hand on what an earlier crash left in the outbox. Safe to repeat."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0, interactive=False)
    from fangxian.registry import actions

    actions.install(SYSTEM)
    outbox.deliver()
