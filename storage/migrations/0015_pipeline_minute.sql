-- How the system itself was, minute by minute, as desk saw it; what did not answer then is null. Journal time.
create table pipeline_minute (
  minute timestamptz primary key,
  lag_s real not null,  -- of this copy behind the journal
  waiting_records bigint not null,
  syncs integer,  -- of the journal within the minute
  sync_p50_s real,  -- upper bound of the class into which half of them fell
  sync_p99_s real,
  journal_bytes bigint,
  journal_budget_bytes bigint,  -- what followers may hold beyond which they lose their place
  journal_free_bytes bigint,
  open_notices integer,
  connections integer
);

create view dashboards.pipeline_minute as select * from pipeline_minute;

-- Where links into the duty page lead; an installation whose page stands elsewhere puts its address into `setting`.
create view dashboards.page as
select coalesce((select value from setting where name = 'page_address'), 'http://127.0.0.1:8080') as address;

do $$
begin
  if exists (select from pg_roles where rolname = 'steppewatch_dashboards') then
    grant select on dashboards.pipeline_minute, dashboards.page to steppewatch_dashboards;
  end if;
end
$$;
