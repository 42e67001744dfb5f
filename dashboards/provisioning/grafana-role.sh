#!/bin/sh
# Makes an account for dashboards: a member of the group that may read their views, and nothing else. When the database is made it runs by
# itself, for the account `grafana`, which sees everything. Run it again for one that sees an area and what lies below it
# (docs/dashboards.md, "Who sees what"):
#   DASHBOARD_ACCOUNT  its name
#   DASHBOARD_AREA     the id of the area; without it, everything
#   DASHBOARD_PASSWORD_FILE
set -eu
dashboard_account=${DASHBOARD_ACCOUNT:-grafana}
dashboard_area=${DASHBOARD_AREA:-}
# By itself, so that a file that cannot be read ends the script: the account would otherwise have no password.
dashboard_password=$(cat "${DASHBOARD_PASSWORD_FILE:-/run/secrets/grafana_database_password}")
has_tables=$(psql --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --no-align --tuples-only --command \
  "select count(*) from pg_tables where schemaname = 'public' and tablename = 'dashboard_access'")
if [ -n "$dashboard_area" ] && [ "$has_tables" = 0 ]; then
  echo "start the system once first: which account sees which area stands in its tables" >&2
  exit 1
fi
psql --set ON_ERROR_STOP=1 --set account="$dashboard_account" --set area="$dashboard_area" \
  --set password="$dashboard_password" --set has_tables="$has_tables" \
  --single-transaction --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
select not exists (select from pg_roles where rolname = 'steppewatch_dashboards') as is_first \gset
\if :is_first
  create role steppewatch_dashboards nologin;
\endif
create role :"account" login password :'password' connection limit 10 in role steppewatch_dashboards;
alter role :"account" set default_transaction_read_only = on;
alter role :"account" set statement_timeout = '10s';
-- Before there are tables, whoever is in the group is given the whole when they are made.
\if :has_tables
  insert into dashboard_access values (:'account', nullif(:'area', ''));
\endif
SQL
