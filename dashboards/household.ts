import type { AnnotationQuery } from '@grafana/schema';
import { about, incidentLink, kind, seconds, severity } from './columns.ts';
import { dashboard } from './dashboard.ts';
import { datasource, heldStates, type InLanguage, lines, none, numbers, some, table, timeline } from './panels.ts';
import { ageColumn, believedNow, picture } from './picture.ts';
import { areaVariables, householdVariable, pageVariable } from './variables.ts';

const home = "household_id = '$household'";
const dayAndAnHourMs = 25 * 3_600_000;

const now = numbers(
  {
    id: 1,
    name: 'household.now',
    at: [0, 0, 24, 4],
    sql: believedNow(
      ['devices', 'silent_devices', 'blind', 'open', 'heard_before'],
      `cross join (
  select
    count(*) as devices,
    count(*) filter (where silent_since is not null) as silent_devices,
    extract(epoch from now() - max(heard_at)) as heard_before
  from dashboards.device where ${home}
) as devices
cross join (
  select count(*) as blind from dashboards.coverage where ${home} and state = 'blind'
) as watched
cross join (select count(*) as open from dashboards.incident where ${home} and phase <> 'resolved') as incidents`,
    ),
  },
  {
    // A home without a device is watched by nothing.
    devices: some,
    silent_devices: none('orange'),
    blind: none('red'),
    open: none('red'),
    heard_before: seconds,
    ...ageColumn,
  },
);

/** What a sensor said last holds until it says something else, or until silence is noticed: then nobody knows. */
const presence = timeline(
  {
    id: 2,
    name: 'household.presence',
    at: [0, 4, 24, 7],
    sql: `
with sensor as (
  select device_id, concat_ws(' ', room, device_id) as metric from dashboards.device where ${home} and kind = 'presence-sensor'
),
lane as (select metric from sensor),
seen as (
  select occurred_at, device_id, case state when 'on' then 1 when 'off' then 0 end as value
  from dashboards.reading
  where ${home} and report = 'presence'
    and occurred_at between $__timeFrom()::timestamptz - interval '1 day' and $__timeTo()
),
state as (
  select time, metric, value
  from (
    select occurred_at as time, device_id, value from seen where occurred_at >= $__timeFrom()
    union all
    (select distinct on (device_id) $__timeFrom()::timestamptz, device_id, value
    from seen where occurred_at < $__timeFrom() order by device_id, occurred_at desc)
    union all
    -- The last word is noted to the minute.
    select greatest(last_word_at + interval '1 minute', $__timeFrom()), device_id, -1 from dashboards.silence
    where ${home} and last_word_at <= $__timeTo() and coalesce(ended_at > $__timeFrom(), true)
    union all
    select greatest(true_until, $__timeFrom()), device_id, -1 from dashboards.picture cross join sensor
    where true_until < now() - interval '30 seconds' and true_until <= $__timeTo()
  ) as said
  join sensor using (device_id)
),${heldStates(-1)}`,
  },
  {
    states: [
      [1, 'moving'],
      [0, 'still'],
      [-1, 'UNKNOWN'],
    ],
  },
);

type Quantity = { id: number; name: `household.${'celsius' | 'air' | 'battery' | 'signal'}`; at: [number, number] };
const measured = ({ id, name, at: [x, y] }: Quantity, value: string, unit: string) =>
  lines(
    {
      id,
      name,
      at: [x, y, 12, 7],
      sql: `
select time_bucket(interval '1 millisecond' * $__interval_ms, occurred_at) as time, device_id as metric, avg(${value}) as value
from dashboards.reading
where ${home} and $__timeFilter(occurred_at) and ${value} is not null
group by time, metric
order by time`,
    },
    { unit },
    {},
    { joinsMs: dayAndAnHourMs, interval: '1m' },
  );

