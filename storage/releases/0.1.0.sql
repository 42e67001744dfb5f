-- The database of release 0.1.0 (migrations up to 0008), with a few rows of each kind, as that release left it.
create table migration (file text primary key, hash text not null, applied_at timestamptz not null);

create table projection_position (
  only_row boolean primary key default true check (only_row),
  journal_id text not null,
  sequence bigint not null,
  received_at_ms bigint not null,  -- journal time of that record, by which a journal is known again
  head_sequence bigint not null,  -- the journal's end when this was written
  true_until timestamptz not null,  -- everything that was received until then is in these tables
  seen_at timestamptz not null  -- when the writer last said so
);

create table projection_gap (
  journal_id text not null,
  from_sequence bigint not null,
  to_sequence bigint not null,
  noticed_at timestamptz not null,
  primary key (journal_id, from_sequence)
);

create table device (
  device_key integer primary key generated always as identity,
  device_id text not null unique,
  body jsonb,  -- as registered, without its credential; null: not in the registry (any more)
  kind text generated always as (body ->> 'kind') stored,
  place_id text generated always as (body ->> 'placeId') stored,
  person_id text generated always as (body ->> 'personId') stored,
  interval_minutes integer generated always as ((body ->> 'intervalMinutes')::integer) stored
);
insert into migration values ('0001_projection.sql', '816ebc821d656e8bb42d6d2f09652be3647541cc542200855e0d5ebff8f27e96', '2026-11-22 08:00+00');

create function time_bucket(bucket_width interval, at timestamptz) returns timestamptz
language sql immutable parallel safe
as $$ select date_bin(bucket_width, at, timestamptz '2000-01-03 00:00:00+00') $$;
insert into migration values ('0002_time_bucket.postgres.sql', 'de9bb2aa82b58a4911e9cb56c9326a89803acc93b81ce17df01ee5b0d93b3635', '2026-11-22 08:00+00');

create table report_kind (
  kind smallint primary key,
  name text not null unique
);
insert into report_kind values (1, 'alarm'), (2, 'test'), (3, 'tamper'), (4, 'status'), (5, 'done'), (6, 'position'),
  (7, 'fall'), (8, 'motion'), (9, 'press'), (10, 'vitals'), (11, 'presence');

create table report (
  occurred_at timestamptz not null,
  journal_position bigint not null,
  part smallint not null,  -- of a batch report; 0 for a report that came alone
  device_key integer not null,
  received_at timestamptz not null,
  kind smallint not null,
  clock smallint not null,  -- 0: lateness is known, 1: the device has a clock that is not believed, 2: none
  age_s double precision,  -- as the device said it
  at_ms bigint,  -- the device's clock, as it said it
  boot bigint,
  seq bigint,
  source text,
  state text,  -- of an alarm, a fall, a sensor; the call of a press
  celsius real,
  obscuration_db_per_m real,
  co_ppm real,
  gas_percent_lel real,
  battery_volts real,
  charge_percent real,
  rsrp_dbm real,
  snr_db real,
  lat double precision,  -- WGS-84
  lon double precision,
  accuracy_m real,
  speed_m_per_s real,
  pulse_per_min real,
  oxygen_percent real,
  interval_min real,
  firmware text,
  cell text,
  extra jsonb,  -- every other field of the report under its own name
  primary key (occurred_at, journal_position, part)
) partition by range (occurred_at);
create table report_default partition of report default;
create index report_by_device on report (device_key, occurred_at desc);
insert into migration values ('0003_report.postgres.sql', 'c1be2949e811034358b4be576b5981a5c09cb589b28e595b9ca0da3d6ada0fc4', '2026-11-22 08:00+00');

create table device_state (
  device_key integer primary key,
  occurred_at timestamptz not null,
  received_at timestamptz not null,
  kind smallint not null,
  battery_volts real,
  charge_percent real,
  rsrp_dbm real,
  celsius real,
  firmware text
) with (fillfactor = 60);

