"""`arcadia invoices profile`: the recipients of tenants' invoices, and how they are taxed."""

from typing import Annotated

import typer
from arcadia.analytics.v1 import billing_profile_service_pb2 as pb
from arcadia.analytics.v1 import invoices_pb2

from cli.caller import call
from cli.options import Count, command_group
from cli.output import print_list, say

__all__ = ["commands"]

commands = command_group("The recipients of tenants' invoices, and how they are taxed.")

Tenant = Annotated[str, typer.Argument(help="The tenant.")]


@commands.command("list")
def list_profiles(count: Count = 50) -> None:
    """List the billing profiles, by tenant."""
    print_list(
        {
            "tenant": "tenant_id",
            "name": "recipient.name",
            "ABN": "recipient.abn",
            "tax region": "tax_region",
            "purchase order": "purchase_order",
        },
        call(pb.ListBillingProfilesRequest(page_size=count)).billing_profiles,
        "There are no billing profiles: tenants are billed under their names here.",
    )


@commands.command("show")
def show_profile(tenant: Tenant) -> None:
    """Show a tenant's billing profile."""
    _print(call(pb.GetBillingProfileRequest(tenant_id=tenant)).billing_profile)


@commands.command("save")
def save_profile(
    tenant: Tenant,
    name: Annotated[str, typer.Option(help="The legal name.")],
    abn: Annotated[str, typer.Option(help="The Australian business number.")] = "",
    address: Annotated[list[str] | None, typer.Option(help="A line; may be repeated.")] = None,
    email: Annotated[str, typer.Option(help="E-mail address.")] = "",
    tax_region: Annotated[str, typer.Option(help="The tax region.")] = "AU",
    purchase_order: Annotated[str, typer.Option(help="Purchase order, printed on invoices.")] = "",
) -> None:
    """Create or replace a tenant's billing profile; issued invoices keep theirs."""
    request = pb.SaveBillingProfileRequest(
        tenant_id=tenant,
        recipient=invoices_pb2.Party(name=name, abn=abn, address_lines=address or (), email=email),
        tax_region=tax_region,
        purchase_order=purchase_order,
    )
    _print(call(request).billing_profile)


def _print(profile: pb.BillingProfile) -> None:
    party = profile.recipient
    fields = {
        "tenant": profile.tenant_id,
        "name": party.name,
        "ABN": party.abn,
        "address": ", ".join(party.address_lines),
        "e-mail": party.email,
        "tax region": profile.tax_region,
        "purchase order": profile.purchase_order,
    }
    for field, value in fields.items():
        if value:
            say(f"{field}: {value}")
