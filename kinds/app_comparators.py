"""Compares app specs, although the platform rewrites them.

It renames instance sizes, turns routes into an ingress, and adds its defaults: a build stack among
the features, and alerts of failed deployments and domains. Such additions are ignored; any other
value is a difference.
"""

from collections.abc import Iterator
from typing import Any, Final

from kinds.comparators import by_default, is_unset, normalised

__all__ = ["app_envs", "app_spec"]

Json = Any
JsonObject = dict[str, Any]

COMPONENTS: Final = ("services", "workers", "jobs", "static_sites", "functions")
WITH_INSTANCES: Final = ("services", "workers", "jobs")

WRITTEN_BACK: Final = frozenset({"alerts", "features", "ingress"})
"""Features of an app that requests none."""

DEFAULT_SIZE: Final = "apps-s-1vcpu-0.5gb"
DEFAULT_COUNT: Final = 1

RENAMED_SIZES: Final = {
    "basic-xxs": "apps-s-1vcpu-0.5gb",
    "basic-xs": "apps-s-1vcpu-1gb-fixed",
    "basic-s": "apps-s-1vcpu-2gb",
    "basic-m": "apps-s-2vcpu-4gb",
    "professional-xs": "apps-s-1vcpu-1gb",
    "professional-s": "apps-s-1vcpu-2gb",
    "professional-m": "apps-s-2vcpu-4gb",
    "professional-1l": "apps-d-1vcpu-4gb",
    "professional-l": "apps-d-2vcpu-8gb",
    "professional-xl": "apps-d-4vcpu-16gb",
}
"""The deprecated sizes and their replacements with the same processors and memory."""

DEFAULT_ALERTS: Final = ({"rule": "DEPLOYMENT_FAILED"}, {"rule": "DOMAIN_FAILED"})
BUILD_STACK: Final = "buildpack-stack="
EVERY_PATH: Final = "/"


def app_spec(expected: Json, actual: Json) -> bool:
    """Compares whole specs, except for what the platform renames and adds."""
    if not isinstance(expected, dict) or not isinstance(actual, dict):
        return by_default(_with_envs(expected), _with_envs(actual))
    desired, live = _normal(expected), _normal(actual)
    _forgive_renamed_sizes(desired, live)
    if not _stack_of(desired) or not _stack_of(live):
        _forget_stack(desired)
        _forget_stack(live)
    if not desired.get("ingress") or not live.get("ingress"):
        _forget_default_ingress(desired)
        _forget_default_ingress(live)
    return by_default(desired, live)


def _normal(spec: JsonObject) -> JsonObject:
    """A spec with its defaults, in current terms."""
    normal: JsonObject = _with_envs(spec)
    rules = _ingress_rules(normal)
    for name in COMPONENTS:
        if isinstance(components := normal.get(name), list):
            normal[name] = [_component(name, one) for one in components]
    normal["ingress"] = _ingress(normal.get("ingress"), rules)
    normal["alerts"] = _alerts(normal.get("alerts"))
    return {
        name: value
        for name, value in normal.items()
        if not (name in WRITTEN_BACK and is_unset(value))
    }


def _component(sort: str, component: Json) -> Json:
    if not isinstance(component, dict):
        return component
    normal = {name: value for name, value in component.items() if name != "routes"}
    if normal.get("source_dir") == "/":
        normal.pop("source_dir")
    if sort in WITH_INSTANCES:
        size = normal.get("instance_size_slug") or DEFAULT_SIZE
        normal["instance_size_slug"] = size.lower() if isinstance(size, str) else size
        normal["instance_count"] = normal.get("instance_count") or DEFAULT_COUNT
        if normal.get("autoscaling"):  # autoscaling changes the count within its bounds
            normal.pop("instance_count")
    return normal


def _ingress_rules(spec: JsonObject) -> list[Json]:
    """The routes of all components as the ingress rules that they become."""
    return [
        _rule(component.get("name"), route)
        for name in COMPONENTS
        for component in _objects(spec.get(name))
        for route in _objects(component.get("routes"))
    ]


def _rule(component: Json, route: JsonObject) -> JsonObject:
    kept = {
        name: value
        for name, value in route.items()
        if name != "path" and not is_unset(value) and value is not False
    }
    return {
        "match": {"path": {"prefix": route.get("path") or EVERY_PATH}},
        "component": {"name": component, **kept},
    }