create table received_minute (
  minute timestamptz primary key,
  reports integer not null,
  rejections integer not null
);

create table rejection (
  journal_position bigint not null,
  part smallint not null,
  received_at timestamptz not null,
  device_key integer not null,
  reason text not null,
  problem text not null,
  primary key (journal_position, part)
);
create index rejection_by_time on rejection (received_at);
insert into migration values ('0004_device_state.sql', '90432ab10b98830707d7214292eae69988f6bc1c0ff4a0929e460763ae38cab4', '2026-11-22 08:00+00');

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
insert into migration values ('0005_incident.sql', '8045b6920a836b324b9c7a3b831e79bfa9918e5c449575e72490bbc9e8314314', '2026-11-22 08:00+00');


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
insert into migration values ('0006_registry.sql', 'e407d44b72b210a8acc607b78ad53067530dc93bbec98a8f18e8c2c1d7b66744', '2026-11-22 08:00+00');

create view v_lag as
select
  journal_id,
  sequence,
  head_sequence,
  head_sequence - sequence as waiting_records,
  true_until,
  seen_at,
  (select count(*) from projection_gap) as gaps
from projection_position;

create view v_open_incidents as
select
  incident.code,
  incident.category,
  incident.severity,
  incident.phase,
  incident.opened_at,
  incident.phase_since,
  incident.alerts,
  incident.area_id,
  area.name as area
from incident
left join area on area.id = incident.area_id
where incident.phase <> 'resolved';

create view v_silent_devices as
select
  alert.device_id,
  device.kind,
  alert.severity,
  alert.raised_at as silent_since,
  device_state.received_at as last_heard_at,
  device.interval_minutes,
  alert.area_id,
  area.name as area
from alert
left join device on device.device_id = alert.device_id
left join device_state on device_state.device_key = device.device_key
left join area on area.id = alert.area_id
where alert.condition = 'device-silent' and alert.cleared_at is null;

create view v_received as
select minute, reports, rejections from received_minute;

do $$
begin
  if not exists (select from pg_roles where rolname = 'steppewatch_dashboards') then
    create role steppewatch_dashboards nologin;
  end if;
exception
  when insufficient_privilege or duplicate_object or unique_violation then null;
end
$$;
do $$
begin
  if exists (select from pg_roles where rolname = 'steppewatch_dashboards') then
    grant select on v_lag, v_open_incidents, v_silent_devices, v_received to steppewatch_dashboards;
  end if;
end
$$;
insert into migration values ('0007_dashboard_views.sql', 'a5f8c79d06504109dcf1ee6582cba5e3cde050e6e00e2cad5aca0b462e3db982', '2026-11-22 08:00+00');

alter table rejection drop constraint rejection_pkey;
drop index rejection_by_time;
alter table rejection add primary key (received_at, journal_position, part);
insert into migration values ('0008_rejection_key.sql', 'f7e503a97e714590e9f4e9f6065b9e60ad7a4c67c760cb27e012aeb021b67b6c', '2026-11-22 08:00+00');

set timezone = 'UTC';
create table report_2026_10_19 partition of report FOR VALUES FROM ('2026-10-19 00:00:00+00') TO ('2026-10-26 00:00:00+00');
create table report_2026_10_26 partition of report FOR VALUES FROM ('2026-10-26 00:00:00+00') TO ('2026-11-02 00:00:00+00');
create table report_2026_11_02 partition of report FOR VALUES FROM ('2026-11-02 00:00:00+00') TO ('2026-11-09 00:00:00+00');
create table report_2026_11_09 partition of report FOR VALUES FROM ('2026-11-09 00:00:00+00') TO ('2026-11-16 00:00:00+00');
create table report_2026_11_16 partition of report FOR VALUES FROM ('2026-11-16 00:00:00+00') TO ('2026-11-23 00:00:00+00');
create table report_2026_11_23 partition of report FOR VALUES FROM ('2026-11-23 00:00:00+00') TO ('2026-11-30 00:00:00+00');
create table report_2026_11_30 partition of report FOR VALUES FROM ('2026-11-30 00:00:00+00') TO ('2026-12-07 00:00:00+00');

