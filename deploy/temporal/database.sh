#!/bin/sh
# Makes the role and the two databases of Temporal, or leaves them as they are; its password
# is brought up to date. Runs in the image of PostgreSQL, as the superuser.
set -eu
secrets=${SECRETS_FOLDER:-/run/secrets}
PGPASSWORD=$(cat "$secrets/POSTGRES_PASSWORD")
TEMPORAL_PASSWORD=$(cat "$secrets/TEMPORAL_DATABASE_PASSWORD")
export PGPASSWORD TEMPORAL_PASSWORD
exec psql --no-psqlrc --quiet --tuples-only --set ON_ERROR_STOP=1 --dbname postgres <<'SQL'
\getenv password TEMPORAL_PASSWORD
-- A password is not for the server's log, even when the statement fails.
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET log_min_duration_statement = -1;
SELECT 'CREATE ROLE temporal NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'temporal') \gexec
ALTER ROLE temporal LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
SELECT format('CREATE DATABASE %I OWNER temporal', name)
    FROM unnest(ARRAY['temporal', 'temporal_visibility']) AS name
    WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = name) \gexec
REVOKE ALL ON DATABASE temporal, temporal_visibility FROM PUBLIC;
SQL
