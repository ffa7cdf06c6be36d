"""The engine that prices: pure, exact, and the same for preview, accrual and invoice.

`inputs` is all that a price depends on, frozen; `engine.price` makes a `lines.Quote` of it;
`proofs` keeps both so that anybody can recompute them. It knows no wire, no database and no
clock: whoever asks brings everything along.
"""
