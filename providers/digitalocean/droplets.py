"""Idempotent operations on a droplet: create, delete, power, size, name, tags and project.

Each takes the desired state and reads the droplet first, so it can be retried after a lost
response, a restart or a failure. A droplet that is locked, or rejects an action because another
one is pending, is busy; operations wait for it.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final

from kinds.comparators import is_system_tag
from kinds.unreadable import JsonObject
from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.errors import (
    ActionFailed,
    DuplicateObjects,
    NameTaken,
    NotFound,
    RequestRefused,
    ResourceBusy,
)

__all__ = [
    "await_active",
    "check_size",
    "ensure_name",
    "ensure_power",
    "ensure_project",
    "ensure_size",
    "ensure_tags",
    "find_sole",
    "find_tagged",
    "make_droplet",
    "read_droplet",
    "remove_tagged",
]

POLL_SECONDS: Final = 1.0
"""Seconds between two checks of a droplet or an action."""

MAX_PAUSE: Final = 10.0
"""Seconds between two checks of a droplet that has been busy for long."""

MAX_BUSY: Final = 300.0
"""Maximum seconds to wait for a busy droplet in one call; the caller may retry."""

MAX_UNSEEN_POLLS: Final = 30
"""Number of checks in which a new droplet may not be found."""

ON: Final = "active"
OFF: Final = "off"
ERRORED: Final = "errored"
IN_PROGRESS: Final = "in-progress"


async def read_droplet(provider: DigitalOcean, droplet_id: str) -> JsonObject:
    """Reads a droplet. Raises NotFound."""
    return await provider.one(f"/v2/droplets/{droplet_id}", "droplet")


async def check_size(provider: DigitalOcean, droplet: JsonObject, size: str) -> None:
    """Checks that a droplet can be resized without its disk, before it is powered off for it.

    Raises RequestRefused if its region does not have the size, or its disk would not fit.
    """
    region = str(droplet.get("region", {}).get("slug", ""))
    found = [
        row
        async for page in provider.pages("/v2/sizes", "sizes")
        for row in page.items
        if str(row.get("slug", "")).lower() == size.lower()
    ]
    if not found:
        raise RequestRefused(f"size {size!r} does not exist")
    if region not in found[0].get("regions", ()):
        raise RequestRefused(f"size {size} is not available in {region}")
    if found[0].get("disk", 0) < droplet.get("disk", 0):
        raise RequestRefused(
            f"size {size} has a disk of {found[0].get('disk')} GB, smaller than the droplet's of"
            f" {droplet.get('disk')} GB, which cannot shrink"
        )


async def ensure_power(provider: DigitalOcean, droplet_id: str, *, on: bool) -> None:
    """Powers a droplet on or off, and waits for it."""
    wanted, action = (ON, "power_on") if on else (OFF, "power_off")
    await _ensure(
        provider, droplet_id, lambda droplet: droplet.get("status") == wanted, {"type": action}
    )


async def ensure_size(provider: DigitalOcean, droplet_id: str, size: str) -> None:
    """Resizes a droplet, which must be off; never its disk, which could not be undone."""
    await _ensure(
        provider,
        droplet_id,
        lambda droplet: str(droplet.get("size_slug", "")).lower() == size.lower(),
        {"type": "resize", "size": size, "disk": False},
    )


async def ensure_name(provider: DigitalOcean, droplet_id: str, name: str) -> None:
    """Renames a droplet."""
    await _ensure(
        provider,
        droplet_id,
        lambda droplet: droplet.get("name") == name,
        {"type": "rename", "name": name},
    )


async def ensure_tags(provider: DigitalOcean, droplet_id: str, tags: Sequence[str]) -> None:
    """Sets a droplet's tags; tags of the provider's own systems are kept."""
    has = {str(tag).lower(): str(tag) for tag in (await read_droplet(provider, droplet_id))["tags"]}
    wanted = {tag.lower(): tag for tag in tags}
    for tag in _absent(wanted, has):
        await _create_tag(provider, tag)
        await provider.send("POST", f"/v2/tags/{tag}/resources", _tagged(droplet_id))
    for tag in _absent(has, wanted):
        if not is_system_tag(tag):
            await provider.send("DELETE", f"/v2/tags/{tag}/resources", _tagged(droplet_id))


async def ensure_project(provider: DigitalOcean, droplet_id: str, project_id: str) -> None:
    """Moves a droplet to a project, given by the provider's id."""
    body = {"resources": [f"do:droplet:{droplet_id}"]}
    await provider.send("POST", f"/v2/projects/{project_id}/resources", body)


