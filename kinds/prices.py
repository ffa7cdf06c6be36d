"""The provider's public list prices by size, in USD a month: the one table of what no API tells.

`/v2/sizes` goes before it for droplets. The prices of GPU droplets are 672 hours of what the
provider's pricing page says an hour costs.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Final

__all__ = ["APP_SIZES", "AS_OF", "DATABASE_SIZES", "DROPLET_SIZES", "RETIRED_SIZES"]

AS_OF: Final = date(2026, 8, 7)
"""When the table was last held against the provider's pages."""


def _prices(text: str) -> Mapping[str, Decimal]:
    pairs = (pair.split("=") for pair in text.split())
    return MappingProxyType({size: Decimal(price) for size, price in pairs})


DROPLET_SIZES: Final = _prices("""
    s-1vcpu-512mb-10gb=4 s-1vcpu-1gb=6 s-1vcpu-2gb=12 s-2vcpu-2gb=18 s-2vcpu-4gb=24
    s-4vcpu-8gb=48 s-8vcpu-16gb=96
    s-1vcpu-1gb-amd=7 s-1vcpu-2gb-amd=14 s-2vcpu-2gb-amd=21 s-2vcpu-4gb-amd=28
    s-2vcpu-8gb-amd=42 s-4vcpu-8gb-amd=56 s-4vcpu-16gb-amd=84 s-8vcpu-16gb-amd=112
    s-8vcpu-32gb-amd=168
    s-1vcpu-1gb-intel=7 s-1vcpu-1gb-35gb-intel=8 s-1vcpu-2gb-intel=14 s-1vcpu-2gb-70gb-intel=16
    s-2vcpu-2gb-intel=21 s-2vcpu-2gb-90gb-intel=24 s-2vcpu-4gb-intel=28
    s-2vcpu-4gb-120gb-intel=32 s-2vcpu-8gb-160gb-intel=48 s-4vcpu-8gb-intel=56
    s-4vcpu-8gb-240gb-intel=64 s-4vcpu-16gb-320gb-intel=96 s-8vcpu-16gb-intel=112
    s-8vcpu-16gb-480gb-intel=128 s-8vcpu-32gb-640gb-intel=192
    c-2=42 c-4=84 c-8=168 c-16=336 c-32=672
    g-2vcpu-8gb=63 g-4vcpu-16gb=126 g-8vcpu-32gb=252 g-16vcpu-64gb=504 g-32vcpu-128gb=1008
    g-40vcpu-160gb=1260
    m-2vcpu-16gb=84 m-4vcpu-32gb=168 m-8vcpu-64gb=336 m-16vcpu-128gb=672 m-24vcpu-192gb=1008
    m-32vcpu-256gb=1344
    so-2vcpu-16gb=131 so-4vcpu-32gb=262 so-8vcpu-64gb=524 so-16vcpu-128gb=1048
    so-24vcpu-192gb=1572 so-32vcpu-256gb=2096
    gpu-l40sx1-48gb=1055.04 gpu-h100x1-80gb=2278.08 gpu-h100x8-640gb=16074.24
    gpu-4000adax1-20gb=510.72 gpu-6000adax1-48gb=1270.08
""")

RETIRED_SIZES: Final = frozenset({
    "c-1vcpu-2gb", "m-1vcpu-8gb", "s-1vcpu-3gb", "s-3vcpu-1gb", "s-6vcpu-16gb", "s-8vcpu-32gb",
    "s-12vcpu-48gb", "s-16vcpu-64gb", "s-20vcpu-96gb", "s-24vcpu-128gb", "s-32vcpu-192gb",
    "s-32vcpu-192g",
    # Several are on one line, as above.
})  # fmt: skip  # a table
"""Droplet sizes that the document still names and that nobody can buy any more: without a published
price. Where a droplet has one, `/v2/sizes` tells the price, else the sync says that none is."""

DATABASE_SIZES: Final = _prices("""
    db-s-1vcpu-1gb=15 db-s-1vcpu-2gb=30 db-s-2vcpu-4gb=60 db-s-4vcpu-8gb=120
    db-s-6vcpu-16gb=240 db-s-8vcpu-32gb=480 db-s-16vcpu-64gb=960
""")
"""A node."""

APP_SIZES: Final = _prices("""
    apps-s-1vcpu-0.5gb=5 apps-s-1vcpu-1gb-fixed=10 apps-s-1vcpu-1gb=12 apps-s-1vcpu-2gb=25
    apps-s-2vcpu-4gb=50
    apps-d-1vcpu-0.5gb=29 apps-d-1vcpu-1gb=34 apps-d-1vcpu-2gb=39 apps-d-1vcpu-4gb=49
    apps-d-2vcpu-4gb=78 apps-d-2vcpu-8gb=98 apps-d-4vcpu-8gb=156 apps-d-4vcpu-16gb=196
    apps-d-8vcpu-32gb=392
    basic-xxs=5 basic-xs=10 basic-s=20 basic-m=40
    professional-xs=12 professional-s=25 professional-m=50 professional-1l=75 professional-l=100
    professional-xl=150
""")
"""An instance."""