def _ingress(ingress: Json, rules: list[Json]) -> Json:
    if not isinstance(ingress, dict):
        return {"rules": rules} if rules and is_unset(ingress) else ingress
    own = ingress.get("rules")
    if not isinstance(own, list | None):
        return ingress
    normal_rules = [*map(_without_false, own or ())]
    normal = {
        **ingress,
        "rules": normal_rules + [rule for rule in rules if rule not in normal_rules],
    }
    return {name: value for name, value in normal.items() if not is_unset(value)}


def _without_false(rule: Json) -> Json:
    """A rule with the default match, and without disabled options."""
    if not isinstance(rule, dict):
        return rule
    normal = {name: value for name, value in rule.items() if not is_unset(value)}
    component = normal.get("component")
    if isinstance(component, dict):
        normal["component"] = {
            name: value
            for name, value in component.items()
            if not is_unset(value) and value is not False
        }
        normal.setdefault("match", {"path": {"prefix": EVERY_PATH}})
    return normal


def _forget_default_ingress(spec: JsonObject) -> None:
    """Removes the default ingress of an app: all paths to one component."""
    ingress = spec.get("ingress")
    rules = ingress.get("rules") if isinstance(ingress, dict) and len(ingress) == 1 else None
    if not isinstance(rules, list) or len(rules) != 1 or not isinstance(rules[0], dict):
        return
    [rule] = rules
    component = rule.get("component")
    if (
        rule.keys() == {"match", "component"}
        and rule["match"] == {"path": {"prefix": EVERY_PATH}}
        and isinstance(component, dict)
        and component.keys() == {"name"}
    ):
        spec.pop("ingress")


def _alerts(alerts: Json) -> Json:
    if not isinstance(alerts, list):
        return alerts
    return [alert for alert in alerts if alert not in DEFAULT_ALERTS]


def _stack_of(spec: JsonObject) -> list[str]:
    features = spec.get("features")
    if not isinstance(features, list):
        return []
    return [one for one in features if isinstance(one, str) and one.startswith(BUILD_STACK)]


def _forget_stack(spec: JsonObject) -> None:
    for stack in _stack_of(spec):
        spec["features"] = [one for one in spec["features"] if one != stack]
    if is_unset(spec.get("features")):
        spec.pop("features", None)


def _forgive_renamed_sizes(desired: JsonObject, live: JsonObject) -> None:
    """Gives a component whose size was only renamed the same size on both sides."""
    for sort in WITH_INSTANCES:
        sizes = {str(one.get("name")): one for one in _objects(live.get(sort))}
        for component in _objects(desired.get(sort)):
            other = sizes.get(str(component.get("name")), {})
            one, two = component.get("instance_size_slug"), other.get("instance_size_slug")
            if isinstance(one, str) and isinstance(two, str) and _is_renamed(one, two):
                component["instance_size_slug"] = other["instance_size_slug"] = min(one, two)


def _is_renamed(one: str, other: str) -> bool:
    return RENAMED_SIZES.get(one) == other or RENAMED_SIZES.get(other) == one


def _objects(value: Json) -> Iterator[JsonObject]:
    """The objects in a list; empty if it is not a list."""
    yield from (one for one in value if isinstance(one, dict)) if isinstance(value, list) else ()


def _envs(value: Json) -> Json:
    return [_env(env) for env in value] if isinstance(value, list) else value or []


def _env(env: Json) -> Json:
    if not isinstance(env, dict):
        return env
    kind = env.get("type") or "GENERAL"
    scope = env.get("scope")
    if scope in (None, "", "UNSET", "GENERAL"):
        scope = "RUN_AND_BUILD_TIME"
    normal = {**env, "type": kind, "scope": scope}
    if kind == "SECRET":  # returned encrypted
        normal.pop("value", None)
    return normal


def _with_envs(value: Json) -> Json:
    """A copy with normalised variables at any depth."""
    if isinstance(value, dict):
        return {
            name: _envs(part) if name == "envs" else _with_envs(part)
            for name, part in value.items()
            if not (name == "envs" and is_unset(part))
        }
    return [_with_envs(part) for part in value] if isinstance(value, list) else value


app_envs: Final = normalised(_envs)
"""Variables in any order; an unset type is GENERAL, and an unset scope is everywhere."""
