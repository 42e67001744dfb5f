-- What dashboards may read: no names of people, no telephone numbers, no notes, no positions, no vital signs. Instants, not ages:
-- the query has the clock. Each view shows an account its own part of the county. A hypertable in the columnstore has no row
-- security, so the barrier is the view, and the account has rights to nothing else.
create schema if not exists dashboards;
drop view v_lag, v_open_incidents, v_silent_devices, v_received;

-- Which account sees which area and everything below it. Without a row an account sees no home.
create table dashboard_access (
  account name not null,
  area_id text,  -- null: the whole installation
  unique nulls not distinct (account, area_id)
);
-- Whoever read this copy on dashboards before there were areas goes on seeing everything, and so does the account that is made with a
-- database. Others in the group may be there for one area of another database of this server: they see none until they are given it.
insert into dashboard_access
select account.rolname, null
from pg_auth_members
join pg_roles as readers on readers.oid = pg_auth_members.roleid
join pg_roles as account on account.oid = pg_auth_members.member
where readers.rolname = 'steppewatch_dashboards'
  and (account.rolname = 'grafana' or exists (select from projection_position))
on conflict do nothing;

-- What lies in no area that is known (the system itself, a device that nobody registered) is for the whole and for a county.
create view dashboard_whole as
select exists (
  select from dashboard_access
  left join area on area.id = dashboard_access.area_id
  where account = current_user and (dashboard_access.area_id is null or area.level = 'county')
) as sees;

-- Every area has a township and a county here: its own name stands in for a level that it does not have. Where two have one name, what they
-- lie in is added to it, or else the id: a row of a chart is one village.
create view dashboards.area with (security_barrier) as
with named as (
  select
    area.id,
    case
      when count(*) over (partition by area.name) = 1 then area.name
      when count(*) over (partition by area.name, above.name) = 1 then concat_ws(' · ', area.name, above.name)
      else concat_ws(' · ', area.name, area.id)
    end as name
  from area
  left join area as above on above.id = area.parent_id
)
select
  tree.area_id,
  own.name as area,
  tree.level,
  township.id as township_id,
  township.name as township,
  county.id as county_id,
  county.name as county
from area_tree as tree
join named as own on own.id = tree.area_id
join named as township on township.id = coalesce(tree.township_id, tree.village_id, tree.county_id)
join named as county on county.id = coalesce(tree.county_id, tree.township_id, tree.village_id)
where exists (
  select from dashboard_access
  where account = current_user
    and (
      dashboard_access.area_id is null
      or dashboard_access.area_id in (tree.village_id, tree.township_id, tree.county_id)
    )
);

create view dashboards.zone as select value as name from setting where name = 'time_zone';

-- Not of an area: how far the copy reaches, what could not be copied, how much came in.
create view dashboards.picture as
select
  sequence,
  head_sequence,
  head_sequence - sequence as waiting_records,
  true_until,
  seen_at,
  (select count(*) from projection_gap) as gaps
from projection_position;

create view dashboards.gap as select from_sequence, to_sequence, noticed_at from projection_gap;

create view dashboards.received as select minute, reports, rejections from received_minute;

create view dashboards.household with (security_barrier) as
select
  household.id as household_id,
  seen.area_id,
  seen.area,
  (select count(*) from person where person.household_id = household.id) as people
from household
left join place on place.id = household.current_place_id
join dashboards.area as seen on seen.area_id = coalesce(place.area_id, household.area_id);

-- Every device of the registry with what it last said of itself, and since when it is silent or weak.
create view dashboards.device with (security_barrier) as
select
  home.device_id,
  home.kind,
  device.body ->> 'room' as room,
  home.interval_minutes,
  home.household_id,
  seen.area_id,
  seen.area,
  state.received_at as heard_at,
  state.battery_volts,
  state.charge_percent,
  state.rsrp_dbm,
  state.snr_db,
  state.firmware,
  state.worn,
  state.charging,
  state.faults,
  state.tested_at,
  state.test_result,
  standing.silent_since,
  standing.low_since
from device_home as home
join device on device.device_key = home.device_key
left join dashboards.area as seen on seen.area_id = home.area_id
left join device_state as state on state.device_key = home.device_key
left join (
  select
    device_id,
    min(raised_at) filter (where condition = 'device-silent') as silent_since,
    min(raised_at) filter (where condition = 'battery-low') as low_since
  from alert
  where cleared_at is null and condition in ('device-silent', 'battery-low')
  group by device_id
) as standing on standing.device_id = home.device_id
where seen.area_id is not null
  or (home.area_id is null and (select sees from dashboard_whole));

