"""Products: the provider's names of charges for a kind of resource."""

from dataclasses import dataclass

__all__ = ["Billing", "Product"]

Category = tuple[str, str]
"""A service category and subcategory of FOCUS."""


@dataclass(frozen=True, slots=True)
class Product:
    """A product on the provider's bills."""

    name: str
    """Lower-case."""
    skus: tuple[str, ...] = ()
    """The middle of its SKUS: `DROP` of `1-DO-DROP-0011`."""
    category: Category | None = None
    """If it differs from that of its kind."""
    meter: str = ""
    """The measured quantity in FOCUS, if it differs from that of its kind."""


@dataclass(frozen=True, slots=True)
class Billing:
    """How the provider bills a kind of resource."""

    products: tuple[Product, ...]
    category: Category
    meter: str = ""
    """The measured quantity in FOCUS; by default it is named after the product."""
    is_shared: bool = False
    """Whether one charge covers all resources of the account."""
    also_names: tuple[str, ...] = ()
    """Other kinds whose resources its lines may name."""
    is_group: bool = False
    """Whether the group of a line may name a resource of it."""
    is_known_by_id: bool = False
    """Whether the ids on bills are the inventory's. A line with an unknown id is then not matched
    by name: it bills another resource that had the same name."""
