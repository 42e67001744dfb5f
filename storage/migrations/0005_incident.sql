-- What was decided, as the journal says it. `body` is the whole of it for pages; the columns are what queries ask for.
create table alert (
  alert_id text primary key,
  journal_position bigint not null,
  rule text not null,
  condition text not null,
  severity text not null,
  raised_at timestamptz not null,
  occurred_at timestamptz not null,
  cleared_at timestamptz,
  area_id text,
  device_id text,
  body jsonb not null
);
create index alert_open_by_condition on alert (condition) where cleared_at is null;

create table note (
  note_id text primary key,
  journal_position bigint not null,
  rule text not null,
  what text not null,
  noted_at timestamptz not null,
  device_id text,
  body jsonb not null
);

create table incident (
  incident_id text primary key,
  journal_position bigint not null,
  code text not null,
  category text not null,
  severity text not null,
  phase text not null,
  opened_at timestamptz not null,
  phase_since timestamptz not null,
  alerts integer not null,
  area_id text,
  body jsonb not null
);
create index incident_by_time on incident (opened_at desc, incident_id desc);
create index incident_open on incident (opened_at) where phase <> 'resolved';

create table incident_timeline (
  incident_id text not null,
  journal_position bigint not null,
  ordinal smallint not null,
  at timestamptz not null,
  body jsonb not null,
  primary key (incident_id, journal_position, ordinal)
);

create table notice (
  notice_id text primary key,
  journal_position bigint not null,
  incident_id text not null,
  purpose text not null,
  severity text not null,
  issued_at timestamptz not null,
  body jsonb not null
);
create index notice_by_incident on notice (incident_id);

create table notice_attempt (
  notice_id text not null,
  channel text not null,
  attempt integer not null,
  attempted_at timestamptz,
  provisional boolean not null default false,
  ended_at timestamptz,
  result text,
  detail text,
  primary key (notice_id, channel, attempt)
);
