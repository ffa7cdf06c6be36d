"""Idempotent operations on a droplet: create, delete, power, size, name, tags and project.

Each takes the desired state and reads the droplet first, so it may be retried after a lost
answer, a restart or a failure: what is done already is not done twice. A droplet that is locked,
or refuses an action because another one is pending, is busy: that is waited for.
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
"""Seconds between two looks at a droplet or at an action."""

MAX_PAUSE: Final = 10.0
"""Seconds between two looks at a droplet that is busy for long."""

MAX_BUSY: Final = 300.0
"""Seconds for which a busy droplet is waited for at once; whoever asked may ask again."""

MAX_UNSEEN_POLLS: Final = 30
"""For so many looks a droplet that was just made may not be found."""

ON: Final = "active"
OFF: Final = "off"
ERRORED: Final = "errored"
IN_PROGRESS: Final = "in-progress"


async def read_droplet(provider: DigitalOcean, droplet_id: str) -> JsonObject:
    """A droplet as it is. Raises NotFound."""
    return await provider.one(f"/v2/droplets/{droplet_id}", "droplet")


async def check_size(provider: DigitalOcean, droplet: JsonObject, size: str) -> None:
    """Whether a droplet can be resized, before it is turned off for it; never its disk.

    Raises RequestRefused when there is no such size where the droplet is, or when its disk would
    not fit.
    """
    region = str(droplet.get("region", {}).get("slug", ""))
    found = [
        row
        async for page in provider.pages("/v2/sizes", "sizes")
        for row in page.items
        if str(row.get("slug", "")).lower() == size.lower()
    ]
    if not found:
        raise RequestRefused(f"there is no size {size!r}")
    if region not in found[0].get("regions", ()):
        raise RequestRefused(f"the size {size} is not offered in {region}")
    if found[0].get("disk", 0) < droplet.get("disk", 0):
        raise RequestRefused(
            f"the size {size} has a disk of {found[0].get('disk')} GB, and the droplet one of"
            f" {droplet.get('disk')} GB, which cannot shrink"
        )


async def ensure_power(provider: DigitalOcean, droplet_id: str, *, on: bool) -> None:
    """Turns a droplet on or off, and waits until it is so."""
    wanted, action = (ON, "power_on") if on else (OFF, "power_off")
    await _ensure(
        provider, droplet_id, lambda droplet: droplet.get("status") == wanted, {"type": action}
    )


async def ensure_size(provider: DigitalOcean, droplet_id: str, size: str) -> None:
    """Resizes a droplet, which must be off; never its disk, which cannot be undone."""
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
    """Gives a droplet these tags and no others, but for those of the provider's own systems."""
    has = {str(tag).lower(): str(tag) for tag in (await read_droplet(provider, droplet_id))["tags"]}
    wanted = {tag.lower(): tag for tag in tags}
    for tag in _absent(wanted, has):
        await _create_tag(provider, tag)
        await provider.send("POST", f"/v2/tags/{tag}/resources", _tagged(droplet_id))
    for tag in _absent(has, wanted):
        if not is_system_tag(tag):
            await provider.send("DELETE", f"/v2/tags/{tag}/resources", _tagged(droplet_id))


async def ensure_project(provider: DigitalOcean, droplet_id: str, project_id: str) -> None:
    """Puts a droplet into a project, named by the provider's id."""
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
        except ResourceBusy:  # another action began since we looked
            await busy.wait()
            continue
        except RequestRefused:
            if not is_so(await read_droplet(provider, droplet_id)):
                raise
            return  # somebody else did it since we looked
        await _ended(provider, answer["action"])


class _Busy:
    """Waits while another action runs on a droplet, with exponential backoff."""

    def __init__(self, droplet_id: str) -> None:
        self._droplet_id = droplet_id
        self._pause = POLL_SECONDS
        self._waited = 0.0

    async def wait(self) -> None:
        """Waits once. Raises ResourceBusy when it has been long enough."""
        if self._waited >= MAX_BUSY:
            raise ResourceBusy(
                f"droplet {self._droplet_id} has been busy with another action"
                f" for {self._waited:.0f} seconds"
            )
        await asyncio.sleep(self._pause)
        self._waited += self._pause
        self._pause = min(self._pause * 2, MAX_PAUSE)


async def _ended(provider: DigitalOcean, action: JsonObject) -> None:
    """Waits for an action. Raises ActionFailed when it ends in an error."""
    while action.get("status") == IN_PROGRESS:
        await asyncio.sleep(POLL_SECONDS)
        action = await provider.one(f"/v2/actions/{action['id']}", "action")
    if action.get("status") == ERRORED:
        raise ActionFailed(f"action {action['id']} ({action.get('type')}) ended in an error")


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
    """The ids of the droplets that have a tag."""
    query = (("tag_name", tag),)
    return [
        str(row["id"])
        async for page in provider.pages("/v2/droplets", "droplets", query=query)
        for row in page.items
    ]


async def find_sole(provider: DigitalOcean, tag: str) -> str | None:
    """The id of the droplet that has a tag; None when there is none.

    Raises DuplicateObjects when there are several, of which none is the one.
    """
    found = await find_tagged(provider, tag)
    if len(found) > 1:
        raise DuplicateObjects(f"{len(found)} droplets have the tag {tag}: {', '.join(found)}")
    return found[0] if found else None


async def make_droplet(provider: DigitalOcean, tag: str, order: JsonObject) -> str:
    """Creates the droplet of an order, or finds that of an earlier attempt; its id.

    `tag` is the order's own: by it a droplet is found whose making was never answered.
    Raises DuplicateObjects.
    """
    found = await find_sole(provider, tag)
    if found is not None:
        return found
    body = {**order, "tags": [tag, *order.get("tags", ())]}
    return str((await provider.create("/v2/droplets", "droplet", body))["id"])


async def await_active(provider: DigitalOcean, droplet_id: str) -> None:
    """Waits until a droplet runs and nothing is done to it. A new one is not found at first."""
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
    """Deletes the droplets that have a tag, and waits until they are gone; how many there were.

    What is busy is tried again for as long as the caller waits.
    """
    removed = 0
    while found := await find_tagged(provider, tag):
        for droplet_id in found:
            # One that is busy is deleted at a later look.
            with suppress(NotFound, ResourceBusy):
                await provider.send("DELETE", f"/v2/droplets/{droplet_id}")
        removed = max(removed, len(found))
        await asyncio.sleep(POLL_SECONDS)
    return removed
