"""The task queues, one a purpose, so that one kind of work never waits behind another."""

from enum import StrEnum

__all__ = ["TaskQueue"]


class TaskQueue(StrEnum):
    """Named as in the schedules, and as the purpose of a DigitalOcean token."""

    PROVISIONING = "provisioning"
    """What changes something at the provider: never behind what only reads."""
    CLOUD_SYNC_FULL = "cloud-sync-full"
    """Every hour: the kinds that come and go."""
    CLOUD_SYNC_SLOW = "cloud-sync-slow"
    """Every six hours: the kinds that rarely change."""
    CLOUD_SYNC_FAST = "cloud-sync-fast"
    """One resource, right after something was done to it."""
    CLOUD_BILLING = "cloud-billing"
    """What the provider charges: balances, bills, estimates."""
    METERING = "metering"
    """Usage, accrual and margin: work on what the services know, never on the provider."""
    INVOICING = "invoicing"
    """The month's end, and the hand-over of what it issued."""
