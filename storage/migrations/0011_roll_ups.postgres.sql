-- Whole hours of a device, once they are over. What has to be computed (again) is in dirty_hour: written with the reports, in the
-- same transaction; computed by the keeper of the store, never by the database on its own.
create table report_hourly (
  hour timestamptz not null,
  device_key integer not null,
  reports bigint not null,
  late bigint not null,  -- received more than five minutes after it happened
  statuses bigint not null,
  alarms bigint not null,
  tests bigint not null,
  tampers bigint not null,
  positions bigint not null,
  falls bigint not null,
  presses bigint not null,
  presences bigint not null,
  celsius_min real,  -- of rooms and cases; of a skin, which is no room, nothing
  celsius_avg double precision,
  celsius_max real,
  celsius_readings bigint not null,
  obscuration_max real,
  co_max real,
  gas_max real,
  battery_min real,
  battery_avg double precision,
  charge_min real,
  rsrp_min real,
  rsrp_avg double precision,
  snr_avg double precision,
  primary key (device_key, hour)
) partition by range (hour);
create table report_hourly_default partition of report_hourly default;
create index report_hourly_by_time on report_hourly (hour);

-- `marks` grows with each batch that has reports of that hour: whoever computes it sees whether more came meanwhile.
create table dirty_hour (
  hour timestamptz primary key,
  dirtied_at timestamptz not null,
  marks bigint not null default 1
) with (fillfactor = 50);

-- By the area in which a device is registered when its day is computed ('': in none), and the county's day.
create table report_daily (
  day date not null,
  area_id text not null,
  devices integer not null,  -- registered there then
  devices_heard integer not null,
  reports bigint not null,
  late bigint not null,
  alarms bigint not null,
  tests bigint not null,
  tampers bigint not null,
  falls bigint not null,
  presses bigint not null,
  celsius_min real,
  celsius_avg double precision,
  celsius_max real,
  battery_min real,
  rsrp_avg double precision,
  snr_avg double precision,
  primary key (day, area_id)
);
create table dirty_day (
  day date primary key
);

-- What was copied before there were roll-ups: each of its hours once, as far back as reports are kept.
insert into dirty_hour
select hour, true_until
from projection_position, generate_series(
  time_bucket('1 hour', true_until) - interval '31 days', true_until, interval '1 hour'
) as hour
where exists (select from report where occurred_at >= hour and occurred_at < hour + interval '1 hour');
