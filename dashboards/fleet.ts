import { home, kind, seconds } from './columns.ts';
import { dashboard } from './dashboard.ts';
import { type Column, lines, none, numbers, some, table } from './panels.ts';
import { ageColumn, believed, believedNow, picture } from './picture.ts';
import { areaVariables, inChosenArea } from './variables.ts';

const days: Column = { decimals: 0 };
const volts: Column = { unit: 'volt', decimals: 2 };
const percent: Column = { unit: 'percent', decimals: 1 };
/** A detector is tested every month; a few days of grace. */
const testDays = 35;

const now = numbers(
  {
    id: 1,
    name: 'fleet.now',
    at: [0, 0, 24, 4],
    sql: believedNow(
      ['devices', 'silent_devices', 'weak_batteries', 'faulty', 'tests_overdue'],
      `cross join (
  select
    count(*) as devices,
    count(*) filter (where silent_since is not null) as silent_devices,
    count(*) filter (where low_since is not null) as weak_batteries,
    count(*) filter (where faults <> '' or test_result = 'failed') as faulty,
    count(*) filter (where kind = 'smoke-detector' and coalesce(tested_at < now() - interval '${testDays} days', true)) as tests_overdue
  from dashboards.device where ${inChosenArea}
) as devices`,
    ),
  },
  {
    devices: some,
    silent_devices: none('orange'),
    weak_batteries: none('orange'),
    faulty: none('orange'),
    tests_overdue: none('orange'),
    ...ageColumn,
  },
);

const coverage = table(
  {
    id: 2,
    name: 'fleet.coverage',
    at: [0, 4, 12, 7],
    sql: `${picture}
select
  case
    when stale then 'UNKNOWN' when harm is null then 'none' when blind > 0 and watched = 0 then 'blind'
    when blind > 0 then 'partly-blind' when watched > 0 then 'watched' else 'not-equipped'
  end as state,
  harm,
  ${believed('watched', 'blind', 'not_equipped')}
from picture
left join (
  select
    harm,
    count(*) filter (where state = 'watched') as watched,
    count(*) filter (where state = 'blind') as blind,
    count(*) filter (where state = 'never-equipped') as not_equipped
  from dashboards.coverage where ${inChosenArea}
  group by harm
) as counted on true
order by array_position(array['fire', 'fall', 'call', 'silence', 'wandering'], harm)`,
  },
  {
    state: { words: ['none', 'watched', 'partly-blind', 'blind', 'not-equipped'], width: 150 },
    harm: { words: ['fire', 'fall', 'call', 'silence', 'wandering'], absent: true },
    watched: {},
    blind: none('red'),
    not_equipped: none('orange'),
  },
);

/** The word of the rules: from the last word of the last device for a harm until one is heard again. */
const blindHours = table(
  {
    id: 3,
    name: 'fleet.blind-hours',
    at: [12, 4, 12, 7],
    sql: `${picture}
, hours as (
  select
    area, harm,
    sum(extract(epoch from least(coalesce(until, $__timeTo()), $__timeTo()) - greatest(since, $__timeFrom()))) / 3600 as person_hours
  from dashboards.blind
  where ${inChosenArea} and since < $__timeTo() and coalesce(until > $__timeFrom(), true)
  group by area, harm
)
select
  case when stale then 'UNKNOWN' when area is null then 'none' else 'blind' end as state,
  area, harm, person_hours
from picture left join hours on true
order by person_hours desc, area, harm
limit 100`,
  },
  {
    state: { words: ['none', 'blind'], width: 130 },
    area: { absent: true },
    harm: { words: ['fire', 'fall', 'call', 'silence', 'wandering'], absent: true },
    person_hours: { decimals: 1, absent: true },
  },
);

const silent = table(
  {
    id: 4,
    name: 'fleet.silent',
    at: [0, 11, 12, 8],
    sql: `${picture}
select
  case when stale then 'UNKNOWN' when device_id is null then 'none' else 'silent' end as state,
  area, household_id, device_id, kind, extract(epoch from now() - heard_at) as heard_before
from picture
left join (select * from dashboards.device where ${inChosenArea} and silent_since is not null) as silent on true
order by silent_since
limit 500`,
  },
  {
    state: { words: ['none', 'silent'], width: 130 },
    ...{ area: { absent: true }, household_id: home, device_id: { absent: true } },
    kind: { ...kind, absent: true },
    heard_before: { ...seconds, absent: true },
  },
);

