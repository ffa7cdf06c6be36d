"""Finds the deployment that an argument names by its id or its slug."""

from uuid import UUID

import typer
from arcadia.catalog.v1 import deployment_service_pb2 as pb

from cli.caller import call

__all__ = ["deployment_id"]


def deployment_id(said: str, tenant: str = "") -> str:
    """The id of a deployment given by id or slug.

    A slug that the catalog does not know is returned unchanged: costs and usage may be stored
    under it. Raises BadParameter if several tenants have a deployment with it.
    """
    if not said or _is_id(said):
        return said
    request = pb.ListDeploymentsRequest(slug=said, tenant_id=tenant, page_size=2)
    found = call(request).deployments
    if len(found) > 1:
        raise typer.BadParameter(
            f"Several tenants have a deployment {said!r}; name it by its id, or its tenant with"
            " --tenant."
        )
    return str(found[0].id) if found else said


def _is_id(said: str) -> bool:
    try:
        UUID(said)
    except ValueError:
        return False
    return True