async def _ensure(
    provider: DigitalOcean,
    droplet_id: str,
    is_so: Callable[[JsonObject], bool],
    action: JsonObject,
) -> None:
    busy = _Busy(droplet_id)
    while True:
        droplet = await read_droplet(provider, droplet_id)
        if droplet.get("locked"):
            await busy.wait()
            continue
        if is_so(droplet):
            return
        try:
            answer = await provider.send("POST", f"/v2/droplets/{droplet_id}/actions", action)
        except ResourceBusy:  # another action began since the check
            await busy.wait()
            continue
        except RequestRefused:
            if not is_so(await read_droplet(provider, droplet_id)):
                raise
            return  # another caller did it since the check
        await _ended(provider, answer["action"])


class _Busy:
    """Waits while another action runs on a droplet, with exponential backoff."""

    def __init__(self, droplet_id: str) -> None:
        self._droplet_id = droplet_id
        self._pause = POLL_SECONDS
        self._waited = 0.0

    async def wait(self) -> None:
        """Waits once. Raises ResourceBusy after the maximum wait."""
        if self._waited >= MAX_BUSY:
            raise ResourceBusy(
                f"droplet {self._droplet_id} has been busy with another action"
                f" for {self._waited:.0f} seconds"
            )
        await asyncio.sleep(self._pause)
        self._waited += self._pause
        self._pause = min(self._pause * 2, MAX_PAUSE)


async def _ended(provider: DigitalOcean, action: JsonObject) -> None:
    """Waits for an action. Raises ActionFailed if it fails."""
    while action.get("status") == IN_PROGRESS:
        await asyncio.sleep(POLL_SECONDS)
        action = await provider.one(f"/v2/actions/{action['id']}", "action")
    if action.get("status") == ERRORED:
        raise ActionFailed(f"action {action['id']} ({action.get('type')}) failed")


async def _create_tag(provider: DigitalOcean, tag: str) -> None:
    try:
        await provider.create("/v2/tags", "tag", {"name": tag})
    except NameTaken:
        return


def _absent(these: dict[str, str], those: Iterable[str]) -> list[str]:
    known = set(those)
    return [tag for key, tag in these.items() if key not in known]


def _tagged(droplet_id: str) -> dict[str, Any]:
    return {"resources": [{"resource_id": droplet_id, "resource_type": "droplet"}]}


async def find_tagged(provider: DigitalOcean, tag: str) -> list[str]:
    """The ids of the droplets with a tag."""
    query = (("tag_name", tag),)
    return [
        str(row["id"])
        async for page in provider.pages("/v2/droplets", "droplets", query=query)
        for row in page.items
    ]


async def find_sole(provider: DigitalOcean, tag: str) -> str | None:
    """The id of the droplet with a tag; None if there is none.

    Raises DuplicateObjects if there are several.
    """
    found = await find_tagged(provider, tag)
    if len(found) > 1:
        raise DuplicateObjects(f"{len(found)} droplets have the tag {tag}: {', '.join(found)}")
    return found[0] if found else None


async def make_droplet(provider: DigitalOcean, tag: str, order: JsonObject) -> str:
    """Creates the droplet of an order, or finds that of an earlier attempt; returns its id.

    `tag` is unique to the order: it identifies a droplet whose creation had no response. Raises
    DuplicateObjects.
    """
    found = await find_sole(provider, tag)
    if found is not None:
        return found
    body = {**order, "tags": [tag, *order.get("tags", ())]}
    return str((await provider.create("/v2/droplets", "droplet", body))["id"])


async def await_active(provider: DigitalOcean, droplet_id: str) -> None:
    """Waits until a droplet runs and is idle; a new one may be missing at first."""
    looks = 0
    while True:
        try:
            droplet = await read_droplet(provider, droplet_id)
        except NotFound:
            looks += 1
            if looks > MAX_UNSEEN_POLLS:
                raise
        else:
            if droplet.get("status") == ON and not droplet.get("locked"):
                return
        await asyncio.sleep(POLL_SECONDS)


async def remove_tagged(provider: DigitalOcean, tag: str) -> int:
    """Deletes the droplets with a tag, and waits until they are gone; returns their number.

    Busy ones are retried as long as the caller waits.
    """
    removed = 0
    while found := await find_tagged(provider, tag):
        for droplet_id in found:
            # A busy one is deleted at a later check.
            with suppress(NotFound, ResourceBusy):
                await provider.send("DELETE", f"/v2/droplets/{droplet_id}")
        removed = max(removed, len(found))
        await asyncio.sleep(POLL_SECONDS)
    return removed
