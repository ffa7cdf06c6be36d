"""Reads and writes the catalog as a YAML document; errors name the path."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import yaml
from arcadia.catalog.v1 import catalog_service_pb2 as pb

from services.catalog import requests
from services.catalog.plans.requests import addon_terms, unit_price, version_terms
from services.catalog.plans.rules.changes import (
    AddonEntry,
    CatalogDocument,
    CatalogState,
    PlanEntry,
)
from services.catalog.plans.rules.document_entries import message_of
from services.catalog.plans.rules.plans import AddonTerms, PlanItem, UnitPrice, VersionTerms
from services.catalog.vocabulary import PricingModel
from services.common.errors import InvalidArgument
from services.common.values.money import plain

__all__ = ["hash_of", "read_document", "write_document"]

Loader: Final = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""Loads every scalar as text: YAML's numbers are floats, and its `no` is a boolean."""

LONGEST: Final = 300_000
"""Maximum characters of a document."""

DEEPEST: Final = 12
"""Maximum nesting; a valid document needs eight."""

SECTIONS: Final = ("plans", "addons", "resource_prices")


def read_document(text: str, field: str = "document") -> CatalogDocument:
    """Parses a document. Raises InvalidArgument with the path of the error."""
    sections = _sections(text, field)
    return CatalogDocument(
        plans=_distinct(
            [_plan(entry, path) for entry, path in _entries(sections, "plans", field)],
            f"{field}.plans",
            lambda entry: entry.code,
        ),
        addons=_distinct(
            [_addon(entry, path) for entry, path in _entries(sections, "addons", field)],
            f"{field}.addons",
            lambda entry: entry.code,
        ),
        prices=_distinct(
            [_price(entry, path) for entry, path in _entries(sections, "resource_prices", field)],
            f"{field}.resource_prices",
            lambda price: (price.resource_kind, price.currency, price.effective_from),
        ),
    )


def write_document(state: CatalogState) -> str:
    """Writes the document of a catalog; equal catalogs give equal documents."""
    content = {
        "plans": [
            {"code": plan.code, "name": plan.name}
            | (_version_content(plan.active_version.terms) if plan.active_version else {})
            for plan in state.plans
        ],
        "addons": [{"code": addon.code, **_addon_content(addon.terms)} for addon in state.addons],
        "resource_prices": [_price_content(kept.price) for kept in state.prices],
    }
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)


def hash_of(state: CatalogState) -> str:
    """The hash of a state of the catalog: SHA-256, lower-case hexadecimal."""
    return hashlib.sha256(write_document(state).encode()).hexdigest()


def _sections(text: str, field: str) -> Mapping[str, Any]:
    if len(text) > LONGEST:
        raise InvalidArgument(field, f"must not be longer than {LONGEST} characters")
    try:
        _check_shape(text, field)
        content = yaml.load(text, Loader=Loader)  # noqa: S506 - makes texts only
    except yaml.YAMLError as error:
        raise InvalidArgument(field, f"is not YAML: {error}", reason="MALFORMED_YAML") from None
    if not isinstance(content, dict):
        raise InvalidArgument(field, f"is not a mapping of {', '.join(SECTIONS)}")
    unknown = next((key for key in content if key not in SECTIONS), None)
    if unknown is not None:
        raise InvalidArgument(f"{field}.{unknown}", f"is not one of {', '.join(SECTIONS)}")
    return content


def _check_shape(text: str, field: str) -> None:
    """Rejects aliases, deep nesting and repeated keys, which can be huge or ambiguous."""
    depth = 0
    for event in yaml.parse(text, Loader=Loader):
        if isinstance(event, yaml.AliasEvent):
            raise InvalidArgument(field, "must not have aliases", reason="MALFORMED_YAML")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise InvalidArgument(field, "is nested too deeply", reason="MALFORMED_YAML")
    _check_keys(yaml.compose(text, Loader=Loader), field)


def _check_keys(node: yaml.Node | None, path: str) -> None:
    if isinstance(node, yaml.SequenceNode):
        for position, each in enumerate(node.value):
            _check_keys(each, f"{path}[{position}]")
    elif isinstance(node, yaml.MappingNode):
        met = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise InvalidArgument(path, "has a key that is not text", reason="MALFORMED_YAML")
            if key.value in met:
                raise InvalidArgument(path, "has a key twice", reason="MALFORMED_YAML")
            met.add(key.value)
            _check_keys(value, f"{path}.{key.value}")


