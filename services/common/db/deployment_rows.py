"""SQL for the rows of a deployment: those under its id, and those under its slug.

Rows tagged before the catalog knew the deployment are stored under its tenant and slug.
"""

from typing import Any

from sqlalchemy import ColumnElement, Table, and_, bindparam, or_

from services.common.rpc.deployment_slugs import DeploymentSlug

__all__ = ["deployment_parameters", "of_deployment"]


def of_deployment(table: Table) -> ColumnElement[bool]:
    """The condition for both, with the parameters of `deployment_parameters`."""
    return and_(
        table.c.deployment_id.in_([bindparam("deployment_id"), bindparam("slug")]),
        or_(
            table.c.deployment_id == bindparam("deployment_id"),
            table.c.tenant_id == bindparam("slug_tenant"),
        ),
    )


def deployment_parameters(deployment_id: str, slug: DeploymentSlug) -> dict[str, Any]:
    """The parameters of `of_deployment`."""
    return {"deployment_id": deployment_id, "slug": slug.slug, "slug_tenant": slug.tenant_id}
