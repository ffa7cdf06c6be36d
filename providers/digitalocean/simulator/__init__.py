"""A simulator of DigitalOcean's API: a separate program with one realistic account.

It serves the public API under `/v2` over real HTTP, and a control API without a token under
`/_simulator`, by which tests and benchmarks inject faults, grow the account and move its clock. It
imports nothing of ours, and nothing of ours imports it: its responses come from the public OpenAPI
document. See `docs/simulator.md`.
"""