insert into alert (alert_id, journal_position, rule, condition, severity, raised_at, occurred_at, cleared_at, area_id, device_id, body) overriding system value
select alert_id, journal_position, rule, condition, severity, raised_at, occurred_at, cleared_at, area_id, device_id, body from json_populate_recordset(null::alert, '[
  {"alert_id":"device-silent:d1:2","journal_position":2,"rule":"device-silent","condition":"device-silent","severity":"service","raised_at":"2026-11-18T12:02:00+00:00","occurred_at":"2026-11-18T12:02:00+00:00","cleared_at":null,"area_id":"a1","device_id":"d1","body":{"at": 1795003320000, "rule": "device-silent", "clock": "absent", "where": {"areaId": "a1", "deviceId": "d1"}, "reason": {"intervalMinutes": 60}, "alertId": "device-silent:d1:2", "subject": {"id": "d1", "type": "device"}, "severity": "service", "condition": "device-silent", "occurredAt": 1795003320000}}
]');

insert into area (id, body) overriding system value
select id, body from json_populate_recordset(null::area, '[
  {"id":"c1","body":{"id": "c1", "name": "旗", "level": "county"}},
  {"id":"v1","body":{"id": "v1", "name": "白音", "level": "village", "parentId": "c1"}}
]');

insert into device (device_key, device_id, body) overriding system value
select device_key, device_id, body from json_populate_recordset(null::device, '[
  {"device_key":1,"device_id":"d1","body":{"id": "d1", "kind": "smoke-detector", "placeId": "p1", "simulated": false, "intervalMinutes": 60}},
  {"device_key":2,"device_id":"d2","body":null},
  {"device_key":3,"device_id":"d9","body":null}
]');

insert into device_state (device_key, occurred_at, received_at, kind, battery_volts, charge_percent, rsrp_dbm, celsius, firmware) overriding system value
select device_key, occurred_at, received_at, kind, battery_volts, charge_percent, rsrp_dbm, celsius, firmware from json_populate_recordset(null::device_state, '[
  {"device_key":1,"occurred_at":"2026-11-18T12:05:00+00:00","received_at":"2026-11-18T14:10:00+00:00","kind":4,"battery_volts":3,"charge_percent":null,"rsrp_dbm":-104,"celsius":4.5,"firmware":null},
  {"device_key":2,"occurred_at":"2026-11-18T12:09:00+00:00","received_at":"2026-11-18T12:09:00+00:00","kind":9,"battery_volts":null,"charge_percent":null,"rsrp_dbm":null,"celsius":null,"firmware":null}
]');

insert into household (id, body) overriding system value
select id, body from json_populate_recordset(null::household, '[
  {"id":"h1","body":{"id": "h1", "areaId": "v1", "currentPlaceId": "p1"}},
  {"id":"h2","body":{"id": "h2", "areaId": "v1", "currentPlaceId": "p1"}}
]');

