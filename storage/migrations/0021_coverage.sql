-- Whether a device would notice what befalls a person: the word of the rules, from a change to the next one. `since` may be long before it was
-- noticed: a detector is found silent two days after its last word. No row: nothing was ever heard that would notice.
create table coverage (
  person_id text not null,
  household_id text not null,
  harm text not null,
  journal_position bigint not null,
  ordinal smallint not null,  -- one record may change it several times
  noticed_at timestamptz not null,
  since timestamptz not null,
  state text not null,  -- watched, blind, never-equipped
  why text,
  area_id text,
  until timestamptz,  -- the next row's since; null: it still is so
  superseded_at timestamptz,  -- when the next row was noticed
  primary key (person_id, household_id, harm, journal_position, ordinal)
);
create index coverage_now on coverage (household_id) where superseded_at is null;
create index coverage_blind on coverage (since) where state = 'blind';
create index coverage_superseded on coverage (superseded_at) where superseded_at is not null;
