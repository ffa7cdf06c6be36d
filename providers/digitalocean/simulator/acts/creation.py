"""Creates a requested droplet."""

import re
from dataclasses import dataclass
from typing import Self

import orjson

from providers.digitalocean.simulator.assignments import urn_of
from providers.digitalocean.simulator.billing.ledger import Lifespan
from providers.digitalocean.simulator.clock import render_instant
from providers.digitalocean.simulator.simulation import Simulation
from providers.digitalocean.simulator.state import Document, Row
from providers.digitalocean.simulator.web.errors import Unprocessable
from providers.digitalocean.simulator.web.payload import optional, required
from providers.digitalocean.simulator.world.build import Assignment
from providers.digitalocean.simulator.world.catalog import (
    IMAGES,
    REGIONS,
    SIZES,
    Image,
    available_in,
)
from providers.digitalocean.simulator.world.droplets import Droplet, droplet_row

__all__ = ["DropletOrder", "create_droplet"]

_NAME = re.compile(r"^[a-zA-Z0-9]?[a-z0-9A-Z.\-]*[a-z0-9A-Z]$")
_TAG = re.compile(r"^[a-zA-Z0-9_\-:]{1,255}$")
BOOT_KIND = "droplet_boot"
"""What a droplet reads at its first boot; no list of the API shows it."""

_MAX_NAMES = 10
_MAX_USER_DATA = 65_536


@dataclass(frozen=True)
class DropletOrder:
    """A validated request to create a droplet: one name, or several for equal droplets."""

    name: str
    names: tuple[str, ...]
    size: str
    region: str
    image: Image
    tags: tuple[str, ...]
    backups: bool
    vpc_uuid: str
    ssh_keys: tuple[str, ...]
    user_data: str

    @classmethod
    def read(cls, asked: Document) -> Self:
        """Validates a request's body. Unprocessable with the field if it is invalid."""
        names = tuple(optional(asked, "names", list, []))
        name = "" if names else required(asked, "name", str)
        for given in names or (name,):
            if not isinstance(given, str) or not _NAME.match(given):
                raise Unprocessable(
                    "name: only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)"
                )
        if len(names) > _MAX_NAMES:
            raise Unprocessable(f"names: at most {_MAX_NAMES} at once")
        size = SIZES.get(required(asked, "size", str))
        region = optional(asked, "region", str, "nyc3")
        if size is None:
            raise Unprocessable("size: you specified an invalid size for Droplet creation.")
        if region not in available_in(size):
            raise Unprocessable("region: the size is not available in this region.")
        tags = tuple(optional(asked, "tags", list, []))
        if not all(isinstance(tag, str) and _TAG.match(tag) for tag in tags):
            raise Unprocessable("tags: may hold letters, numbers, colons, dashes and underscores.")
        return cls(
            name=name,
            names=names,
            size=size.slug,
            region=region,
            image=_image(asked.get("image")),
            tags=tags,
            backups=optional(asked, "backups", bool, False),
            vpc_uuid=optional(asked, "vpc_uuid", str, ""),
            ssh_keys=tuple(map(str, optional(asked, "ssh_keys", list, []))),
            user_data=_user_data(asked),
        )


def _user_data(asked: Document) -> str:
    user_data = optional(asked, "user_data", str, "")
    if len(user_data.encode()) > _MAX_USER_DATA:
        raise Unprocessable("user_data: may be at most 64 KiB.")
    return user_data


def _image(asked: object) -> Image:
    for image in IMAGES.values():
        if asked is not None and asked in (image.slug, image.id, str(image.id)):
            return image
    raise Unprocessable("image: you specified an invalid image for Droplet creation.")


def create_droplet(
    simulation: Simulation,
    order: DropletOrder,
    name: str,
    *,
    status: str = "new",
    project_id: str | None = None,
) -> Document:
    """Adds a droplet to the account and to a project, by default the default one; its document."""
    store = simulation.store
    now = simulation.clock.now().replace(microsecond=0)
    vpcs = store.documents("vpc")
    default_vpc = next((v["id"] for v in vpcs if v["region"] == order.region and v["default"]), "")
    if order.vpc_uuid and order.vpc_uuid not in {vpc["id"] for vpc in vpcs}:
        raise Unprocessable("vpc_uuid: no such VPC in the region.")
    known = {str(key[name]) for key in store.documents("ssh_key") for name in ("id", "fingerprint")}
    for ssh_key in order.ssh_keys:
        if ssh_key not in known:
            raise Unprocessable(f"ssh_keys: {ssh_key} is not a key of the account.")
    droplet = Droplet(
        id=store.next_number("droplet_id", 17),
        name=name,
        size=SIZES[order.size],
        region=REGIONS[order.region],
        image=order.image,
        created_at=render_instant(now),
        vpc_uuid=order.vpc_uuid or default_vpc,
        tags=order.tags,
        status=status,
        # The agent appears after the first boot.
        features=tuple(
            feature
            for feature, has in (
                ("backups", order.backups),
                ("droplet_agent", status != "new"),
                ("private_networking", True),
            )
            if has
        ),
    )
    projects = store.documents("project")
    project = next((p for p in projects if p["id"] == project_id), None) or next(
        p for p in projects if p["is_default"]
    )
    row = droplet_row(droplet)
    boot = {"ssh_keys": order.ssh_keys, "user_data": order.user_data}
    with store.transaction():
        store.insert([row, Row(BOOT_KIND, "", row.id, name, orjson.dumps(boot))])
        urn = urn_of("droplet", row.id)
        simulation.assignments.add([Assignment(urn, project["id"], droplet.created_at)])
        simulation.ledger.add(
            Lifespan(
                kind,
                row.id,
                f"d0000000-0000-4000-8000-{droplet.id:012x}",
                name,
                order.region,
                project["name"],
                now,
                sku=order.size,
            )
            for kind in (("droplet", "backup") if order.backups else ("droplet",))
        )
    document: Document = orjson.loads(row.body)
    return document
