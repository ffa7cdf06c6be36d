"""Writes the table of flows into docs/durable-work.md: `python -m workflows.document`."""

import re
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Final

from contracts import (
    collections,
    costs,
    drift,
    invoicing,
    metering,
    migrations,
    provisioning,
    spend,
    sync,
)
from contracts.flows import Flow
from services.common.settings import Settings
from workflows.schedules import planned

__all__ = ["FLOWS", "PAGE", "rendered"]

PAGE: Final = Path(__file__).parents[1] / "docs" / "durable-work.md"

FAMILIES: Final[tuple[ModuleType, ...]] = (
    sync,
    drift,
    costs,
    metering,
    invoicing,
    collections,
    migrations,
    spend,
    provisioning,
)
FLOWS: Final = tuple(
    value for family in FAMILIES for value in vars(family).values() if isinstance(value, Flow)
)

HEAD: Final = """\
| id | purpose | started by | queue | timeout |
| --- | --- | --- | --- | --- |
"""
TABLE: Final = re.compile(re.escape(HEAD) + r"(?:\|.*\|\n)+")


def rendered(page: str) -> str:
    """The page with the table generated from contracts and schedules."""
    when = {plan.id: f"schedule, {plan.when}" for plan in planned(Settings())}
    rows = "".join(_row(flow, when.get(flow.id(), flow.started_by)) for flow in FLOWS)
    return TABLE.sub(lambda _: HEAD + rows, page)


def _row(flow: Flow, started_by: str) -> str:
    name = flow.id(flow.key) if flow.key else flow.id()
    cells = (f"`{name}`", flow.purpose, started_by, f"`{flow.queue}`", _in_words(flow.timeout))
    return f"| {' | '.join(cells)} |\n"


def _in_words(timeout: timedelta | None) -> str:
    if timeout is None:
        return "no limit"
    hours = timeout / timedelta(hours=1)
    if hours < 1:
        return f"{hours * 60:g} minutes"
    return f"{hours:g} hours" if hours < 72 else f"{timeout.days} days"


if __name__ == "__main__":
    PAGE.write_text(rendered(PAGE.read_text()))
