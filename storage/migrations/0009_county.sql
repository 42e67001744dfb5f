-- What queries have to know of the installation. Desk keeps it in step with its configuration.
create table setting (
  name text primary key,
  value text not null
);
insert into setting values ('time_zone', 'Asia/Shanghai');

-- The zone in which days and months begin. Whoever may call it need not be able to read the table. Over many rows write
-- `(at at time zone (select county_zone()))::date`, which asks once.
create function county_zone() returns text
language sql stable parallel safe security definer set search_path = public, pg_temp
as $$ select value from setting where name = 'time_zone' $$;

create function county_day(at timestamptz) returns date
language sql stable parallel safe
as $$ select (at at time zone county_zone())::date $$;

create function county_day_start(day date) returns timestamptz
language sql stable parallel safe
as $$ select day::timestamp at time zone county_zone() $$;

-- The first day of the month.
create function county_month(at timestamptz) returns date
language sql stable parallel safe
as $$ select date_trunc('month', at at time zone county_zone())::date $$;

-- An area with what it lies in; a level above its own is null.
create view area_tree as
select
  area.id as area_id,
  area.level,
  area.name,
  case when area.level = 'village' then area.id end as village_id,
  case 'township' when area.level then area.id when above.level then above.id end as township_id,
  case 'county' when area.level then area.id when above.level then above.id when top.level then top.id end as county_id
from area
left join area as above on above.id = area.parent_id
left join area as top on top.id = above.parent_id;

-- Every device of the registry, and whose home it is in: of what is worn the person's, else the one household that lives there.
create index household_by_place on household (current_place_id);
create view device_home as
select
  device.device_key,
  device.device_id,
  device.kind,
  device.interval_minutes,
  coalesce(device.place_id, household.current_place_id) as place_id,
  device.person_id,
  coalesce(household.id, resident.household_id) as household_id,
  place.site_id,
  area_tree.area_id,
  area_tree.village_id,
  area_tree.township_id,
  area_tree.county_id
from device
left join person on person.id = device.person_id
left join household on household.id = person.household_id
left join place on place.id = coalesce(device.place_id, household.current_place_id)
left join (
  select current_place_id as place_id, min(id) as household_id from household group by 1 having count(*) = 1
) as resident on resident.place_id = device.place_id
left join area_tree on area_tree.area_id = coalesce(place.area_id, household.area_id)
where device.body is not null;