insert into incident (incident_id, journal_position, code, category, severity, phase, opened_at, phase_since, alerts, area_id, body) overriding system value
select incident_id, journal_position, code, category, severity, phase, opened_at, phase_since, alerts, area_id, body from json_populate_recordset(null::incident, '[
  {"incident_id":"i1","journal_position":31,"code":"AB1D","category":"fire","severity":"critical","phase":"resolved","opened_at":"2026-11-18T12:01:00+00:00","phase_since":"2026-11-18T12:30:00+00:00","alerts":1,"area_id":"v1","body":{"code": "AB1D", "told": [], "state": {"by": {"id": "li", "type": "account"}, "phase": "resolved", "since": 1795005000000, "contact": "reached", "outcome": "false-alarm"}, "where": {"areaId": "v1", "placeId": "p1", "personId": "e1", "householdId": "h1"}, "alerts": [{"at": 1795003260000, "rule": "device-silent", "clock": "absent", "where": {"areaId": "a1", "deviceId": "d1"}, "reason": {"intervalMinutes": 60}, "alertId": "device-silent:d1:1", "subject": {"id": "d1", "type": "device"}, "severity": "service", "condition": "smoke", "occurredAt": 1795003260000}], "ladder": {"phase": "ended"}, "subject": {"id": "p1", "type": "place"}, "version": 1, "category": "fire", "openedAt": 1795003260000, "severity": "critical", "incidentId": "i1", "lastAlertAt": 1795003260000}},
  {"incident_id":"i2","journal_position":40,"code":"AB2D","category":"fire","severity":"critical","phase":"claimed","opened_at":"2026-11-18T12:02:00+00:00","phase_since":"2026-11-18T12:02:00+00:00","alerts":0,"area_id":"a1","body":{"code": "AB2D", "told": [], "state": {"by": {"id": "desk", "type": "account"}, "acted": false, "phase": "claimed", "since": 1795003320000, "expiresAt": 1795003440000}, "where": {"areaId": "a1", "placeId": "p1"}, "alerts": [], "ladder": {"phase": "ended"}, "subject": {"id": "p1", "type": "place"}, "version": 1, "category": "fire", "openedAt": 1795003320000, "severity": "critical", "incidentId": "i2", "lastAlertAt": 1795003320000}}
]');

insert into incident_timeline (incident_id, journal_position, ordinal, at, body) overriding system value
select incident_id, journal_position, ordinal, at, body from json_populate_recordset(null::incident_timeline, '[
  {"incident_id":"i1","journal_position":31,"ordinal":0,"at":"2026-11-18T12:01:00+00:00","body":{"at": 1795003260000, "what": "opened", "details": {}}},
  {"incident_id":"i1","journal_position":31,"ordinal":1,"at":"2026-11-18T12:01:00+00:00","body":{"at": 1795003260000, "what": "notified", "details": {}}},
  {"incident_id":"i1","journal_position":31,"ordinal":2,"at":"2026-11-18T12:02:00+00:00","body":{"at": 1795003320000, "what": "delivered", "details": {}}},
  {"incident_id":"i1","journal_position":31,"ordinal":3,"at":"2026-11-18T12:03:00+00:00","body":{"at": 1795003380000, "what": "claimed", "details": {}}},
  {"incident_id":"i1","journal_position":31,"ordinal":4,"at":"2026-11-18T12:06:00+00:00","body":{"at": 1795003560000, "what": "accepted", "details": {}}},
  {"incident_id":"i1","journal_position":31,"ordinal":5,"at":"2026-11-18T12:07:00+00:00","body":{"at": 1795003620000, "what": "claimed", "details": {}}},
  {"incident_id":"i1","journal_position":31,"ordinal":6,"at":"2026-11-18T12:20:00+00:00","body":{"at": 1795004400000, "what": "arrived", "details": {}}},
  {"incident_id":"i1","journal_position":31,"ordinal":7,"at":"2026-11-18T12:30:00+00:00","body":{"at": 1795005000000, "what": "resolved", "details": {}}},
  {"incident_id":"i2","journal_position":40,"ordinal":0,"at":"2026-11-18T12:40:00+00:00","body":{"at": 1795005600000, "what": "opened", "details": {}}},
  {"incident_id":"i2","journal_position":40,"ordinal":1,"at":"2026-11-18T12:41:00+00:00","body":{"at": 1795005660000, "what": "claimed", "details": {}}}
]');

