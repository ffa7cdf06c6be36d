from typing import Final

from kinds.dns_comparators import dns_records as same_records
from kinds.kind import Attr, Columns, FieldPolicy, Listing, Policy, ResourceKind
from kinds.listing import Parts
from kinds.metering import MeterRule
from kinds.reducers import dns_records

__all__ = ["DOMAIN"]

DOMAIN: Final = ResourceKind(
    name="domain",
    urns=("domain",),
    meters=(MeterRule("dns_zones"),),
    # The records need another request per zone: accounts with thousands of zones read them in
    # turns, so that they use only a small part of the hourly limit.
    listing=Listing(
        "/v2/domains",
        "domains",
        "domain",
        parts=Parts("records", "domain_records", "records", "name", at_most=200),
    ),
    columns=Columns(provider_id="name", region="", statuses=(), tags="", created_at=""),
    attrs={
        "records": Attr(Policy.DESIRED, dns_records, named=same_records, quiet=True),
        "ttl": Attr(Policy.COMPUTED),
    },
    column_policies={"name": FieldPolicy(Policy.IDENTITY)},
    # `ip_address` is only for creating a zone and never returned; the file repeats the records.
    left_out=frozenset({"ip_address", "zone_file"}),
    rarely_changes=True,
)
