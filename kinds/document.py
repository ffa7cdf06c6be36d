"""Writes docs/kinds.md from the declarations: `python -m kinds.document`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from kinds import (
    RESOURCE_KINDS,
    access_comparators,
    app_comparators,
    balancer_comparators,
    comparators,
)
from kinds.comparators import Comparator, by_default
from kinds.kind import ResourceKind
from kinds.listing import Listing
from kinds.policy import FieldPolicy
from kinds.pricing import AS_OF

__all__ = ["PAGE", "rendered"]

PAGE: Final = Path(__file__).parents[1] / "docs" / "kinds.md"

HEAD: Final = """\
# The kinds

Made from the declarations in `kinds/` by
`python -m kinds.document`; a test holds it current.

Each kind says where it is listed, which fields of it are kept and what they are to us, and
what a month of it costs by the list prices (exact decimals in USD; unknown is never zero).
Our table of prices (`prices.py`) is of AS_OF; a size in use that has none is named in the
result of the sync.
The policies:

- **identity** names the resource, and cannot become another;
- **desired** is chosen by us: a spec takes it from the live resource, and it may drift;
- **reference** names another resource, and is chosen by us too;
- **computed** follows from other fields, and is compared only where a spec names it;
- **volatile** changes by itself, and is neither kept nor compared;
- **secret** is redacted before anything is stored, and never compared.

A field is compared as it stands, unless the table names a comparator. *In the history too*: what
the comparator forgives gives no `updated` event either. A field that an answer leaves out is
unknown and keeps its known value, unless it is *unset when absent*.

Fields *by* a scope are absent when the token lacks it: then they are unknown and keep their
known values, nothing is compared with them, what depends on them has no price, and a sweep
that sees fewer of them than the one before strikes nothing.
"""


COSTS_NOTHING: Final = "free"

LEFT_TO_TERRAFORM: Final = (
    ("byoip_prefix", "not read: address blocks of one's own"),
    ("container_registry_docker_credentials", "secrets, which are never read"),
    ("database_*", "settings, users and pools of a `database`; not read one by one"),
    ("droplet_monitor", "not read: the agent of a droplet"),
    ("kubernetes_node_pool", "part of a `kubernetes_cluster`"),
    ("microdroplet, microvm", "not read: no API of the document lists them"),
    ("nfs_access_point, nfs_attachment", "part of an `nfs_share`"),
    ("nfs_snapshot", "not read: snapshots of a share"),
    ("project, project_resources", "kept as projects and as what lives in them"),
    ("record", "part of a `domain`"),
    ("spaces_bucket_*", "settings and objects of a `spaces_bucket`; not read"),
    ("tag", "kept with what is tagged"),
    ("uptime_alert", "not read: who is told of an `uptime_check`"),
    ("vector_database", "not read: no API of the document lists them"),
    ("*_assignment, *_attachment", "a field of what is attached"),
)
"""What Terraform's provider has as resources of their own, and the inventory has not."""


def rendered() -> str:
    """The whole page."""
    head = HEAD.replace("AS_OF", f"{AS_OF:%d %B %Y}")
    return "\n".join([head, _overview(), *(_section(kind) for kind in RESOURCE_KINDS.values())])


def _overview() -> str:
    """Every kind beside Terraform's resource, and whether tenants are metered by it."""
    lines = [
        "Each kind beside the resource of Terraform's provider 2.81 (`digitalocean_…`). What costs",
        "the operator and has no meter is *not sold yet*: its costs are matched to the resource",
        "and to its owner, and no tenant is charged for it by use.",
        "",
        "| kind | Terraform | metered as |",
        "| --- | --- | --- |",
    ]
    for kind in RESOURCE_KINDS.values():
        metered = ", ".join(f"`{rule.code}`" for rule in kind.meters)
        if not metered and kind.monthly_price.in_words() != COSTS_NOTHING:
            metered = "*not sold yet*"
        known = f"`{kind.terraform.removeprefix('digitalocean_')}`" if kind.terraform else "none"
        lines.append(f"| `{kind.name}` | {known} | {metered} |")
    lines += ["", "Terraform has these too:", "", "| Terraform | here |", "| --- | --- |"]
    lines += [f"| `{name}` | {words} |" for name, words in LEFT_TO_TERRAFORM]
    return "\n".join([*lines, ""])


