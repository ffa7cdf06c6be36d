"""Whether an invoice still is what was issued: its lines, its proofs, its link in the chain."""

from collections.abc import Sequence

import orjson

from services.analytics.invoicing.invoices.messages import line_of, party_of
from services.analytics.invoicing.invoices.rules.chain import Sealed, chain_hash
from services.analytics.invoicing.invoices.rules.lines import (
    ONE_OFF,
    Proof,
    digest,
    lines_hash,
    proofs_hash,
)
from services.analytics.invoicing.invoices.store.rows import Stored
from services.analytics.invoicing.one_offs.rules import recomputed_lines
from services.analytics.invoicing.profiles.rules.parties import TaxRule
from services.analytics.invoicing.rollups.rules.drafting import recomputed_tax_proof
from services.common.values.periods import month_of

__all__ = ["broken_link", "changed_lines", "changed_one_off", "changed_tax"]


def changed_lines(invoice: Stored, lines: Sequence[Stored], proofs: Sequence[Stored]) -> str:
    """What of its lines and proofs is not as it was drafted, in words; empty when all is."""
    if lines_hash(map(line_of, lines)) != invoice.lines_hash:
        return "the lines are not those that were drafted"
    if proofs_hash(map(proof_of, proofs)) != invoice.proofs_hash:
        return "the proofs are not those that were drafted"
    for proof in proofs:
        if digest(proof.inputs_json) != proof.inputs_hash:
            return "frozen inputs are not those that were drafted"
    if sum(line.amount_cents for line in lines) != invoice.total_cents:
        return "the lines do not come to the total"
    return ""


def changed_tax(invoice: Stored, proof: Stored) -> str:
    """What of the tax is not as it is computed now, in words; empty when all is."""
    region = _region(proof)
    rule = TaxRule(invoice.tax_rule_id, region, invoice.tax_label, invoice.tax_rate_percent)
    now, tax = recomputed_tax_proof(invoice.subtotal_cents, rule, month_of(invoice.period))
    if tax != invoice.tax_cents:
        return f"the tax is {invoice.tax_cents}, and {tax} is due"
    kept = proof_of(proof)
    for name in ("inputs_json", "inputs_hash", "result_hash", "engine_version"):
        if getattr(now, name) != getattr(kept, name):
            return f"{name} of the tax is not as it is computed now"
    return ""


def changed_one_off(lines: Sequence[Stored], proof: Stored) -> str:
    """What of the one-off lines of a proof is not as it is made now; empty when all is."""
    billed = lines_hash(
        line_of(line)
        for line in lines
        if line.kind == ONE_OFF and (line.deployment_id or "") == proof.deployment_id
    )
    if not lines_hash(recomputed_lines(proof.inputs_json)) == proof.result_hash == billed:
        return "the one-off lines are not those that were added"
    return ""


def broken_link(
    invoice: Stored,
    lines: Sequence[Stored],
    proofs: Sequence[Stored],
    number: int,
    previous: str,
) -> str:
    """Why an invoice does not stand in the chain under a number; empty when it does."""
    if invoice.number != number:
        return f"number {number} is missing"
    if invoice.previous_chain_hash != previous:
        return "it does not hold the hash of the invoice before it"
    changed = changed_lines(invoice, lines, proofs)
    if changed:
        return changed
    if chain_hash(previous, sealed(invoice)) != invoice.chain_hash:
        return "what it says is not what was issued"
    return ""


def sealed(invoice: Stored) -> Sealed:
    """What an issued invoice says, as its hash was taken."""
    return Sealed(
        number=invoice.number,
        tenant_id=invoice.tenant_id,
        period=invoice.period,
        currency=invoice.currency,
        subtotal_cents=invoice.subtotal_cents,
        tax_cents=invoice.tax_cents,
        total_cents=invoice.total_cents,
        tax_label=invoice.tax_label,
        tax_rate_percent=invoice.tax_rate_percent,
        issuer=party_of(invoice.issuer),
        recipient=party_of(invoice.recipient),
        issued_on=invoice.issued_on,
        due_on=invoice.due_on,
        lines_hash=invoice.lines_hash,
        proofs_hash=invoice.proofs_hash,
        kind=invoice.kind,
        purchase_order=invoice.purchase_order,
    )


def proof_of(row: Stored) -> Proof:
    """The proof of a row."""
    return Proof(
        row.deployment_id,
        row.subscription_id,
        row.inputs_json,
        row.inputs_hash,
        row.engine_version,
        row.result_hash,
        row.deployment_name,
    )


def _region(proof: Stored) -> str:
    """The tax region that the proof was made for."""
    inputs = orjson.loads(proof.inputs_json)
    region: str = inputs["tax_rule"]["region"]
    return region
