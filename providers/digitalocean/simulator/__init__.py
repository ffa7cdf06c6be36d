"""A stand-in for DigitalOcean's API: a program of its own that keeps one believable account.

It speaks the public API under `/v2` over real HTTP, and a control API without a token under
`/_simulator`, by which a test or a bench makes it misbehave, grow and move its clock. Nothing
of ours imports it and it knows nothing of our client: what it answers comes from the public
OpenAPI document. `docs/simulator.md` tells how to use it.
"""