-- When devices were silent: from the last word to the next one, as far as both are known; `noticed_at` is when the rule said so.
create view dashboards.silence with (security_barrier) as
select
  alert.device_id,
  home.kind,
  home.household_id,
  seen.area_id,
  seen.area,
  alert.severity,
  coalesce(to_timestamp((alert.body -> 'reason' ->> 'silentSinceAt')::float8 / 1000), alert.raised_at) as last_word_at,
  alert.raised_at as noticed_at,
  alert.cleared_at as ended_at
from alert
join dashboards.area as seen on seen.area_id = alert.area_id
left join device_home as home on home.device_id = alert.device_id
where alert.condition = 'device-silent';

-- Who is watched for which harm by which device; a person without one for it has a row without a device.
create view dashboards.watch with (security_barrier) as
with kind (harm, kind) as (
  values ('fire', 'smoke-detector'), ('fall', 'wearable'), ('call', 'call-button'), ('call', 'wearable'),
    ('silence', 'presence-sensor'), ('silence', 'wearable')
),
silent as (select distinct device_id from alert where condition = 'device-silent' and cleared_at is null),
watching as (
  select
    person.id as person_id,
    kind.harm,
    home.device_id,
    -- On its charger or on the table it feels nothing.
    silent.device_id is not null
      or (home.kind = 'wearable' and (coalesce(state.worn = 'no', false) or coalesce(state.charging, false))) as blind
  from device_home as home
  join kind on kind.kind = home.kind
  join person on person.household_id = home.household_id and coalesce(home.person_id = person.id, true)
  left join silent on silent.device_id = home.device_id
  left join device_state as state on state.device_key = home.device_key
)
select
  person.id as person_id,
  home.household_id,
  home.area_id,
  home.area,
  harm.harm,
  watching.device_id,
  coalesce(watching.blind, true) as blind
from person
join dashboards.household as home on home.household_id = person.household_id
cross join (values ('fire'), ('fall'), ('call'), ('silence')) as harm (harm)
left join watching on watching.person_id = person.id and watching.harm = harm.harm;

-- Lithium cells keep their voltage until near the end: a trend says something once it has begun to fall. By day, over the two
-- weeks before the device's last word. A wearable is charged, and has no such end.
create view dashboards.battery with (security_barrier) as
select
  home.device_id,
  home.kind,
  home.household_id,
  seen.area_id,
  seen.area,
  state.battery_volts,
  state.received_at as heard_at,
  trend.volts_per_day,
  trend.days
from device_state as state
join device_home as home on home.device_key = state.device_key
join dashboards.area as seen on seen.area_id = home.area_id
cross join lateral (
  select
    regr_slope(battery_avg, extract(epoch from hour) / 86400) as volts_per_day,
    count(distinct time_bucket('1 day', hour)) as days
  from report_hourly
  where report_hourly.device_key = state.device_key
    and hour >= state.received_at - interval '14 days'
    and battery_avg is not null
) as trend
where state.battery_volts < 2.85 and home.kind <> 'wearable';

create view dashboards.incident with (security_barrier) as
select
  incident.incident_id,
  incident.code,
  incident.category,
  incident.condition,
  incident.severity,
  incident.phase,
  incident.opened_at,
  incident.phase_since,
  incident.alerts,
  incident.household_id,
  seen.area_id,
  seen.area,
  seen.township,
  incident.notified_at,
  incident.delivered_at,
  incident.claimed_at,
  incident.accepted_at,
  incident.arrived_at,
  incident.resolved_at,
  incident.outcome,
  incident.contact_result,
  -- What time will do next unless somebody acts: a claim ends, an arrival is late, the next people are told.
  case when incident.phase <> 'resolved' then to_timestamp(coalesce(
    case when (incident.body -> 'state' ->> 'acted') is distinct from 'true' then incident.body -> 'state' ->> 'expiresAt' end,
    incident.body -> 'state' ->> 'expectedAt',
    incident.body -> 'ladder' ->> 'nextAt'
  )::float8 / 1000) end as due_at
