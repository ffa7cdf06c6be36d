"""The engine that prices: pure, exact, and the same for preview, accrual and invoice.

`inputs` is all that a price depends on, frozen; `engine.price` makes a `lines.Quote` of it;
`proofs` keeps both so that anybody can compute them again. The engine knows no wire, no database
and no clock: the caller passes everything in. `v1` is the engine of before, frozen.
"""
