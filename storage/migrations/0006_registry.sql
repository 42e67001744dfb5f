-- A copy of the registry for search. Personal fields stay sealed in `body`; nothing here can open them.

create table area (
  id text primary key,
  body jsonb not null,
  level text generated always as (body ->> 'level') stored,
  parent_id text generated always as (body ->> 'parentId') stored,
  name text generated always as (body ->> 'name') stored
);

create table site (
  id text primary key,
  body jsonb not null,
  area_id text generated always as (body ->> 'areaId') stored,
  kind text generated always as (body ->> 'kind') stored,
  name text generated always as (body ->> 'name') stored
);

create table place (
  id text primary key,
  body jsonb not null,
  area_id text generated always as (body ->> 'areaId') stored,
  site_id text generated always as (body ->> 'siteId') stored,
  kind text generated always as (body ->> 'kind') stored,
  name text generated always as (body ->> 'name') stored
);

create table household (
  id text primary key,
  body jsonb not null,
  area_id text generated always as (body ->> 'areaId') stored,
  current_place_id text generated always as (body ->> 'currentPlaceId') stored
);

create table person (
  id text primary key,
  body jsonb not null,
  household_id text generated always as (body ->> 'householdId') stored
);

create table contact (
  id text primary key,
  body jsonb not null,
  role text generated always as (body ->> 'role') stored
);

create index area_by_parent on area (parent_id);
create index place_by_area on place (area_id);
create index household_by_area on household (area_id);
create index person_by_household on person (household_id);
create index device_by_place on device (place_id) where place_id is not null;
create index device_by_person on device (person_id) where person_id is not null;
