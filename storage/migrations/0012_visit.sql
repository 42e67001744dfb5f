-- Who was in which home; only ever added to. The area is the household's at that time.
create table visit (
  visit_id text primary key,  -- of the command that reported it: the same one again is the same visit
  journal_position bigint not null,
  recorded_at timestamptz not null,
  household_id text not null,
  area_id text,
  visited_at timestamptz not null,
  why text not null,
  result text not null,
  by_type text not null,
  by_id text not null
);
create index visit_by_time on visit (visited_at);
create index visit_by_household on visit (household_id, visited_at);

-- Where a household is registered from then on; without an area: nowhere any more. Only ever added to.
create table household_history (
  household_id text not null,
  at timestamptz not null,
  journal_position bigint not null,
  area_id text,
  primary key (household_id, at, journal_position)
);
-- Nobody wrote down since when these are registered: always, as far as anybody can tell.
insert into household_history select id, '-infinity', 0, area_id from household;

create view household_registration as
select household_id, area_id, since, until
from (
  select
    household_id,
    area_id,
    at as since,
    lead(at) over (partition by household_id order by at, journal_position) as until
  from household_history
) as stretch
where area_id is not null;

-- Registered: at the month's end, by the area then. Visited: of these, who was seen in the month, well or helped. Attempted: of the
-- rest, those where somebody called in vain. Every village has its row. `month`: any day of it.
create function visited_month(month date) returns table (
  area_id text, area text, registered bigint, visited bigint, helped bigint, attempted bigint, not_visited text[]
)
language sql stable
as $$
  with bounds as (
    select
      county_day_start(date_trunc('month', month::timestamp)::date) as begins,
      county_day_start((date_trunc('month', month::timestamp) + interval '1 month')::date) as ends
  ),
  home as (
    select household_id, household_registration.area_id
    from household_registration, bounds
    where since < ends and (until is null or until >= ends)
  ),
  seen as (
    select
      home.household_id,
      home.area_id,
      coalesce(bool_or(result in ('well', 'helped')), false) as visited,
      coalesce(bool_or(result = 'helped'), false) as helped,
      count(result) > 0 as tried
    from home
    cross join bounds
    left join visit on visit.household_id = home.household_id and visited_at >= begins and visited_at < ends
    group by 1, 2
  )
  select
    coalesce(seen.area_id, area.id),
    area.name,
    count(seen.household_id),
    count(*) filter (where visited),
    count(*) filter (where helped),
    count(*) filter (where tried and not visited),
    coalesce(array_agg(seen.household_id order by seen.household_id) filter (where not visited), '{}')
  from seen
  full join (select id, name, level from area) as area on area.id = seen.area_id
  where seen.household_id is not null or area.level = 'village'
  group by 1, 2
  order by 1
$$;
