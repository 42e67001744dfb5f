-- Forward only; never edited once released. No now(): whoever writes passes every time, whoever reads compares.
-- How far the copy of the journal reaches. One row, written in the same transaction as the rows that it vouches for.
create table projection_position (
  only_row boolean primary key default true check (only_row),
  journal_id text not null,
  sequence bigint not null,
  received_at_ms bigint not null,  -- journal time of that record, by which a journal is known again
  head_sequence bigint not null,  -- the journal's end when this was written
  true_until timestamptz not null,  -- everything that was received until then is in these tables
  seen_at timestamptz not null  -- when the writer last said so
);

-- Stretches of the journal that could not be copied: gone before they were, or refused. They stay on record.
create table projection_gap (
  journal_id text not null,
  from_sequence bigint not null,
  to_sequence bigint not null,
  noticed_at timestamptz not null,
  primary key (journal_id, from_sequence)
);

-- A device is here from its first report or its registration on; every other table refers to it by four bytes.
create table device (
  device_key integer primary key generated always as identity,
  device_id text not null unique,
  body jsonb,  -- as registered, without its credential; null: not in the registry (any more)
  kind text generated always as (body ->> 'kind') stored,
  place_id text generated always as (body ->> 'placeId') stored,
  person_id text generated always as (body ->> 'personId') stored,
  interval_minutes integer generated always as ((body ->> 'intervalMinutes')::integer) stored
);
