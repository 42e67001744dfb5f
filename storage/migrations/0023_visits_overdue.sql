-- Homes and visits by month, and how many visits were overdue at its end (or are now), by the word of the rules. Unknown for months that
-- ended before a rule judged it: the first of its words, or of those about coverage, which came with it, is as far back as anybody knows.
create or replace view dashboards.visit_month with (security_barrier) as
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
),
judged as materialized (
  select least(
    (select min(raised_at) from alert where condition = 'visit-overdue'),
    (select min(noticed_at) from coverage)
  ) as since
),
overdue as (
  select month.month, alert.body -> 'where' ->> 'householdId' as household_id
  from month
  join alert on alert.condition = 'visit-overdue'
    and alert.raised_at < month.ends_at
    and coalesce(alert.cleared_at >= month.ends_at, true)
  group by 1, 2
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
  count(*) filter (where not visited.met) as nobody_there,
  case when judged.since < registered.ends_at then count(overdue.household_id) end as overdue
from registered
cross join judged
join dashboards.area as seen on seen.area_id = registered.area_id
left join visited on visited.month = registered.month and visited.household_id = registered.household_id
left join overdue on overdue.month = registered.month and overdue.household_id = registered.household_id
group by 1, 2, 3, 4, 5, judged.since;
