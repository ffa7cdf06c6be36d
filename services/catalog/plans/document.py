"""Reads and writes the catalog as a YAML document; errors name the path."""

import hashlib
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from operator import attrgetter
from typing import Any, Final

import yaml
from arcadia.catalog.v1 import catalog_service_pb2 as pb
from arcadia.catalog.v1.rebilling_service_pb2 import CreateRebillingRuleRequest

from services.catalog import requests
from services.catalog.meters.document import meter_contents, meter_entry
from services.catalog.meters.rules.meters import BUILT_IN, Meters
from services.catalog.plans.document_entries import message_of
from services.catalog.plans.price_tables import compacted, expanded, renamed
from services.catalog.plans.requests import addon_terms, unit_price, version_terms
from services.catalog.plans.rules.changes import (
    AddonEntry,
    CatalogDocument,
    CatalogState,
    PlanEntry,
)
from services.catalog.plans.rules.matches import Match
from services.catalog.plans.rules.plans import UnitPrice, VersionTerms
from services.catalog.rebilling.requests import new_rule
from services.catalog.rebilling.rules.rebilling import NewRule
from services.catalog.rebilling.rules.rule_diff import rule_content
from services.common.errors import InvalidArgument
from services.common.values.money import plain

__all__ = ["hash_of", "read_document", "write_document"]

Loader: Final = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""Loads every scalar as text: YAML's numbers are floats, and its `no` is a boolean."""

LONGEST: Final = 300_000
"""Maximum characters of a document."""

DEEPEST: Final = 12
"""Maximum nesting; a valid document needs eight."""

PRICE_OF_MORE: Final = "overage_price_cents"
UNIT_PRICE: Final = "unit_price_cents"

_PRICE_ORDER: Final = attrgetter("resource_kind", "currency", "effective_from", "match")

SECTIONS: Final = ("meters", "plans", "addons", "resource_prices", "rebilling")


def read_document(text: str, field: str = "document", meters: Meters = BUILT_IN) -> CatalogDocument:
    """Parses a document, which may name the known meters and those that it declares itself.

    Raises InvalidArgument with the path of the error.
    """
    sections = _sections(text, field)
    declared = _distinct(
        [meter_entry(entry, path, meters) for entry, path in _entries(sections, "meters", field)],
        f"{field}.meters",
        lambda entry: entry.code,
    )
    document = CatalogDocument(meters=declared)
    meters = meters.with_declared(document.declared_meters)
    return replace(
        document,
        plans=_distinct(
            [_plan(entry, path, meters) for entry, path in _entries(sections, "plans", field)],
            f"{field}.plans",
            lambda entry: entry.code,
        ),
        addons=_distinct(
            [_addon(entry, path, meters) for entry, path in _entries(sections, "addons", field)],
            f"{field}.addons",
            lambda entry: entry.code,
        ),
        prices=_prices(sections, field, meters),
        rules=_rules(sections, field, meters),
    )


def write_document(state: CatalogState) -> str:
    """Writes the document of a catalog; equal catalogs give equal documents."""
    meters = meter_contents(state.meters, state.costs)
    content = ({"meters": meters} if meters else {}) | {
        "plans": [
            {"code": plan.code, "name": plan.name}
            | (_version_content(plan.active_version.terms) if plan.active_version else {})
            for plan in state.plans
        ],
        "addons": [{"code": addon.code, **_content(addon.terms)} for addon in state.addons],
        "resource_prices": compacted(
            [
                _content(price)
                for price in sorted((kept.price for kept in state.prices), key=_PRICE_ORDER)
            ],
            UNIT_PRICE,
        ),
    }
    if state.rules:  # so that the release before can read the document of a catalog without rules
        content["rebilling"] = [
            {**rule_content(kept.rule)}
            for kept in sorted(state.rules, key=attrgetter("rule.code", "rule.effective_from"))
        ]
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


def _plan(entry: dict[str, Any], path: str, meters: Meters) -> PlanEntry:
    said = {key: value for key, value in entry.items() if key not in ("code", "name")}
    read = PlanEntry(
        code=requests.code(f"{path}.code", _text(entry, "code", path)),
        name=requests.name(f"{path}.name", _text(entry, "name", path)),
        terms=_terms(said, path, meters) if said else None,
        keeps_items="items" not in said,
    )
    if read.terms is not None:
        _require_price(entry, path)
    return read


def _terms(said: dict[str, Any], path: str, meters: Meters) -> VersionTerms:
    rows = [] if "items" not in said else expanded(_entries(said, "items", path), PRICE_OF_MORE)
    if rows:
        said = said | {"items": [entry for entry, _ in rows]}
    try:
        request = message_of(said, pb.CreatePlanVersionRequest, path)
        return version_terms(request, meters, f"{path}.")
    except InvalidArgument as error:
        paths = {f"{path}.items[{place}]": of_row for place, (_, of_row) in enumerate(rows)}
        raise renamed(error, paths) from None


def _addon(entry: dict[str, Any], path: str, meters: Meters) -> AddonEntry:
    request = message_of(entry, pb.CreateAddonRequest, path)
    code = requests.code(f"{path}.code", request.code)
    read = AddonEntry(code, addon_terms(request, meters, f"{path}."))
    _require_price(entry, path)
    return read


def _require_price(entry: Mapping[str, Any], path: str) -> None:
    """Rejects entries without a price, so that a missing line does not make anything free."""
    if "price_cents" not in entry:
        raise InvalidArgument(f"{path}.price_cents", "is required", reason="FIELD_REQUIRED")


def _prices(sections: Mapping[str, Any], field: str, meters: Meters) -> tuple[UnitPrice, ...]:
    rows = expanded(_entries(sections, "resource_prices", field), UNIT_PRICE)
    found: dict[Any, UnitPrice] = {}
    for entry, path in rows:
        request = message_of(entry, pb.CreateResourcePriceRequest, path)
        price = unit_price(request, meters, f"{path}.")
        if _PRICE_ORDER(price) in found:
            raise InvalidArgument(path, "is there already", reason="DUPLICATE")
        found[_PRICE_ORDER(price)] = price
    return tuple(found.values())


def _rules(sections: Mapping[str, Any], field: str, meters: Meters) -> tuple[NewRule, ...]:
    return _distinct(
        [
            new_rule(message_of(entry, CreateRebillingRuleRequest, path), meters, f"{path}.")
            for entry, path in _entries(sections, "rebilling", field)
        ],
        f"{field}.rebilling",
        attrgetter("code", "effective_from"),
    )


def _text(entry: dict[str, Any], key: str, path: str) -> str:
    value = entry.get(key, "")
    if not isinstance(value, str):
        raise InvalidArgument(f"{path}.{key}", "is not a text")
    return value


def _version_content(terms: VersionTerms) -> dict[str, Any]:
    return {
        "price_cents": terms.price_cents,
        "currency": terms.currency,
        "items": compacted([_content(item) for item in terms.items], PRICE_OF_MORE),
    }


def _content(record: Any) -> dict[str, Any]:
    """The fields of a record in order, without those that have their defaults."""
    said = ((one, getattr(record, one.name)) for one in fields(record))
    return {
        one.name: _match_content(value) if one.name == "match" else _value(value)
        for one, value in said
        if value is not None and value != one.default
    }


def _value(value: Any) -> Any:
    match value:
        case Decimal():
            return plain(value)
        case date() | StrEnum():
            return str(value)
        case tuple():
            return [*map(_content, value)]
    return value


def _match_content(match: Match) -> dict[str, list[str]]:
    return {key: list(values) for key, values in match}