def _section(kind: ResourceKind) -> str:
    pace = "every six hours" if kind.rarely_changes else "every hour"
    lines = [
        f"## {kind.name}",
        "",
        f"- Listed at {kind.listing.in_words()}.",
        f"- Read {pace}; its id is the provider's `{kind.columns.provider_id}`.",
        f"- A month costs: {kind.monthly_price.in_words()}.",
    ]
    if kind.scope:
        lines.append(f"- A token needs `{kind.scope}` to list it.")
    if isinstance(kind.listing, Listing) and kind.listing.source:
        lines.append(f"- Described by {kind.listing.source}: not in the OpenAPI document we keep.")
    if kind.in_flight:
        states = ", ".join(f"`{state}`" for state in sorted(kind.in_flight))
        lines.append(f"- In flight, and left for the next drift sweep, while {states}.")
    if kind.left_out:
        names = ", ".join(f"`{name}`" for name in sorted(kind.left_out))
        lines.append(f"- Left out, because other fields or other kinds say it: {names}.")
    lines += ["", "| field | policy | compared | of the provider's |", "| --- | --- | --- | --- |"]
    return "\n".join([*lines, *_rows(kind), ""])


def _rows(kind: ResourceKind) -> list[str]:
    sources = _sources(kind)
    return [
        f"| `{name}` | {policy.policy} | {_compared(policy)} | {sources.get(name, '')} |"
        for name, policy in kind.policies.items()
        if name.startswith("attrs.") or name in sources or name == "project_id"
    ]


def _sources(kind: ResourceKind) -> dict[str, str]:
    """Which of the provider's fields each of ours comes from, and whether a scope hides it."""
    columns = {
        "name": (kind.columns.name,),
        "region": (kind.columns.region,),
        "size": (kind.columns.size,),
        "status": kind.columns.statuses,
        "tags": (kind.columns.tags,),
    }
    named = {name: [field for field in fields if field] for name, fields in columns.items()}
    named |= {f"attrs.{name}": [name] for name in kind.attrs}
    return {
        name: ", else ".join(f"`{field}`" + _by_scope(kind, field) for field in fields)
        for name, fields in named.items()
        if fields
    }


def _by_scope(kind: ResourceKind, field: str) -> str:
    """The scopes that show a field, or members of it."""
    words = f" *by* `{kind.scoped[field]}`" if field in kind.scoped else ""
    for path, scope in kind.scoped.items():
        if path.startswith(f"{field}."):
            words += f", its `{path.removeprefix(field + '.')}` *by* `{scope}`"
    return words


def _compared(policy: FieldPolicy) -> str:
    words = []
    if policy.named is not None:
        words.append(f"`{policy.named.__name__}` of the name")
    elif policy.same is not by_default:
        words.append(f"`{_name(policy)}`")
    if policy.computed_when is not None:
        words.append(f"computed when `{policy.computed_when.__name__}`")
    if policy.quiet:
        words.append("in the history too")
    if policy.identified_by:
        words.append(f"`{policy.identified_by}` tells which one")
    if policy.unset_when_absent:
        words.append("unset when absent")
    return ", ".join(words)


def _name(policy: FieldPolicy) -> str:
    """The comparator's name; one that `unset_alike` made has no other."""
    return _NAMES.get(policy.same, "unset_alike")


_NAMES: Final[Mapping[Comparator, str]] = {
    getattr(module, name): name
    for module in (comparators, access_comparators, app_comparators, balancer_comparators)
    for name in module.__all__
    if name != "is_unset"
}


if __name__ == "__main__":
    PAGE.write_text(rendered())
