"""Droplets in the API's format, and their images in three formats."""

from dataclasses import dataclass, field
from functools import cache
from typing import Self

import orjson

from providers.digitalocean.simulator.state import Document, Row
from providers.digitalocean.simulator.world.catalog import (
    IMAGES,
    REGIONS,
    SIZES,
    Image,
    Region,
    Size,
    gpu_document,
    image_document,
    region_document,
    size_document,
)

__all__ = [
    "Droplet",
    "DropletImage",
    "Origin",
    "droplet_document",
    "droplet_row",
    "with_size",
]


@dataclass(frozen=True)
class Droplet:
    """A droplet of the world; times are in the API's format."""

    id: int
    name: str
    size: Size
    region: Region
    image: Image
    created_at: str
    vpc_uuid: str
    tags: tuple[str, ...] = ()
    status: str = "active"
    disk: int | None = None
    """GiB if it differs from the size's, after a resize without the disk."""
    volume_ids: tuple[str, ...] = ()
    backup_ids: tuple[int, ...] = ()
    snapshot_ids: tuple[int, ...] = ()
    features: tuple[str, ...] = field(default=("droplet_agent", "private_networking"))
    backup_window: tuple[str, str] | None = None

    @property
    def bucket(self) -> str:
        """The droplet list that contains it."""
        return "gpu" if self.size.gpu else "cpu"


@cache
def _region(slug: str) -> orjson.Fragment:
    return orjson.Fragment(region_document(REGIONS[slug]))


@cache
def _size(slug: str) -> orjson.Fragment:
    return orjson.Fragment(size_document(SIZES[slug]))


@cache
def _image(key: str) -> orjson.Fragment:
    return orjson.Fragment(image_document(IMAGES[key]))


def _networks(droplet: Droplet) -> dict[str, object]:
    third, fourth = droplet.id // 250 % 250, droplet.id % 250 + 1
    public = {
        "ip_address": f"{droplet.region.prefix}.{third}.{fourth}",
        "netmask": "255.255.240.0",
        "gateway": f"{droplet.region.prefix}.{third // 16 * 16}.1",
        "type": "public",
    }
    private = {
        "ip_address": f"10.{100 + list(REGIONS).index(droplet.region.slug)}.{third}.{fourth}",
        "netmask": "255.255.0.0",
        "gateway": "",
        "type": "private",
    }
    return {"v4": [private, public], "v6": []}


def droplet_document(droplet: Droplet) -> bytes:
    """The JSON text of a droplet, with embedded region, size and image."""
    document: dict[str, object] = {
        "id": droplet.id,
        "name": droplet.name,
        "memory": droplet.size.memory,
        "vcpus": droplet.size.vcpus,
        "disk": droplet.disk or droplet.size.disk,
        "disk_info": [
            {"type": "local", "size": {"amount": droplet.disk or droplet.size.disk, "unit": "gib"}}
        ],
        "locked": droplet.status == "new",
        "status": droplet.status,
        "kernel": None,
        "created_at": droplet.created_at,
        "features": list(droplet.features),
        "backup_ids": list(droplet.backup_ids),
        "next_backup_window": _window(droplet.backup_window),
        "snapshot_ids": list(droplet.snapshot_ids),
        "image": _image(droplet.image.slug or droplet.image.name),
        "volume_ids": list(droplet.volume_ids),
        "size": _size(droplet.size.slug),
        "size_slug": droplet.size.slug,
        "networks": _networks(droplet),
        "region": _region(droplet.region.slug),
        "tags": list(droplet.tags),
        "vpc_uuid": droplet.vpc_uuid,
    }
    if droplet.size.gpu:
        document["gpu_info"] = gpu_document(droplet.size)
    return orjson.dumps(document)


def _window(window: tuple[str, str] | None) -> dict[str, str] | None:
    return None if window is None else {"start": window[0], "end": window[1]}


def droplet_row(droplet: Droplet) -> Row:
    """The droplet as a row of the store."""
    body = droplet_document(droplet)
    return Row("droplet", droplet.bucket, str(droplet.id), droplet.name, body)


def with_size(document: Document, size: Size, *, disk: bool) -> Document:
    """A droplet's document after a resize; the disk grows only on request."""
    resized = {
        **document,
        "memory": size.memory,
        "vcpus": size.vcpus,
        "size": orjson.loads(size_document(size)),
        "size_slug": size.slug,
    }
    if disk:
        resized["disk"] = size.disk
        resized["disk_info"] = [{"type": "local", "size": {"amount": size.disk, "unit": "gib"}}]
    return resized


@dataclass(frozen=True)
class Origin:
    """The properties of a droplet that its image keeps."""

    droplet_id: int
    region: str
    disk: int
    distribution: str

    @classmethod
    def of(cls, droplet: Droplet) -> Self:
        """From a generated droplet."""
        disk = droplet.disk or droplet.size.disk
        return cls(droplet.id, droplet.region.slug, disk, droplet.image.distribution)

    @classmethod
    def of_document(cls, droplet: Document) -> Self:
        """From a stored droplet."""
        return cls(
            droplet["id"],
            droplet["region"]["slug"],
            droplet["disk"],
            droplet["image"]["distribution"],
        )


@dataclass(frozen=True)
class DropletImage:
    """A snapshot or a backup of a droplet."""

    id: int
    name: str
    type: str
    """`snapshot` or `backup`."""
    origin: Origin
    created_at: str
    size_gigabytes: float

    def rows(self) -> list[Row]:
        """Its forms: of a snapshot under `/v2/snapshots`, then of its droplet, and as an image."""
        shared = {
            "name": self.name,
            "created_at": self.created_at,
            "regions": [self.origin.region],
            "min_disk_size": self.origin.disk,
            "size_gigabytes": self.size_gigabytes,
        }
        droplet_id = str(self.origin.droplet_id)
        # Only there its id is a string.
        snapshot = {
            "id": str(self.id),
            **shared,
            "resource_id": droplet_id,
            "resource_type": "droplet",
            "tags": [],
        }
        own = {"id": self.id, **shared, "type": self.type}
        forms = [self._row("snapshot", "droplet", snapshot)] if self.type == "snapshot" else []
        return [
            *forms,
            self._row(f"droplet_{self.type}", droplet_id, own),
            self._row("image", "private", self._image()),
        ]

    def _image(self) -> Document:
        return {
            "id": self.id,
            "name": self.name,
            "type": self.type,
            "distribution": self.origin.distribution,
            "slug": None,
            "public": False,
            "regions": [self.origin.region],
            "created_at": self.created_at,
            "min_disk_size": self.origin.disk,
            "size_gigabytes": self.size_gigabytes,
            "description": "",
            "tags": [],
            "status": "available",
            "error_message": "",
        }

    def _row(self, kind: str, bucket: str, document: Document) -> Row:
        return Row(kind, bucket, str(self.id), self.name, orjson.dumps(document))
