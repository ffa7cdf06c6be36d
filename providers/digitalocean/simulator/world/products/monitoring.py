"""Uptime checks and alert policies."""

from providers.digitalocean.simulator.world.build import World

__all__ = ["add_monitoring"]

_CHECKS = (
    ("acme-web", "https://acme.example", 0.5),
    ("status-site", "https://sky-ai.example", 0.6),
)


def add_monitoring(world: World) -> None:
    """Two checks, of which the first is free, and a policy that alerts a Slack channel."""
    for number, (name, target, share) in enumerate(_CHECKS):
        identifier = world.ids.uuid("uptime_check", name)
        document = {
            "id": identifier,
            "name": name,
            "type": "https",
            "target": target,
            "regions": ["us_east", "eu_west"],
            "enabled": True,
        }
        world.add("uptime_check", identifier, document)
        if number:
            world.bill(
                "uptime_check",
                identifier,
                name,
                "",
                "",
                world.instant("uptime_check", name, earliest=share),
                sku="https",
            )
    identifier = world.ids.uuid("alert_policy", "cpu")
    webhook = f"https://hooks.slack.com/services/{world.ids.secret('slack')}"
    policy = {
        "uuid": identifier,
        "type": "v1/insights/droplet/cpu",
        "description": "CPU is running high",
        "compare": "GreaterThan",
        "value": 80,
        "window": "5m",
        "entities": [],
        "tags": ["ops"],
        "alerts": {
            "email": ["ops@sky-ai.example"],
            "slack": [{"channel": "#ops", "url": webhook}],
        },
        "enabled": True,
    }
    world.add("alert_policy", identifier, policy)