const air = lines(
  {
    id: 4,
    name: 'household.air',
    at: [12, 11, 12, 7],
    sql: `
select
  time_bucket(interval '1 millisecond' * $__interval_ms, occurred_at) as time,
  max(obscuration_db_per_m) as obscuration, max(co_ppm) as co, max(gas_percent_lel) as gas
from dashboards.reading
where ${home} and $__timeFilter(occurred_at)
  and (obscuration_db_per_m is not null or co_ppm is not null or gas_percent_lel is not null)
group by time
order by time`,
  },
  {},
  { obscuration: { unit: 'suffix:dB/m' }, co: { unit: 'ppm' }, gas: { unit: 'suffix:% LEL' } },
  { joinsMs: dayAndAnHourMs, interval: '1m' },
);

const devices = table(
  {
    id: 7,
    name: 'household.devices',
    at: [0, 25, 12, 8],
    sql: `${picture}
select
  case
    when stale then 'UNKNOWN' when device_id is null then 'not-equipped'
    when silent_since is not null then 'silent' when heard_at is not null then 'heard'
  end as state,
  device_id, kind, room,
  extract(epoch from now() - heard_at) as heard_before,
  battery_volts, charge_percent, rsrp_dbm, firmware
from picture
left join (select * from dashboards.device where ${home}) as device on true
order by kind, device_id`,
  },
  {
    state: { words: ['silent', 'heard', 'not-equipped'], width: 130 },
    device_id: { absent: true },
    kind: { ...kind, absent: true },
    room: { absent: true },
    heard_before: seconds,
    battery_volts: { unit: 'volt', decimals: 2, absent: true },
    charge_percent: { unit: 'percent', decimals: 0, absent: true },
    rsrp_dbm: { unit: 'suffix:dBm', decimals: 0, absent: true },
    firmware: { absent: true },
  },
);

const incidents = table(
  {
    id: 8,
    name: 'household.incidents',
    at: [12, 25, 12, 8],
    sql: `${picture}
select
  case when code is null and stale then 'UNKNOWN' when code is null then 'none' else phase end as state,
  code, severity, category, opened_at, outcome, incident_id
from picture
left join (
  select * from dashboards.incident where ${home} and opened_at <= $__timeTo() and coalesce(resolved_at >= $__timeFrom(), true)
) as incident on true
order by opened_at desc
limit 200`,
  },
  {
    state: { words: ['none', 'open', 'claimed', 'responding', 'on-scene', 'resolved'], width: 130 },
    code: { link: incidentLink, width: 90, absent: true },
    severity: { ...severity, width: 110, absent: true },
    category: { ...about, absent: true },
    opened_at: { unit: 'dateTimeAsIso', absent: true },
    outcome: {
      words: ['helped', 'false-alarm', 'test', 'transferred', 'no-help-needed', 'equipment', 'merged'],
      absent: true,
    },
    incident_id: { hidden: true, absent: true },
  },
);

/** Incidents lie over every panel, from when they were opened to when they ended. */
const overPanels: InLanguage<AnnotationQuery> = (texts) =>
  ({
    name: texts.labels.incidents,
    datasource,
    enable: true,
    hide: false,
    iconColor: 'red',
    target: {
      refId: 'Anno',
      datasource,
      editorMode: 'code',
      format: 'table',
      rawQuery: true,
      rawSql: `select opened_at as time, resolved_at as timeend, concat(code, ' ', category) as text, concat_ws(',', severity, phase) as tags
from dashboards.incident
where ${home} and opened_at <= $__timeTo() and coalesce(resolved_at >= $__timeFrom(), true)
order by opened_at`,
    },
  }) as AnnotationQuery;

/** One home, by its number: what its devices measured and saw. No name and no position; those are on the duty page. */
export const household = dashboard({
  name: 'household',
  refresh: '1m',
  from: 'now-7d',
  variables: [...areaVariables, householdVariable, pageVariable],
  annotations: [overPanels],
  panels: [
    now,
    presence,
    measured({ id: 3, name: 'household.celsius', at: [0, 11] }, 'celsius', 'celsius'),
    air,
    measured({ id: 5, name: 'household.battery', at: [0, 18] }, 'battery_volts', 'volt'),
    measured({ id: 6, name: 'household.signal', at: [12, 18] }, 'rsrp_dbm', 'suffix:dBm'),
    devices,
    incidents,
  ],
});
