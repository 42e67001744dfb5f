-- What rules would have raised under settings that are only tried, by setting and week (from its Monday) of the county's zone. What is of no area is not here.
create view dashboards.shadow_week with (security_barrier) as
with zone as materialized (select value as name from setting where name = 'time_zone')
select
  date_trunc('week', word.said_at at time zone zone.name) as week,
  word.setting_id,
  word.rule,
  word.condition,
  seen.area_id,
  seen.area,
  count(*) as raised,
  count(*) filter (where word.severity = 'critical') as critical,
  count(*) filter (where word.severity = 'urgent') as urgent,
  count(distinct word.household_id) as households
from shadow_word as word
cross join zone
join dashboards.area as seen on seen.area_id = word.area_id
where word.what = 'raise'
group by 1, 2, 3, 4, 5, 6;

do $$
begin
  if exists (select from pg_roles where rolname = 'steppewatch_dashboards') then
    grant select on dashboards.shadow_week to steppewatch_dashboards;
  end if;
end
$$;
