-- What rules said under settings that are only tried beside those in force. Nobody was told, and nothing follows from it.
create table shadow_word (
  setting_id text not null,
  journal_position bigint not null,
  ordinal smallint not null,  -- one record may hold several
  said_at timestamptz not null,
  rule text not null,
  what text not null,  -- raise, strengthen, clear, note, prompt, coverage; failed: the rule threw
  alert_id text,  -- of what was raised, strengthened, cleared
  condition text,  -- of what was raised
  severity text,  -- of what was raised or strengthened
  household_id text,
  area_id text,
  body jsonb not null,
  primary key (said_at, journal_position, ordinal)
);
create index shadow_word_of_setting on shadow_word (setting_id, said_at);
