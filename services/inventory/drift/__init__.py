"""Drift: differences between the specs and the live cloud.

The rules are pure: `fields` (the live value of a specified field), `policies` (a kind's policy for
a field), `specs` (valid specs), `comparing` (a spec against a resource), `sweeping` (the effect of
a comparison on open drifts), `drifts` (their states), `pricing`. SQL is in `store`; the use cases
are `sweep` and `close`.

Every change of a kind's specs or drifts first takes the kind's drift lock, so that a sweep and an
operator cannot decide on the same mismatch concurrently. Sightings do not take it: a sweep compares
the last seen state, and the next sweep sees later changes.
"""
