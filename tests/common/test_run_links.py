"""Responses have a link to their workflow run for operators."""

from arcadia.analytics.v1 import invoice_service_pb2, invoices_pb2, spend_service_pb2
from arcadia.catalog.v1 import catalog_service_pb2, deployment_service_pb2, deployments_pb2
from arcadia.common.v1 import runs_pb2

from services.common.rpc.interceptor.run_links import RunLinks
from services.common.settings import Settings

UI = "https://temporal.example.com"
RUN = runs_pb2.Run(workflow_id="invoice-rollup/2026-04", run_id="0a-1b")


def test_every_run_in_an_answer_is_linked_however_deep_it_is() -> None:
    links = RunLinks(Settings(temporal_ui_url=f"{UI}/", TEMPORAL_NAMESPACE="our own"))
    run = f"{UI}/namespaces/our%20own/workflows/invoice-rollup%2F2026-04/0a-1b/history"

    listed = deployment_service_pb2.ListProvisionsResponse(
        provisions=[deployments_pb2.Provision(run=RUN), deployments_pb2.Provision()]
    )
    links.fill(listed)
    assert [one.run.url for one in listed.provisions] == [run, ""]
    assert not listed.provisions[1].HasField("run")

    hand_over = invoices_pb2.HandOver(run=RUN)
    invoice = invoice_service_pb2.GetInvoiceResponse(
        invoice=invoices_pb2.Invoice(hand_over=hand_over)
    )
    links.fill(invoice)
    assert invoice.invoice.hand_over.run.url == run

    begun = runs_pb2.Run(workflow_id="spend/1")
    breach = spend_service_pb2.DecideSpendBreachResponse(
        spend_breach=spend_service_pb2.SpendBreach(run=begun)
    )
    links.fill(breach)
    assert breach.spend_breach.run.url == f"{UI}/namespaces/our%20own/workflows/spend%2F1"

    nothing = catalog_service_pb2.ListPlansResponse()
    links.fill(nothing)
    assert nothing == catalog_service_pb2.ListPlansResponse()


def test_in_production_nothing_is_linked_until_somebody_says_where_the_ui_is() -> None:
    local = deployments_pb2.Provision(run=RUN)
    RunLinks(Settings(port_offset=100)).fill(local)
    assert local.run.url.startswith("http://localhost:8333/namespaces/default/workflows/")

    made = Settings().model_copy(update={"env": "production"})
    unlinked = deployments_pb2.Provision(run=RUN)
    RunLinks(made).fill(unlinked)
    assert unlinked.run.url == ""