insert into note (note_id, journal_position, rule, what, noted_at, device_id, body) overriding system value
select note_id, journal_position, rule, what, noted_at, device_id, body from json_populate_recordset(null::note, '[
  {"note_id":"test:d1:4","journal_position":4,"rule":"smoke","what":"test","noted_at":"2026-11-18T12:04:00+00:00","device_id":"d1","body":{"at": 1795003440000, "rule": "smoke", "what": "test", "where": {"deviceId": "d1"}, "noteId": "test:d1:4", "reason": {"by": "button"}, "subject": {"id": "d1", "type": "device"}, "occurredAt": 1795003440000}}
]');

insert into notice_attempt (notice_id, channel, attempt, attempted_at, provisional, ended_at, result, detail) overriding system value
select notice_id, channel, attempt, attempted_at, provisional, ended_at, result, detail from json_populate_recordset(null::notice_attempt, '[
  {"notice_id":"n1","channel":"webhook","attempt":1,"attempted_at":"2026-11-18T12:03:00+00:00","provisional":false,"ended_at":"2026-11-18T12:04:00+00:00","result":"delivered","detail":null}
]');

insert into person (id, body) overriding system value
select id, body from json_populate_recordset(null::person, '[
  {"id":"e1","body":{"id": "e1", "name": {"sealed": "c2VhbGVk"}, "language": "zh-CN", "categories": ["living-alone"], "householdId": "h1"}}
]');

insert into place (id, body) overriding system value
select id, body from json_populate_recordset(null::place, '[
  {"id":"p1","body":{"id": "p1", "kind": "house", "name": "west of the well", "areaId": "v1"}}
]');

insert into projection_gap (journal_id, from_sequence, to_sequence, noticed_at) overriding system value
select journal_id, from_sequence, to_sequence, noticed_at from json_populate_recordset(null::projection_gap, '[
  {"journal_id":"steppe","from_sequence":7,"to_sequence":8,"noticed_at":"2026-11-18T14:11:00+00:00"}
]');

insert into projection_position (only_row, journal_id, sequence, received_at_ms, head_sequence, true_until, seen_at) overriding system value
select only_row, journal_id, sequence, received_at_ms, head_sequence, true_until, seen_at from json_populate_recordset(null::projection_position, '[
  {"only_row":true,"journal_id":"steppe","sequence":131,"received_at_ms":1795011060000,"head_sequence":131,"true_until":"2026-11-18T14:11:00+00:00","seen_at":"2026-11-18T14:11:00+00:00"}
]');

insert into received_minute (minute, reports, rejections) overriding system value
select minute, reports, rejections from json_populate_recordset(null::received_minute, '[
  {"minute":"2026-11-18T12:01:00+00:00","reports":1,"rejections":0},
  {"minute":"2026-11-18T12:02:00+00:00","reports":1,"rejections":0},
  {"minute":"2026-11-18T12:03:00+00:00","reports":0,"rejections":1},
  {"minute":"2026-11-18T12:04:00+00:00","reports":1,"rejections":0},
  {"minute":"2026-11-18T12:09:00+00:00","reports":1,"rejections":0},
  {"minute":"2026-11-18T14:10:00+00:00","reports":1,"rejections":0}
]');

insert into rejection (journal_position, part, received_at, device_key, reason, problem) overriding system value
select journal_position, part, received_at, device_key, reason, problem from json_populate_recordset(null::rejection, '[
  {"journal_position":3,"part":0,"received_at":"2026-11-18T12:03:00+00:00","device_key":3,"reason":"malformed","problem":"cut"}
]');

