#!/bin/sh
# Runs once, when the database is made. The group gets its rights from the migrations; the account gets them from the group.
set -eu
# By itself, so that a file that cannot be read ends the script: the account would otherwise have no password.
password=$(cat /run/secrets/grafana_database_password)
psql --set ON_ERROR_STOP=1 --set password="$password" \
  --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
create role steppewatch_dashboards nologin;
create role grafana login password :'password' connection limit 10 in role steppewatch_dashboards;
alter role grafana set default_transaction_read_only = on;
alter role grafana set statement_timeout = '10s';
SQL
