"""The task queues, one a purpose, so that one kind of work never waits behind another."""

from enum import StrEnum

__all__ = ["TaskQueue"]


class TaskQueue(StrEnum):
    """Named as in the schedules, and as the purpose of a DigitalOcean token."""

    CLOUD_SYNC_FULL = "cloud-sync-full"
