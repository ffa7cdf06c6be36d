"""The reference of (5d): the same engine behind FastAPI and uvicorn, one worker, the same work.

Our verifier verifies the token, Pydantic the body; the service's own code reads the price list and
stores the quote, shared by simultaneous calls in the same way.
"""

import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

import orjson
import uvicorn
from fastapi import FastAPI, Header, Response
from pydantic import BaseModel, Field

from services.catalog.quotes.batching import Batcher
from services.catalog.quotes.rules.snapshots import plan_inputs
from services.catalog.quotes.rules.stored_quotes import NewQuote, StoredQuote, new_id
from services.catalog.quotes.store.batch_writer import QuoteWriter
from services.catalog.quotes.store.price_list import PriceListReader
from services.catalog.quoting.inputs import UsageSeries
from services.catalog.quoting.lines import Line, total
from services.catalog.quoting.proofs.proof import prove
from services.common.db.database import Database
from services.common.identity.tokens import TokenVerifier
from services.common.limits.declared import QUOTES_A_DAY
from services.common.settings import Service, Settings

__all__ = ["application"]


class Body(BaseModel):
    """The request body."""

    plan_code: str = Field(min_length=1, max_length=63)
    addons: list[str] = []
    projected_usage: dict[str, Annotated[Decimal, Field(ge=0, le=10**15)]] = {}
    starts_on: date


def application(settings: Settings) -> FastAPI:
    """The application, with one route."""
    app = FastAPI()
    verifier = TokenVerifier(settings)
    database = Database(settings.database_url(Service.CATALOG), application_name="bench")
    writer = QuoteWriter(database)
    reading = Batcher(PriceListReader(database).read)
    keeping = Batcher(writer.keep)

    @app.post("/api/v1/quote")
    async def quote(body: Body, authorization: Annotated[str, Header()]) -> Response:
        caller = verifier.verify(authorization, internal=False)
        now = datetime.now(UTC)
        await writer.prepare(now.date())
        prices = await reading.ask(None)
        version = prices.version(body.plan_code)
        inputs = plan_inputs(
            version,
            prices.addons_of(body.addons, version),
            [UsageSeries(kind, projected_qty=qty) for kind, qty in body.projected_usage.items()],
            body.starts_on,
            prices.known,
        )
        made, proof = prove(inputs)
        identifier = new_id(now)
        answer = {
            "recurring": _lines(made.recurring),
            "first_invoice": _lines(made.first_invoice),
            "overage": _lines(made.overage),
            "ad_hoc": _lines(made.ad_hoc),
            "all_in_monthly_cents": made.all_in_monthly_cents,
            "first_invoice_cents": total(made.first_invoice),
            "currency": inputs.currency,
            "id": str(identifier),
            "plan_code": version.plan_code,
            "plan_version": version.version,
            "created_at": now,
            "proof": proof,
        }
        content = orjson.dumps(answer)
        kept = StoredQuote(
            identifier, caller.tenant_id or "", caller.subject, None, proof, content, now
        )
        await keeping.ask((NewQuote(kept, prices.revision, QUOTES_A_DAY.highest), None))
        return Response(content, media_type="application/json")

    return app


def _lines(lines: Sequence[Line]) -> list[dict[str, Any]]:
    return [
        {
            "kind": line.kind,
            "resource_kind": line.resource_kind,
            "description": line.description,
            "qty": line.qty,
            "unit": line.unit,
            "unit_price_cents": line.unit_price_cents,
            "price_base_qty": line.price_base_qty,
            "amount_cents": str(line.amount_cents),
            "meta": line.meta,
        }
        for line in lines
    ]


if __name__ == "__main__":
    uvicorn.run(
        application(Settings()),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
    )
