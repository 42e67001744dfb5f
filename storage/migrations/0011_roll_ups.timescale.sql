-- Whole hours of a device, once they are over. What has to be computed (again) is in dirty_hour: written with the reports, in the
-- same transaction; computed by the keeper of the store, never by the database on its own.
create materialized view report_hourly with (timescaledb.continuous, timescaledb.materialized_only = true) as
select
  time_bucket('1 hour', occurred_at) as hour,
  device_key,
  count(*) as reports,
  count(*) filter (where received_at - occurred_at > interval '5 minutes') as late,
  count(*) filter (where kind = 4) as statuses,
  count(*) filter (where kind = 1) as alarms,
  count(*) filter (where kind = 2) as tests,
  count(*) filter (where kind = 3) as tampers,
  count(*) filter (where kind = 6) as positions,
  count(*) filter (where kind = 7) as falls,
  count(*) filter (where kind = 9) as presses,
  count(*) filter (where kind = 11) as presences,
  min(celsius) filter (where kind <> 10) as celsius_min,  -- of rooms and cases; of a skin, which is no room, nothing
  avg(celsius) filter (where kind <> 10) as celsius_avg,
  max(celsius) filter (where kind <> 10) as celsius_max,
  count(celsius) filter (where kind <> 10) as celsius_readings,
  max(obscuration_db_per_m) as obscuration_max,
  max(co_ppm) as co_max,
  max(gas_percent_lel) as gas_max,
  min(battery_volts) as battery_min,
  avg(battery_volts) as battery_avg,
  min(charge_percent) as charge_min,
  min(rsrp_dbm) as rsrp_min,
  avg(rsrp_dbm) as rsrp_avg,
  avg(snr_db) as snr_avg
from report
group by 1, 2
with no data;

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

-- Weeks that are over are packed, a thousand rows at a time in the order of their devices. Not in segments of one device each: of a
-- detector that says something once a day a week has seven rows. Late reports still find their way in.
alter table report set (
  timescaledb.enable_columnstore, timescaledb.segmentby = '',
  timescaledb.orderby = 'device_key, occurred_at desc, journal_position desc, part desc'
);

-- A late report may have to open packed rows to see that it is not among them. How many, nobody can bound but the store itself.
do $$
begin
  execute format('alter database %I set timescaledb.max_tuples_decompressed_per_dml_transaction = 0', current_database());
exception
  when insufficient_privilege then null;
end
$$;
