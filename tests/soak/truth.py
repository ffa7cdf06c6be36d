"""The final state compared with the acknowledged effects."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
import psycopg

from services.common.settings import DEVELOPMENT_SECRETS, Port, Service, Settings
from tests.soak.ledger import Ledger
from tests.soak.report import Tally
from tests.soak.writes import SOURCE

__all__ = ["Truth", "tally_of"]


@dataclass(frozen=True)
class Truth:
    """The databases, as their superuser sees them, and the provider's account."""

    settings: Settings

    def rows(self, service: Service, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of a service's database."""
        password = DEVELOPMENT_SECRETS["database"]
        port = self.settings.port(Port.POSTGRES)
        url = f"postgresql://postgres:{password}@127.0.0.1:{port}/{service}"
        with psycopg.connect(url) as connection:
            return connection.execute(query.encode(), parameters).fetchall()

    def account(self, kind: str) -> list[dict[str, Any]]:
        """Every object of a kind at the provider."""
        return list(self._told("truth", kind=kind)["objects"])

    def tallies(self, ledger: Ledger) -> Iterator[Tally]:
        """Every kind of effect: how many were acknowledged, lost and doubled."""
        yield from self._usage(ledger)
        for kind, query in (
            ("deployment", "SELECT id::text, slug FROM deployments WHERE slug LIKE 'soak-%%'"),
            ("subscription", "SELECT id::text, deployment_id FROM subscriptions"),
            ("addon", "SELECT id::text, subscription_id FROM subscription_addons"),
            ("quote", "SELECT id::text, inputs_hash FROM quotes"),
        ):
            acknowledged = list(ledger.effects(kind).values())
            found = self.rows(Service.CATALOG, query)
            yield tally_of(kind, acknowledged, [row[0] for row in found], [row[1] for row in found])
        reasons = self.rows(
            Service.INVENTORY,
            "SELECT reason FROM cloud_resource_assignments WHERE reason LIKE 'assignment-%%'",
        )
        keys = [reason for (reason,) in reasons]
        yield tally_of("assignment", list(ledger.effects("assignment")), keys, keys)
        yield self._provisions(ledger)
        yield self._bills(ledger)

    def _usage(self, ledger: Ledger) -> Iterator[Tally]:
        found = self.rows(
            Service.ANALYTICS,
            "SELECT idempotency_key, qty FROM usage_events WHERE source = %s",
            SOURCE,
        )
        kept = {key: Decimal(qty) for key, qty in found}
        times = Counter(key for key, _ in found)
        for kind in ("usage-http", "usage-grpc"):
            sent: dict[str, Decimal] = {}
            for batch in ledger.effects(kind).values():
                sent |= batch
            yield Tally(
                kind,
                len(sent),
                [key for key, qty in sent.items() if kept.get(key) != qty],
                [key for key in sent if times[key] > 1],
            )

    def _provisions(self, ledger: Ledger) -> Tally:
        """A completed one has one droplet; one that failed or was never asked for, none."""
        tagged = Counter(
            tag.removeprefix("provision:")
            for droplet in self.account("droplet")
            for tag in droplet["tags"]
            if tag.startswith("provision:")
        )
        effects = dict(ledger.effects("provision").values())
        completed = {identifier for identifier, status in effects.items() if status == "completed"}
        unowned = [identifier for identifier in tagged if identifier not in completed]
        return Tally(
            "provision",
            len(effects),
            [identifier for identifier in completed if not tagged[identifier]],
            [identifier for identifier, times in tagged.items() if times > 1] + unowned,
        )

    def _bills(self, ledger: Ledger) -> Tally:
        """Every line of a bill once, whatever became of the runs that brought it in."""
        lost, doubled = [], []
        identifiers = set(ledger.effects("ingest").values())
        for identifier in identifiers:
            [(uuid,)] = self.rows(
                Service.BILLING,
                "SELECT invoice_uuid FROM cloud_invoices WHERE id = %s",
                identifier,
            )
            kept = Counter(
                self.rows(
                    Service.BILLING,
                    "SELECT description, amount_usd, provider_resource_uuid FROM cloud_cost_lines"
                    " WHERE provider_invoice_id = %s",
                    identifier,
                )
            )
            issued = Counter(
                (line["description"], Decimal(line["amount"]), line["resource_uuid"])
                for line in self._told(f"truth/invoices/{uuid}")["lines"]
            )
            lost += [f"{uuid} {line}" for line in issued - kept]
            doubled += [f"{uuid} {line}" for line in kept - issued]
        return Tally("bill", len(identifiers), lost, doubled)

    def unbalanced(self) -> list[tuple[Any, ...]]:
        """Bills whose lines do not add up to what they say."""
        return self.rows(
            Service.BILLING,
            "SELECT invoice_uuid, ingest_status, ingest_error, residual_usd FROM cloud_invoices"
            " WHERE ingest_status <> 'ingested' OR NOT balanced OR residual_usd <> 0",
        )

    def inventory_differs(self, kinds: Sequence[str]) -> dict[str, set[str]]:
        """By kind, the ids that only one of inventory and account has; of kinds where any is."""
        differing = {}
        for kind in kinds:
            living = self.rows(
                Service.INVENTORY,
                "SELECT provider_id FROM cloud_resources WHERE kind = %s AND deleted_at IS NULL",
                kind,
            )
            known = {identifier for (identifier,) in living}
            there = {str(one["id"]) for one in self.account(kind)}
            if known != there:
                differing[kind] = known ^ there
        return differing

    def events_since(self, first: int) -> list[int]:
        """The inventory's events from one on, in their order."""
        found = self.rows(
            Service.INVENTORY,
            "SELECT id FROM cloud_resource_events WHERE id >= %s ORDER BY id",
            first,
        )
        return [identifier for (identifier,) in found]

    def metered(self, deployment_id: str) -> Decimal:
        """The tokens of a deployment, as its daily figures have them."""
        [(total,)] = self.rows(
            Service.ANALYTICS,
            "SELECT coalesce(sum(qty), 0) FROM daily_usage"
            " WHERE deployment_id = %s AND resource_kind = 'llm_tokens'",
            deployment_id,
        )
        return Decimal(total)

    def _told(self, path: str, **parameters: str) -> Mapping[str, Any]:
        url = f"http://127.0.0.1:{self.settings.port(Port.SIMULATOR)}/_simulator/{path}"
        answer = httpx.get(url, params=parameters, trust_env=False, timeout=30)
        answer.raise_for_status()
        told: Mapping[str, Any] = answer.json()
        return told


def tally_of(
    kind: str, acknowledged: Sequence[str], found: Sequence[str], subjects: Sequence[Any]
) -> Tally:
    """Lost: acknowledged and not found. Doubled: more than one for the same subject, and
    whatever nobody was told of, because every request was answered in the end."""
    times = Counter(subjects)
    there, told = set(found), set(acknowledged)
    return Tally(
        kind,
        len(acknowledged),
        [key for key in acknowledged if key not in there],
        [str(subject) for subject, count in times.items() if count > 1]
        + [key for key in found if key not in told],
    )