/** 2.6 V is where the rule for weak batteries speaks, as long as nobody set another limit. */
const batteries = table(
  {
    id: 5,
    name: 'fleet.batteries',
    at: [12, 11, 12, 8],
    sql: `${picture}
select
  case
    when stale then 'UNKNOWN' when device_id is null then 'none' when battery_volts <= 2.6 then 'empty'
    when days < 3 or volts_per_day is null then 'UNKNOWN' when volts_per_day >= 0 then 'steady' else 'falling'
  end as trend,
  area, household_id, device_id, kind, battery_volts,
  case
    when battery_volts <= 2.6 then 0
    when days >= 3 and volts_per_day < 0 then greatest(0, least(
      (battery_volts - 2.6) / -volts_per_day - extract(epoch from now() - heard_at) / 86400, 3650
    ))
  end as days_left
from picture
left join (select * from dashboards.battery where ${inChosenArea}) as battery on true
order by days_left nulls last, battery_volts
limit 500`,
  },
  {
    trend: { words: ['none', 'empty', 'falling', 'steady'], width: 130 },
    ...{ area: { absent: true }, household_id: home, device_id: { absent: true } },
    kind: { ...kind, absent: true },
    battery_volts: { ...volts, absent: true },
    days_left: {
      ...days,
      absent: true,
      steps: [
        [0, 'red'],
        [14, 'orange'],
        [60, 'transparent'],
      ],
    },
  },
);

const signal = table(
  {
    id: 6,
    name: 'fleet.signal',
    at: [0, 19, 12, 8],
    sql: `
select
  area,
  count(rsrp_dbm) as devices,
  percentile_cont(0.5) within group (order by rsrp_dbm) as rsrp_median,
  percentile_cont(0.1) within group (order by rsrp_dbm) as rsrp_worst,
  count(*) filter (where rsrp_dbm < -120) as out_of_reach
from dashboards.device
where ${inChosenArea}
group by area
order by rsrp_worst nulls first, area
limit 200`,
  },
  {
    area: {},
    devices: {},
    rsrp_median: { unit: 'suffix:dBm', decimals: 0 },
    rsrp_worst: {
      unit: 'suffix:dBm',
      decimals: 0,
      steps: [
        [Number.NEGATIVE_INFINITY, 'red'],
        [-120, 'orange'],
        [-110, 'transparent'],
      ],
    },
    out_of_reach: none('orange'),
  },
);

const faults = table(
  {
    id: 7,
    name: 'fleet.faults',
    at: [12, 19, 12, 8],
    sql: `${picture}
select
  case when stale then 'UNKNOWN' when device_id is null then 'none' else 'failed' end as state,
  area, household_id, device_id, kind, concat_ws(',', nullif(faults, ''), case when test_result = 'failed' then 'test' end) as faults
from picture
left join (
  select * from dashboards.device where ${inChosenArea} and (faults <> '' or test_result = 'failed')
) as faulty on true
order by area, household_id
limit 500`,
  },
  {
    state: { words: ['none', 'failed'], width: 130 },
    ...{
      area: { absent: true },
      household_id: home,
      device_id: { absent: true },
      faults: { absent: true },
    },
    kind: { ...kind, absent: true },
  },
);

const tests = table(
  {
    id: 8,
    name: 'fleet.tests',
    at: [0, 27, 12, 8],
    sql: `${picture}
select
  case when stale then 'UNKNOWN' when device_id is null then 'none' when tested_at is null then 'never' else 'overdue' end as state,
  area, household_id, device_id, extract(epoch from now() - tested_at) as tested_before
from picture
left join (
  select * from dashboards.device
  where ${inChosenArea} and kind = 'smoke-detector' and coalesce(tested_at < now() - interval '${testDays} days', true)
) as overdue on true
order by tested_at nulls first
limit 500`,
  },
  {
    state: { words: ['none', 'overdue', 'never'], width: 130 },
    ...{ area: { absent: true }, household_id: home, device_id: { absent: true } },
    tested_before: { ...seconds, absent: true },
  },
);

const firmware = table(
  {
    id: 9,
    name: 'fleet.firmware',
    at: [12, 27, 12, 8],
    sql: `
select kind, coalesce(firmware, 'UNKNOWN') as firmware, count(*) as devices,
  100.0 * count(*) / sum(count(*)) over (partition by kind) as share
from dashboards.device
where ${inChosenArea}
group by kind, firmware
order by kind, devices desc
limit 200`,
  },
  { kind, firmware: {}, devices: {}, share: percent },
);

const heard = lines(
  {
    id: 10,
    name: 'fleet.heard',
    at: [0, 35, 24, 7],
    sql: `
select day::timestamp at time zone zone.name as time, area as metric, 100.0 * sum(devices_heard) / nullif(sum(devices), 0) as value
from dashboards.village_day
cross join dashboards.zone
where ${inChosenArea} and day between ($__timeFrom()::timestamptz at time zone zone.name)::date and ($__timeTo()::timestamptz at time zone zone.name)::date
group by time, metric
order by time`,
  },
  percent,
);

/** The devices: which are silent, weak, faulty, untested or out of reach, and who is watched for what. */
export const fleet = dashboard({
  name: 'fleet',
  refresh: '1m',
  from: 'now-30d',
  variables: areaVariables,
  panels: [now, coverage, blindHours, silent, batteries, signal, faults, tests, firmware, heard],
});