from incident
left join dashboards.area as seen on seen.area_id = incident.area_id
where seen.area_id is not null
  or (
    (incident.area_id is null or not exists (select from area where area.id = incident.area_id))
    and (select sees from dashboard_whole)
  );

-- What devices measured. Where a wearable is, and what it feels of a body, stay behind the page that records who looked.
create view dashboards.reading with (security_barrier) as
select
  home.household_id,
  seen.area_id,
  home.device_id,
  home.kind as device_kind,
  report_kind.name as report,
  report.occurred_at,
  report.received_at,
  report.source,
  report.state,
  case when report_kind.name <> 'vitals' then report.celsius end as celsius,
  report.obscuration_db_per_m,
  report.co_ppm,
  report.gas_percent_lel,
  report.battery_volts,
  report.charge_percent,
  report.rsrp_dbm,
  report.snr_db
from device_home as home
join dashboards.area as seen on seen.area_id = home.area_id
join report on report.device_key = home.device_key
join report_kind on report_kind.kind = report.kind;

create view dashboards.village_day with (security_barrier) as
select
  seen.area_id,
  seen.area,
  report_daily.day,
  report_daily.devices,
  report_daily.devices_heard,
  report_daily.reports,
  report_daily.late,
  report_daily.alarms,
  report_daily.tests
from report_daily
join dashboards.area as seen on seen.area_id = report_daily.area_id;

create view dashboards.rejection with (security_barrier) as
select rejection.received_at, rejection.reason, device.device_id, seen.area_id, seen.area
from rejection
join device on device.device_key = rejection.device_key
left join device_home as home on home.device_key = rejection.device_key
left join dashboards.area as seen on seen.area_id = home.area_id
where seen.area_id is not null
  or (home.area_id is null and (select sees from dashboard_whole));

create view dashboards.attempt with (security_barrier) as
select
  notice.issued_at,
  notice.purpose,
  notice.severity,
  attempt.channel,
  attempt.attempt,
  attempt.attempted_at,
  attempt.ended_at,
  attempt.result,
  attempt.provisional,
  seen.area_id,
  seen.area
from notice_attempt as attempt
join notice on notice.notice_id = attempt.notice_id
join incident on incident.incident_id = notice.incident_id
left join dashboards.area as seen on seen.area_id = incident.area_id
where seen.area_id is not null
  or (
    (incident.area_id is null or not exists (select from area where area.id = incident.area_id))
    and (select sees from dashboard_whole)
  );

-- Homes and visits by month of the county's zone: who was registered at its end (or is now), and of these who was visited.
create view dashboards.visit_month with (security_barrier) as
with zone as materialized (select value as name from setting where name = 'time_zone'),
month as materialized (
  select month, month at time zone zone.name as starts_at, (month + interval '1 month') at time zone zone.name as ends_at
  from zone
  cross join (select min(visited_at) as first_at from visit) as visits
  cross join projection_position
  cross join generate_series(
    date_trunc('month', visits.first_at at time zone zone.name),
    date_trunc('month', true_until at time zone zone.name),
    interval '1 month'
  ) as month
),
registered as (
  select month.month, month.starts_at, month.ends_at, home.household_id, home.area_id
  from month
  join household_registration as home on home.since < month.ends_at and coalesce(home.until >= month.ends_at, true)
),
visited as (
  select month.month, visit.household_id, bool_or(visit.result <> 'nobody-there') as met, bool_or(visit.result = 'helped') as helped
  from month
  join visit on visit.visited_at >= month.starts_at and visit.visited_at < month.ends_at
  group by month.month, visit.household_id
)
select
  registered.month,
  registered.starts_at,
  registered.ends_at,
  seen.area_id,
  seen.area,
  count(*) as registered,
  count(*) filter (where visited.met) as visited,
  count(*) filter (where visited.helped) as helped,
  count(*) filter (where not visited.met) as nobody_there
from registered
join dashboards.area as seen on seen.area_id = registered.area_id
left join visited on visited.month = registered.month and visited.household_id = registered.household_id
group by 1, 2, 3, 4, 5;

do $$
begin
  if exists (select from pg_roles where rolname = 'steppewatch_dashboards') then
    grant usage on schema dashboards to steppewatch_dashboards;
    grant select on all tables in schema dashboards to steppewatch_dashboards;
  end if;
end
$$;
