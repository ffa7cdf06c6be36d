"""Instants as the services are told."""

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

__all__ = ["stamp"]


def stamp(instant: datetime | None) -> Timestamp | None:
    """The proto of an instant; None stays unset."""
    if instant is None:
        return None
    made = Timestamp()
    made.FromDatetime(instant)
    return made
