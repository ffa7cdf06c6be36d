"""Verifies that an invoice is unchanged since issue: its lines, proofs and link in the chain."""

from collections.abc import Sequence

import orjson

from services.analytics.invoicing.invoices.rules.chain import chain_hash
from services.analytics.invoicing.invoices.rules.invoices import Invoice
from services.analytics.invoicing.invoices.rules.lines import (
    ONE_OFF,
    Line,
    Proof,
    lines_hash,
    proofs_hash,
)
from services.analytics.invoicing.one_offs.rules import recomputed_lines
from services.analytics.invoicing.profiles.rules.parties import TaxRule
from services.analytics.invoicing.rollups.rules.drafting import recomputed_tax_proof
from services.common.values.canonical import digest

__all__ = ["broken_link", "changed_lines", "changed_one_off", "changed_tax"]


def changed_lines(invoice: Invoice, lines: Sequence[Line], proofs: Sequence[Proof]) -> str:
    """Differences of its lines and proofs from the draft, in words; empty if there are none."""
    if lines_hash(lines) != invoice.lines_hash:
        return "the lines are not those that were drafted"
    if proofs_hash(proofs) != invoice.proofs_hash:
        return "the proofs are not those that were drafted"
    for proof in proofs:
        if digest(proof.inputs_json) != proof.inputs_hash:
            return "frozen inputs are not those that were drafted"
    if sum(line.amount_cents for line in lines) != invoice.total_cents:
        return "the lines do not add up to the total"
    return ""


def changed_tax(invoice: Invoice, proof: Proof) -> str:
    """Differences of the tax from a recomputation, in words; empty if there are none."""
    region: str = orjson.loads(proof.inputs_json)["tax_rule"]["region"]
    rule = TaxRule(
        invoice.tax_rule_id, region, invoice.tax_label, invoice.tax_rate_percent, invoice.period
    )
    now, tax = recomputed_tax_proof(invoice.subtotal_cents, rule, invoice.month)
    if tax != invoice.tax_cents:
        return f"the tax is {invoice.tax_cents}, but {tax} is due"
    for name in ("inputs_json", "inputs_hash", "result_hash", "engine_version"):
        if getattr(now, name) != getattr(proof, name):
            return f"{name} of the tax differs from the recomputation"
    return ""


def changed_one_off(lines: Sequence[Line], proof: Proof) -> str:
    """Differences of a proof's one-off lines from a recomputation; empty if there are none."""
    billed = lines_hash(
        line
        for line in lines
        if line.kind == ONE_OFF and (line.deployment_id or "") == proof.deployment_id
    )
    if not lines_hash(recomputed_lines(proof.inputs_json)) == proof.result_hash == billed:
        return "the one-off lines are not those that were added"
    return ""


def broken_link(
    invoice: Invoice,
    lines: Sequence[Line],
    proofs: Sequence[Proof],
    number: int,
    previous: str,
) -> str:
    """Why an invoice is not a valid link under a number; empty if it is valid."""
    if invoice.number != number:
        return f"number {number} is missing"
    if invoice.previous_chain_hash != previous:
        return "it does not hold the hash of the invoice before it"
    changed = changed_lines(invoice, lines, proofs)
    if changed:
        return changed
    if chain_hash(previous, invoice) != invoice.chain_hash:
        return "what it says is not what was issued"
    return ""
