#!/bin/sh
# Starts Temporal with its password, which it reads from the environment only.
set -eu
POSTGRES_PWD=$(cat /run/secrets/TEMPORAL_DATABASE_PASSWORD)
export POSTGRES_PWD
exec /etc/temporal/entrypoint.sh
