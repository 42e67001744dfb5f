-- The latest of each device, in one place: what happened last wins, whatever arrived last.
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

-- How much came in, by minute of receipt.
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
