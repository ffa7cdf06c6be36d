"""Issues drafts: each gets its number, its recipient and its link in the hash chain."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from services.analytics.invoicing.invoices.rules.chain import chain_hash
from services.analytics.invoicing.invoices.rules.states import (
    Decision,
    HandOverStatus,
    InvoiceStatus,
    RollupStatus,
)
from services.analytics.invoicing.invoices.store import issuing
from services.analytics.invoicing.invoices.store.issuing import NumberSequence
from services.analytics.invoicing.invoices.store.reading import locked_invoice, read_invoice
from services.analytics.invoicing.invoices.store.totals import differences_of_draft
from services.analytics.invoicing.profiles.rules.parties import Party
from services.analytics.invoicing.profiles.store import profiles_of
from services.analytics.invoicing.rollups.rules.rollups import Rollup
from services.analytics.invoicing.rollups.store.rollups import locked_rollup
from services.analytics.margin.store.months import mark_margin
from services.common.db.database import WriteSession
from services.common.errors import FailedPrecondition
from services.common.identity.callers import ALL

__all__ = ["Issue", "issue", "issue_by_hand"]


@dataclass(frozen=True, slots=True)
class Issue:
    """The issuing terms."""

    issuer: Party
    issued_on: date
    due_after: timedelta
    hand_over: HandOverStatus
    """The initial status of each hand-over."""
    at: datetime


async def issue(session: WriteSession, invoice_ids: Sequence[UUID], how: Issue) -> int:
    """Issues the drafts among the given invoices, by tenant; returns their number."""
    sequence = await issuing.locked_sequence(session, "invoice")
    # Read under the lock, so that a concurrent call cannot issue a draft twice.
    drafts = await issuing.locked_drafts(session, invoice_ids)
    if not drafts:
        return 0
    profiles = await profiles_of(session, [draft.tenant_id for draft in drafts])
    issued, last = [], sequence.chain_hash
    for number, draft in enumerate(drafts, sequence.next):
        profile = profiles.get(draft.tenant_id)
        invoice = replace(
            draft,
            number=number,
            issuer=how.issuer,
            recipient=profile.recipient if profile else Party(draft.tenant_id),
            purchase_order=profile.purchase_order if profile else "",
            issued_on=how.issued_on,
            due_on=how.issued_on + how.due_after,
            issued_at=how.at,
            previous_chain_hash=last,
        )
        last = chain_hash(last, invoice)
        issued.append(replace(invoice, chain_hash=last))
    await issuing.seal(session, issued, how.hand_over)
    following = NumberSequence(sequence.next + len(issued), last)
    await issuing.advance_sequence(session, "invoice", following)
    return len(issued)


async def issue_by_hand(session: WriteSession, invoice_id: UUID, how: Issue) -> Rollup | None:
    """Issues one draft that no running roll-up owns; returns the roll-up that drafted it.

    Raises FailedPrecondition if it is not a draft, does not add up, or its roll-up is not done.
    """
    found = await read_invoice(session, ALL, invoice_id)
    rollup = None if found.rollup_id is None else await locked_rollup(session, found.rollup_id)
    draft = await locked_invoice(session, invoice_id)
    draft.check_status(InvoiceStatus.DRAFT, reason="INVOICE_NOT_DRAFT")
    if rollup is not None and (
        rollup.decision is Decision.UNDO or rollup.status is RollupStatus.RUNNING
    ):
        raise FailedPrecondition(
            f"its roll-up is {rollup.status} and may still change it", reason="ROLLUP_NOT_DONE"
        )
    # The roll-up may have failed because of this draft.
    for difference in await differences_of_draft(session, invoice_id):
        raise FailedPrecondition(
            f"the invoice does not add up: {difference}", reason="TOTALS_DIFFER"
        )
    await issue(session, [invoice_id], how)
    await mark_margin(session, draft.month)
    return rollup
