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

Generated from the declarations in `kinds/` by
`python -m kinds.document`; a test checks that it is current.

For each kind: its listing, the fields that are kept with their policies, and its monthly cost at
list prices (exact decimals in USD; unknown is never zero). The price table (`prices.py`) is of
AS_OF; the result of a sync names sizes in use without a price.

The policies of fields:

- **identity** identifies the resource and cannot change;
- **desired** is chosen by us: a spec takes it from the live resource, and it may drift;
- **reference** refers to another resource, and is also chosen by us;
- **computed** is determined by other fields, and compared only if a spec contains it;
- **volatile** changes by itself, and is neither kept nor compared;
- **secret** is redacted before anything is stored, and never compared.

Values are compared with the default comparator, unless the table names another. *In the history
too*: differences that the comparator ignores are no `updated` event either. A field that is
missing in a response is unknown and keeps its known value, unless it is *unset when absent*.

Fields *by* a scope are missing if the token lacks it: then they are unknown, keep their known
values and are not compared, prices that depend on them are unknown, and a sweep that sees fewer
of them than the one before gives no strikes.
"""


FREE_TEXT: Final = "free"

LEFT_TO_TERRAFORM: Final = (
    ("byoip_prefix", "not read: address blocks of the account"),
    ("container_registry_docker_credentials", "secrets, which are never read"),
    ("database_*", "settings, users and pools of a `database`; not read"),
    ("droplet_monitor", "not read: the agent of a droplet"),
    ("kubernetes_node_pool", "part of a `kubernetes_cluster`"),
    ("microdroplet, microvm", "not read: the OpenAPI document has no listing"),
    ("nfs_access_point, nfs_attachment", "part of an `nfs_share`"),
    ("nfs_snapshot", "not read: snapshots of a share"),
    ("project, project_resources", "kept as projects and their members"),
    ("record", "part of a `domain`"),
    ("spaces_bucket_*", "settings and objects of a `spaces_bucket`; not read"),
    ("tag", "kept with the tagged resource"),
    ("uptime_alert", "not read: notifications of an `uptime_check`"),
    ("vector_database", "not read: the OpenAPI document has no listing"),
    ("*_assignment, *_attachment", "a field of the attached resource"),
)
"""Resources of Terraform's provider that the inventory does not have."""


def rendered() -> str:
    """The whole page."""
    head = HEAD.replace("AS_OF", f"{AS_OF:%d %B %Y}")
    return "\n".join([head, _overview(), *(_section(kind) for kind in RESOURCE_KINDS.values())])


def _overview() -> str:
    """All kinds with Terraform's resource and the meters."""
    lines = [
        "The kinds with the resources of Terraform's provider 2.81 (`digitalocean_…`). A kind that",
        "costs the operator and has no meter is *not sold yet*: its costs are attributed to the",
        "owner of the resource, and no tenant is charged for its use.",
        "",
        "| kind | Terraform | metered as |",
        "| --- | --- | --- |",
    ]
    for kind in RESOURCE_KINDS.values():
        metered = ", ".join(f"`{rule.code}`" for rule in kind.meters)
        if not metered and kind.monthly_price.in_words() != FREE_TEXT:
            metered = "*not sold yet*"
        known = f"`{kind.terraform.removeprefix('digitalocean_')}`" if kind.terraform else "none"
        lines.append(f"| `{kind.name}` | {known} | {metered} |")
    lines += ["", "Other resources of Terraform:", "", "| Terraform | here |", "| --- | --- |"]
    lines += [f"| `{name}` | {words} |" for name, words in LEFT_TO_TERRAFORM]
    return "\n".join([*lines, ""])


def _section(kind: ResourceKind) -> str:
    pace = "every six hours" if kind.rarely_changes else "every hour"
    lines = [
        f"## {kind.name}",
        "",
        f"- Listing: {kind.listing.in_words()}.",
        f"- Read {pace}; id: `{kind.columns.provider_id}`.",
        f"- Monthly cost: {kind.monthly_price.in_words()}.",
    ]
    if kind.scope:
        lines.append(f"- Scope: `{kind.scope}`.")
    if isinstance(kind.listing, Listing) and kind.listing.source:
        lines.append(f"- Source: {kind.listing.source}; not in our copy of the OpenAPI document.")
    if kind.in_flight:
        states = ", ".join(f"`{state}`" for state in sorted(kind.in_flight))
        lines.append(f"- Not compared (action in progress) while {states}.")
    if kind.left_out:
        names = ", ".join(f"`{name}`" for name in sorted(kind.left_out))
        lines.append(f"- Omitted, because other fields or kinds have it: {names}.")
    lines += ["", "| field | policy | comparison | provider's field |", "| --- | --- | --- | --- |"]
    return "\n".join([*lines, *_rows(kind), ""])


def _rows(kind: ResourceKind) -> list[str]:
    sources = _sources(kind)
    return [
        f"| `{name}` | {policy.policy} | {_compared(policy)} | {sources.get(name, '')} |"
        for name, policy in kind.policies.items()
        if name.startswith("attrs.") or name in sources or name == "project_id"
    ]


def _sources(kind: ResourceKind) -> dict[str, str]:
    """The provider's field of each of ours, and whether a scope hides it."""
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
    """The scopes required for a field, or its members."""
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
        words.append(f"`{policy.identified_by}` identifies it")
    if policy.unset_when_absent:
        words.append("unset when absent")
    return ", ".join(words)


def _name(policy: FieldPolicy) -> str:
    """The comparator's name; a comparator from `unset_alike` has no other."""
    return _NAMES.get(policy.same, "unset_alike")


_NAMES: Final[Mapping[Comparator, str]] = {
    getattr(module, name): name
    for module in (comparators, access_comparators, app_comparators, balancer_comparators)
    for name in module.__all__
    if name != "is_unset"
}


if __name__ == "__main__":
    PAGE.write_text(rendered())
