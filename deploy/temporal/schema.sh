#!/bin/sh
# Brings the schemas of Temporal's databases to the version of its image. Runs in the image of
# Temporal's admin tools; the server refuses to start on an older schema.
set -eu
SQL_PASSWORD=$(cat /run/secrets/TEMPORAL_DATABASE_PASSWORD)
export SQL_PASSWORD
bring() { # database, schema
    temporal-sql-tool --database "$1" setup-schema --version 0.0
    temporal-sql-tool --database "$1" update-schema --schema-dir "/etc/temporal/schema/postgresql/v12/$2/versioned"
}
bring temporal temporal
bring temporal_visibility visibility
