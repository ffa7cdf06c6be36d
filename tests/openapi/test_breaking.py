"""A change of the OpenAPI document that breaks callers of the last release is found."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from gateway.openapi.breaking import breaking_changes
from tests.openapi.contract import DOCUMENT

Change = Callable[[Any, Any], object]


def changed(change: Change) -> list[str]:
    document = copy.deepcopy(DOCUMENT)
    change(document["paths"], document["components"]["schemas"])
    return breaking_changes(DOCUMENT, document)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda paths, _: paths.pop("/api/v1/limits"), "GET /api/v1/limits: is removed"),
        (
            lambda paths, _: paths["/api/v1/limits"]["get"].update(operationId="limits"),
            "GET /api/v1/limits: is no longer named getLimits",
        ),
        (
            lambda paths, _: paths["/api/v1/invoices"]["get"]["parameters"].pop(0),
            "GET /api/v1/invoices: the parameter page_size is removed",
        ),
        (
            lambda paths, _: paths["/api/v1/invoices"]["get"]["parameters"][0].update(
                required=True
            ),
            "GET /api/v1/invoices: the parameter page_size is now required",
        ),
        (
            lambda _, schemas: schemas["CreateDeploymentRequest"]["required"].append("region"),
            "POST /api/v1/deployments: request.region is now required",
        ),
        (
            lambda _, schemas: schemas["CreateDeploymentRequest"]["properties"].pop("region"),
            "POST /api/v1/deployments: request.region is removed",
        ),
        (
            lambda _, schemas: schemas["DecideMigrationRequest"]["properties"]["decision"][
                "enum"
            ].pop(),
            "POST /api/v1/plan-migrations/{id}/decide: request.decision takes fewer values",
        ),
        (
            lambda _, schemas: schemas["TrialGrant"]["properties"].pop("id"),
            "GET /api/v1/trial-grants: response.trial_grants[].id is removed",
        ),
        (
            lambda _, schemas: schemas["TrialGrant"]["required"].remove("id"),
            "GET /api/v1/trial-grants: response.trial_grants[].id is not always there any more",
        ),
        (
            lambda _, schemas: schemas["TrialGrant"]["properties"]["id"].update(type="integer"),
            "GET /api/v1/trial-grants: response.trial_grants[].id has another form",
        ),
    ],
)
def test_what_a_caller_relies_on_cannot_change(change: Change, found: str) -> None:
    assert found in changed(change)


@pytest.mark.parametrize(
    "change",
    [
        lambda paths, _: paths.update({"/api/v1/new": {}}),
        lambda paths, _: (
            paths["/api/v1/limits"]["get"]["parameters"].append(
                {"name": "new", "in": "query", "schema": {"type": "string"}}
            )
            if "parameters" in paths["/api/v1/limits"]["get"]
            else None
        ),
        lambda _, schemas: schemas["CreateDeploymentRequest"]["properties"].update(new={}),
        lambda _, schemas: schemas["Deployment"]["properties"].update(new={"type": "string"}),
        lambda _, schemas: schemas["Deployment"]["properties"]["state"]["enum"].append("new"),
        lambda _, schemas: schemas["Deployment"]["properties"]["state"].update(description="New."),
    ],
)
def test_what_a_caller_can_ignore_may_change(change: Change) -> None:
    assert changed(change) == []
