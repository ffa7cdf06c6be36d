"""The quote engine: pure, exact, and the same for preview, accrual and invoice.

`inputs` has everything that a price depends on; `engine.price` computes a `lines.Quote` from it; a
proof in `proofs` stores both, so that anybody can recompute it. The engine knows no protos, no
database and no clock: the caller passes everything in. `v1` is the previous engine, which is never
changed.
"""
