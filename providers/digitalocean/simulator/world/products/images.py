"""Images made of droplets, in the three forms in which the API shows them."""

from dataclasses import dataclass
from typing import Self

import orjson

from providers.digitalocean.simulator.state import Document, Row
from providers.digitalocean.simulator.world.droplets import Droplet

__all__ = ["Origin", "droplet_snapshot", "private_image", "snapshot_row"]


@dataclass(frozen=True)
class Origin:
    """The properties of a droplet that its image keeps."""

    droplet_id: int
    region: str
    disk: int
    distribution: str

    @classmethod
    def of(cls, droplet: Droplet) -> Self:
        """Of a droplet of the seed."""
        disk = droplet.disk or droplet.size.disk
        return cls(droplet.id, droplet.region.slug, disk, droplet.image.distribution)

    @classmethod
    def of_document(cls, droplet: Document) -> Self:
        """Of a droplet as the store has it."""
        return cls(
            droplet["id"],
            droplet["region"]["slug"],
            droplet["disk"],
            droplet["image"]["distribution"],
        )


def private_image(
    identifier: int, name: str, kind: str, origin: Origin, at: str, size_gigabytes: float
) -> Row:
    """The image that a snapshot or a backup of a droplet is, under `/v2/images`."""
    document = {
        "id": identifier,
        "name": name,
        "type": kind,
        "distribution": origin.distribution,
        "slug": None,
        "public": False,
        "regions": [origin.region],
        "created_at": at,
        "min_disk_size": origin.disk,
        "size_gigabytes": size_gigabytes,
        "description": "",
        "tags": [],
        "status": "available",
        "error_message": "",
    }
    return Row("image", "private", str(identifier), name, orjson.dumps(document))


def snapshot_row(identifier: int, name: str, origin: Origin, at: str, size_gigabytes: float) -> Row:
    """The snapshot under `/v2/snapshots`, where its id is a string."""
    document = {
        "id": str(identifier),
        "name": name,
        "created_at": at,
        "regions": [origin.region],
        "min_disk_size": origin.disk,
        "size_gigabytes": size_gigabytes,
        "resource_id": str(origin.droplet_id),
        "resource_type": "droplet",
        "tags": [],
    }
    return Row("snapshot", "droplet", str(identifier), name, orjson.dumps(document))


def droplet_snapshot(
    identifier: int, name: str, origin: Origin, at: str, size_gigabytes: float, kind: str
) -> Row:
    """The snapshot (or backup) under `/v2/droplets/{id}`, where its id is a number."""
    document = {
        "id": identifier,
        "name": name,
        "created_at": at,
        "regions": [origin.region],
        "min_disk_size": origin.disk,
        "size_gigabytes": size_gigabytes,
        "type": kind,
    }
    return Row(
        f"droplet_{kind}", str(origin.droplet_id), str(identifier), name, orjson.dumps(document)
    )
