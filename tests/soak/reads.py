"""The reads of the load: pages of the inventory over HTTP, and the watch over gRPC."""

from dataclasses import dataclass, field
from typing import Any, Final

import grpc
from arcadia.inventory.v1 import inventory_service_pb2 as inventory
from arcadia.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub

from services.common.settings import Service
from tests.soak.outside import PASSING, UNCLEAR, NoAnswer, Outside

__all__ = ["Pages", "Watch"]

PAGE: Final = 50


@dataclass
class Pages:
    """Walks through the inventory, page by page; a page that was not answered is asked again."""

    outside: Outside
    rows: int = 0
    _token: str = ""

    async def read(self) -> None:
        """The next page."""
        parameters: dict[str, Any] = {"page_size": PAGE, "page_token": self._token}
        answer = await self.outside.get("/api/v1/inventory", **parameters)
        self.rows += len(answer.get("resources", []))
        self._token = answer.get("next_page_token", "")


@dataclass
class Watch:
    """Watches every event, and after each break goes on from the last one that it saw."""

    outside: Outside
    seen: list[int] = field(default_factory=list)
    breaks: int = 0

    async def read(self) -> None:
        """Watches for a while, or until the stream breaks."""
        after = self.seen[-1] if self.seen else 0
        stub: Any = InventoryServiceStub(self.outside.channels[Service.INVENTORY])
        stream = stub.WatchResourceEvents(
            inventory.WatchResourceEventsRequest(after_event_id=after),
            metadata=self.outside.metadata,
            timeout=10,
        )
        try:
            async for answer in stream:
                self.seen.extend(event.id for event in answer.events)
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                return  # our own: the watch goes on
            if error.code() not in PASSING | UNCLEAR:
                raise
            self.breaks += 1
            raise NoAnswer(f"grpc {error.code().name}") from error
