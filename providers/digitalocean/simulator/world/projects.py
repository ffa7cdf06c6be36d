"""The account itself and its projects."""

from providers.digitalocean.simulator.clock import render_instant
from providers.digitalocean.simulator.world.build import FIRST_DAY, World
from providers.digitalocean.simulator.world.fleets import PROJECTS

__all__ = ["OWNER_ID", "add_account", "add_projects", "owner_uuid", "team_uuid"]

OWNER_ID = 16_432_871


def owner_uuid(world: World) -> str:
    """The account owner's id, in the API's form without hyphens."""
    return world.ids.uuid("owner").replace("-", "")


def team_uuid(world: World) -> str:
    """The team's id; `do:team:<id>` is the account's URN in billing."""
    return world.ids.uuid("team")


def add_account(world: World) -> None:
    """The account behind every token."""
    world.add(
        "account",
        "account",
        {
            "droplet_limit": 250_000,
            "floating_ip_limit": 50,
            "reserved_ip_limit": 50,
            "volume_limit": 500,
            "email": "ops@sky-ai.example",
            "name": "Sky AI operations",
            "uuid": owner_uuid(world),
            "email_verified": True,
            "status": "active",
            "status_message": "",
            "team": {"uuid": team_uuid(world), "name": "Sky AI"},
        },
    )


def add_projects(world: World) -> None:
    """The projects, the default one first."""
    for plan in PROJECTS:
        created = FIRST_DAY if plan.is_default else world.instant("project", plan.name, latest=0.05)
        world.add(
            "project",
            world.project_id(plan.name),
            {
                "id": world.project_id(plan.name),
                "owner_uuid": owner_uuid(world),
                "owner_id": OWNER_ID,
                "name": plan.name,
                "description": plan.description,
                "purpose": plan.purpose,
                "environment": plan.environment,
                "is_default": plan.is_default,
                "created_at": render_instant(created),
                "updated_at": render_instant(created),
            },
        )
