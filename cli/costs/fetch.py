"""`arcadia costs fetch`: the provider's bills now, through Temporal, with their progress."""

from cli.options import Follow
from cli.output import say
from cli.runs import run_workflow, under_way
from contracts.costs import billing_history
from contracts.flows import BY_HAND
from workflows.costs.billing_history import BillingHistory
from workflows.costs.payloads import HistoryResult

__all__ = ["fetch_bills"]


def fetch_bills(follow: Follow = True) -> None:
    """Walk the billing history now and ingest what is due, or join the walk that runs."""
    run_workflow(
        "walk",
        billing_history(BY_HAND),
        BillingHistory.run,
        _show,
        progress=under_way,
        reached=BillingHistory.progress,
        wait=follow,
    )


def _show(result: HistoryResult) -> None:
    say(f"history: {result.walk.in_words()}")
    for line in result.ingested:
        say(line, "green")
    for uuid in result.running_elsewhere:
        say(f"{uuid}: is being ingested already", "yellow")
    for line in result.failed:
        say(f"failed: {line}", "red")
