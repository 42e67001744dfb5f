-- One sparse table of reports. Repeats are decided before it; its key is the record's position, so that a batch that
-- comes again changes nothing.
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
-- Weeks are made ahead by maintenance; clocks that are far off end up here.
create table report_default partition of report default;
create index report_by_device on report (device_key, occurred_at desc);
