"""Where the cloud is not what was asked for.

Pure: `fields` (a specified field's live value), `policies` (what a kind says of a field),
`specs` (what may be desired), `comparing` (a spec against a resource), `sweeping` (what a
comparison makes of the drifts that are open), `drifts` (their states), `pricing`. SQL is in
`store`; `sweep`, `close` and `mute` are the use cases.

Whatever changes specs or drifts of a kind first takes that kind's drift lock, so that a
sweep and an operator cannot both decide what becomes of a mismatch. Sightings do not
take it: a sweep compares what was last seen, and the next one sees the rest.
"""
