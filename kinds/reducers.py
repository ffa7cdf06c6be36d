"""Reducers: the kept part of a field's value, in a stable order and without secrets."""

from typing import Any, Final

import orjson

from kinds.redaction import REDACTED, redact, secret_name

__all__ = [
    "access_points",
    "addresses",
    "alert_receivers",
    "app_spec",
    "dns_records",
    "identifier",
    "identity_of_model",
    "image",
    "in_one_order",
    "node_pools",
    "pool_template",
    "registry_subscription",
    "rules",
    "size_text",
    "slug",
    "text",
    "trusted_sources",
    "unordered",
    "whole",
]

Json = Any
JsonObject = dict[str, Any]

RECORD_FIELDS: Final = (
    *("type", "name", "data", "priority", "port"),
    *("ttl", "weight", "flags", "tag"),
)
SOURCE_FIELDS: Final = ("type", "value", "description")
POOL_FIELDS: Final = (
    *("id", "name", "size", "count", "tags", "labels", "taints"),
    *("auto_scale", "min_nodes", "max_nodes"),
)


def slug(value: Json) -> str:
    """The slug of an embedded object, or the value if it is a slug; empty for null."""
    return text(value.get("slug") if isinstance(value, dict) else value)


def size_text(value: Json) -> str:
    """The slug of a size, or its number as text; empty for null."""
    return str(value) if type(value) is int else slug(value)


def text(value: Json) -> str:
    """A text; empty for null. Raises TypeError for anything else."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} instead of text")
    return value


def identifier(value: JsonObject | None) -> Json:
    """The id of an embedded object; null for none."""
    return None if value is None else value["id"]


def unordered(value: list[Json] | None) -> list[Json]:
    """A list of scalars whose order is irrelevant."""
    return sorted(value) if value else []


def in_one_order(value: list[Json] | None) -> list[Json]:
    """A list whose order is irrelevant, without secrets."""
    return sorted(redact(value or []), key=_text)


def image(value: JsonObject | None) -> JsonObject | None:
    """The id, slug and type of an embedded image.

    The slug is null for private and retired ones. A missing type is omitted.
    """
    if value is None:
        return None
    told = {"type": value["type"]} if value.get("type") else {}
    return {"id": value.get("id"), "slug": value.get("slug"), **told}


def addresses(value: JsonObject | None) -> list[str]:
    """The sorted addresses of a droplet's networks, such as `public 192.0.2.7`."""
    if not value:
        return []
    return sorted(
        f"{network['type']} {network['ip_address']}"
        for networks in value.values()
        for network in networks
    )


def whole(value: Json) -> Json:
    """An object without secrets."""
    return redact(value)


def rules(value: list[JsonObject] | None) -> list[JsonObject]:
    """A firewall's rules with their sources or destinations, sorted throughout."""
    return sorted((_rule(rule) for rule in value or ()), key=_text)


def _rule(rule: JsonObject) -> JsonObject:
    return {
        name: {kind: unordered(peers) for kind, peers in member.items()}
        if isinstance(member, dict)
        else member
        for name, member in rule.items()
    }


def dns_records(value: list[JsonObject] | None) -> list[JsonObject]:
    """A zone's sorted records, without ids and unset fields."""
    records = (
        {name: record[name] for name in RECORD_FIELDS if record.get(name) is not None}
        for record in value or ()
    )
    return sorted(records, key=_text)


def trusted_sources(value: list[JsonObject] | None) -> list[JsonObject]:
    """A database's sorted trusted sources, without ids and times, which change by themselves."""
    sources = (
        {name: source[name] for name in SOURCE_FIELDS if source.get(name)} for source in value or ()
    )
    return sorted(sources, key=_text)


def node_pools(value: list[JsonObject] | None) -> list[JsonObject]:
    """A cluster's pools by name, each with the ids of its node droplets."""
    return sorted((_pool(pool) for pool in value or ()), key=lambda pool: str(pool.get("name")))


def _pool(pool: JsonObject) -> JsonObject:
    kept: JsonObject = {name: pool[name] for name in POOL_FIELDS if name in pool}
    if "tags" in pool:
        kept["tags"] = unordered(pool["tags"])
    droplets = (node.get("droplet_id") for node in pool.get("nodes") or ())
    kept["nodes"] = sorted(droplet for droplet in droplets if droplet)
    return kept


def alert_receivers(value: JsonObject | None) -> JsonObject | None:
    """The receivers of an alert, in a stable order."""
    if value is None:
        return None
    return {name: sorted(receivers or [], key=_text) for name, receivers in value.items()}


def access_points(value: list[JsonObject] | None) -> list[JsonObject]:
    """A share's sorted access points, without times."""
    moving = {"created_at", "updated_at"}
    points = ({n: m for n, m in point.items() if n not in moving} for point in value or ())
    return sorted(points, key=_text)


def identity_of_model(value: JsonObject | None) -> JsonObject | None:
    """The id and name of an embedded model."""
    return None if value is None else {"uuid": value.get("uuid"), "name": value.get("name")}


def pool_template(value: JsonObject | None) -> JsonObject | None:
    """The template of a pool's droplets, with sorted lists."""
    if value is None:
        return None
    template: JsonObject = redact(value)
    lists = {name for name in ("ssh_keys", "tags") if isinstance(template.get(name), list)}
    return {**template, **{name: unordered(template[name]) for name in lists}}


def registry_subscription(value: JsonObject | None) -> JsonObject | None:
    """The tier of a registry's subscription, without times."""
    return None if value is None else {"tier": whole(value.get("tier"))}


def app_spec(value: Json) -> Json:
    """An app's spec without the values of secret variables at any depth."""
    if isinstance(value, list):
        return [app_spec(element) for element in value]
    if not isinstance(value, dict):
        return redact(value)
    return {name: _spec_member(name, member) for name, member in value.items()}


def _spec_member(name: str, member: Json) -> Json:
    if name == "envs" and isinstance(member, list):
        return [_env(env) for env in member]
    if secret_name(name) and not isinstance(member, bool | None):
        return REDACTED
    return app_spec(member)


def _env(env: JsonObject) -> JsonObject:
    """A variable; its value is a secret if its type or its name marks it as one."""
    hidden = env.get("type") == "SECRET" or secret_name(str(env.get("key", "")))
    if hidden and "value" in env:
        return {**env, "value": REDACTED}
    return {name: redact(member) for name, member in env.items()}


def _text(value: Json) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
