"""`arcadia migrate`: creates and migrates the databases."""

from typing import Annotated

import typer

from services.common.db.migrations import migrate
from services.common.rpc.telemetry import configure_logging
from services.common.settings import Service, Settings

__all__ = ["migrate_databases"]


def migrate_databases(
    services: Annotated[
        list[Service] | None, typer.Argument(help="The services to migrate; all by default.")
    ] = None,
) -> None:
    """Create each service's roles and database, and migrate it to the newest version."""
    settings = Settings()
    configure_logging(settings, "migrate")
    for service in services or list(Service):
        migrate(settings, service)