insert into report (occurred_at, journal_position, part, device_key, received_at, kind, clock, age_s, at_ms, boot, seq, source, state, celsius, obscuration_db_per_m, co_ppm, gas_percent_lel, battery_volts, charge_percent, rsrp_dbm, snr_db, lat, lon, accuracy_m, speed_m_per_s, pulse_per_min, oxygen_percent, interval_min, firmware, cell, extra) overriding system value
select occurred_at, journal_position, part, device_key, received_at, kind, clock, age_s, at_ms, boot, seq, source, state, celsius, obscuration_db_per_m, co_ppm, gas_percent_lel, battery_volts, charge_percent, rsrp_dbm, snr_db, lat, lon, accuracy_m, speed_m_per_s, pulse_per_min, oxygen_percent, interval_min, firmware, cell, extra from json_populate_recordset(null::report, '[
  {"occurred_at":"2026-11-18T12:01:00+00:00","journal_position":1,"part":0,"device_key":1,"received_at":"2026-11-18T12:01:00+00:00","kind":4,"clock":0,"age_s":0,"at_ms":null,"boot":1,"seq":1,"source":null,"state":null,"celsius":null,"obscuration_db_per_m":null,"co_ppm":null,"gas_percent_lel":null,"battery_volts":3,"charge_percent":null,"rsrp_dbm":-104,"snr_db":null,"lat":null,"lon":null,"accuracy_m":null,"speed_m_per_s":null,"pulse_per_min":null,"oxygen_percent":null,"interval_min":null,"firmware":null,"cell":null,"extra":null},
  {"occurred_at":"2026-11-18T12:02:00+00:00","journal_position":2,"part":0,"device_key":1,"received_at":"2026-11-18T12:02:00+00:00","kind":4,"clock":0,"age_s":0,"at_ms":null,"boot":1,"seq":2,"source":null,"state":null,"celsius":null,"obscuration_db_per_m":null,"co_ppm":null,"gas_percent_lel":null,"battery_volts":3,"charge_percent":null,"rsrp_dbm":-104,"snr_db":null,"lat":null,"lon":null,"accuracy_m":null,"speed_m_per_s":null,"pulse_per_min":null,"oxygen_percent":null,"interval_min":null,"firmware":null,"cell":null,"extra":null},
  {"occurred_at":"2026-11-18T12:04:00+00:00","journal_position":4,"part":0,"device_key":1,"received_at":"2026-11-18T12:04:00+00:00","kind":2,"clock":0,"age_s":0,"at_ms":null,"boot":1,"seq":4,"source":null,"state":null,"celsius":null,"obscuration_db_per_m":null,"co_ppm":null,"gas_percent_lel":null,"battery_volts":null,"charge_percent":null,"rsrp_dbm":null,"snr_db":null,"lat":null,"lon":null,"accuracy_m":null,"speed_m_per_s":null,"pulse_per_min":null,"oxygen_percent":null,"interval_min":null,"firmware":null,"cell":null,"extra":{"by": "button", "result": "passed"}},
  {"occurred_at":"2026-11-18T12:05:00+00:00","journal_position":130,"part":0,"device_key":1,"received_at":"2026-11-18T14:10:00+00:00","kind":4,"clock":0,"age_s":7500,"at_ms":null,"boot":1,"seq":130,"source":null,"state":null,"celsius":4.5,"obscuration_db_per_m":null,"co_ppm":null,"gas_percent_lel":null,"battery_volts":3,"charge_percent":null,"rsrp_dbm":-104,"snr_db":null,"lat":null,"lon":null,"accuracy_m":null,"speed_m_per_s":null,"pulse_per_min":null,"oxygen_percent":null,"interval_min":null,"firmware":null,"cell":null,"extra":{"faults": ["chamber-dirty"]}},
  {"occurred_at":"2026-11-18T12:09:00+00:00","journal_position":9,"part":0,"device_key":2,"received_at":"2026-11-18T12:09:00+00:00","kind":9,"clock":0,"age_s":0,"at_ms":null,"boot":1,"seq":9,"source":null,"state":"emergency","celsius":null,"obscuration_db_per_m":null,"co_ppm":null,"gas_percent_lel":null,"battery_volts":null,"charge_percent":null,"rsrp_dbm":null,"snr_db":null,"lat":null,"lon":null,"accuracy_m":null,"speed_m_per_s":null,"pulse_per_min":null,"oxygen_percent":null,"interval_min":null,"firmware":null,"cell":null,"extra":null}
]');

select setval(pg_get_serial_sequence('device', 'device_key'), (select max(device_key) from device));
