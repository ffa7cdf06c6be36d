"""Saves histories of migrations, whose days pass: `pytest tests/workflows/record_migrations.py`."""

from temporalio.testing import WorkflowEnvironment

from tests.workflows.test_plan_migration import Catalog, environment, migrated

__all__ = ["environment"]


async def test_record_migrations(environment: WorkflowEnvironment) -> None:
    await migrated(environment, Catalog(), saved_as="PlanMigration.in-effect")
    decisions = (5, "pause"), (20, "resume"), (30, "undo")
    await migrated(environment, Catalog(), *decisions, saved_as="PlanMigration.undone")
