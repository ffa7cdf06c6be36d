"""The response to COMMIT is lost for every write in turn: each is done once."""

import pytest

from services.common.settings import Service
from tests.support.databases import PostgresServer
from tests.support.write_walks import DEFINITIONS, WALKS, walking

BY_WORKFLOW = {
    "DeploymentService/ProvisionDeployment",
    "DriftService/RevertDrift",
    "InvoiceService/HandOverCreditNote",
    "InvoiceService/HandOverInvoice",
    "MigrationService/DecideMigration",
    "MigrationService/StartMigration",
    "RollupService/ApproveRollup",
    "RollupService/RetryRollup",
    "RollupService/StartRollup",
    "RollupService/UndoRollup",
}
"""These start or signal a workflow whose id is that of their object: Temporal refuses a second."""

OF_FACTS = {
    "DriftService/AcceptDrift",
    "SpendService/DecideSpendBreach",
    "UsageService/SendUsageEvents",
    "UsageService/VoidUsageEvents",
}
"""These take each fact once whatever the key: the tests of drift, spend and usage hold it."""


@pytest.mark.parametrize("service", list(WALKS))
async def test_a_write_whose_commit_has_lost_its_answer_is_done_once(
    postgres: PostgresServer, service: Service
) -> None:
    async with walking(postgres, service, loses=False) as clean:
        await WALKS[service](clean)
    async with walking(postgres, service, loses=True) as lossy:
        await WALKS[service](lossy)
    assert lossy.effects == clean.effects
    assert [name for name, _ in clean.effects if not lossy.lost[name]] == []
    keyed = {
        f"{described.name}/{method.name}"
        for described in DEFINITIONS[service].services()
        for method in described.methods
        if "request_id" in method.input_type.fields_by_name
    }
    assert keyed - BY_WORKFLOW - OF_FACTS == {name for name, _ in clean.effects}
