-- Who is watched for which harm now, by the word of the rules. Everybody of the registry has a row for each harm.
create view dashboards.coverage with (security_barrier) as
select
  person.id as person_id,
  home.household_id,
  home.area_id,
  home.area,
  harm.harm,
  coalesce(coverage.state, 'never-equipped') as state,
  coverage.since,
  coverage.why
from person
join dashboards.household as home on home.household_id = person.household_id
cross join (values ('fire'), ('fall'), ('call'), ('silence'), ('wandering')) as harm (harm)
left join coverage on coverage.household_id = person.household_id and coverage.person_id = person.id
  and coverage.harm = harm.harm and coverage.superseded_at is null;

-- Stretches in which somebody had devices for a harm, and none of them would have noticed it. `until` null: it still is so.
create view dashboards.blind with (security_barrier) as
select coverage.person_id, coverage.household_id, seen.area_id, seen.area, coverage.harm, coverage.why, coverage.since, coverage.until
from coverage
join dashboards.area as seen on seen.area_id = coverage.area_id
where coverage.state = 'blind';

-- Hours of persons in which they were blind, by area and month of the county's zone, up to where the copy reaches.
create view dashboards.blind_person_hours with (security_barrier) as
with zone as materialized (select value as name from setting where name = 'time_zone')
select
  month.month,
  blind.area_id,
  blind.area,
  blind.harm,
  sum(
    extract(epoch from least(coalesce(blind.until, position.true_until), (month.month + interval '1 month') at time zone zone.name)
      - greatest(blind.since, month.month at time zone zone.name))
  ) / 3600 as person_hours,
  count(distinct blind.person_id) as people
from dashboards.blind
cross join projection_position as position
cross join zone
cross join lateral generate_series(
  date_trunc('month', blind.since at time zone zone.name),
  date_trunc('month', coalesce(blind.until, position.true_until) at time zone zone.name),
  interval '1 month'
) as month (month)
where blind.since < coalesce(blind.until, position.true_until)
group by 1, 2, 3, 4;

-- What panels knew of it before the rules judged it.
drop view dashboards.watch;

do $$
begin
  if exists (select from pg_roles where rolname = 'steppewatch_dashboards') then
    grant select on all tables in schema dashboards to steppewatch_dashboards;
  end if;
end
$$;