def _entries(
    sections: Mapping[str, Any], name: str, field: str
) -> list[tuple[dict[str, Any], str]]:
    entries = sections.get(name) or []
    if not isinstance(entries, list):
        raise InvalidArgument(f"{field}.{name}", "is not a list")
    found = []
    for position, entry in enumerate(entries):
        path = f"{field}.{name}[{position}]"
        if not isinstance(entry, dict):
            raise InvalidArgument(path, "is not a mapping")
        found.append((entry, path))
    return found


def _distinct(entries: list[Any], path: str, key: Any) -> tuple[Any, ...]:
    met = set()
    for position, entry in enumerate(entries):
        if key(entry) in met:
            raise InvalidArgument(f"{path}[{position}]", "is there already", reason="DUPLICATE")
        met.add(key(entry))
    return tuple(entries)


def _plan(entry: dict[str, Any], path: str) -> PlanEntry:
    said = {key: value for key, value in entry.items() if key not in ("code", "name")}
    request = message_of(said, pb.CreatePlanVersionRequest, path)
    read = PlanEntry(
        code=requests.code(f"{path}.code", _text(entry, "code", path)),
        name=requests.name(f"{path}.name", _text(entry, "name", path)),
        terms=version_terms(request, f"{path}.") if said else None,
        keeps_items="items" not in said,
    )
    if read.terms is not None:
        _require_price(entry, path)
    return read


def _addon(entry: dict[str, Any], path: str) -> AddonEntry:
    request = message_of(entry, pb.CreateAddonRequest, path)
    read = AddonEntry(requests.code(f"{path}.code", request.code), addon_terms(request, f"{path}."))
    _require_price(entry, path)
    return read


def _require_price(entry: Mapping[str, Any], path: str) -> None:
    """Rejects entries without a price, so that a missing line does not make anything free."""
    if "price_cents" not in entry:
        raise InvalidArgument(f"{path}.price_cents", "is required", reason="FIELD_REQUIRED")


def _price(entry: dict[str, Any], path: str) -> UnitPrice:
    return unit_price(message_of(entry, pb.CreateResourcePriceRequest, path), f"{path}.")


def _text(entry: dict[str, Any], key: str, path: str) -> str:
    value = entry.get(key, "")
    if not isinstance(value, str):
        raise InvalidArgument(f"{path}.{key}", "is not a text")
    return value


def _version_content(terms: VersionTerms) -> dict[str, Any]:
    return {
        "price_cents": terms.price_cents,
        "currency": terms.currency,
        "items": [_item_content(item) for item in terms.items],
    }


def _item_content(item: PlanItem) -> dict[str, Any]:
    content: dict[str, Any] = {
        "resource_kind": item.resource_kind,
        "included_qty": plain(item.included_qty),
        "overage_unit": item.overage_unit,
        "overage_price_cents": plain(item.overage_price_cents),
    }
    if item.hard_cap_qty is not None:
        content["hard_cap_qty"] = plain(item.hard_cap_qty)
    if item.pricing_model is not PricingModel.ALLOWANCE:
        content["pricing_model"] = str(item.pricing_model)
    if item.tiers:
        content["tiers"] = [
            ({} if tier.up_to_qty is None else {"up_to_qty": plain(tier.up_to_qty)})
            | {"unit_price_cents": plain(tier.unit_price_cents)}
            for tier in item.tiers
        ]
    if item.package_qty is not None:
        content["package_qty"] = plain(item.package_qty)
    if item.amount_cents:
        content["amount_cents"] = item.amount_cents
    return content


def _addon_content(terms: AddonTerms) -> dict[str, Any]:
    return {
        "resource_kind": terms.resource_kind,
        "qty": plain(terms.qty),
        "price_cents": terms.price_cents,
        "currency": terms.currency,
    }


def _price_content(price: UnitPrice) -> dict[str, Any]:
    content = {
        "resource_kind": price.resource_kind,
        "unit": price.unit,
        "unit_price_cents": plain(price.unit_price_cents),
        "currency": price.currency,
        "effective_from": price.effective_from.isoformat(),
    }
    if price.effective_to is not None:
        content["effective_to"] = price.effective_to.isoformat()
    return content
