import { seconds } from './columns.ts';
import { dashboard } from './dashboard.ts';
import { heldStates, lines, none, numbers, table, timeline } from './panels.ts';
import { ageColumn, believed, picture } from './picture.ts';
import { areaVariables, inChosenArea } from './variables.ts';

/** From which on so many silent devices are no longer single faults: five, and a tenth of those that are there. */
const isOutage = 'silent_devices >= greatest(5, 0.1 * devices)';
const villages = `
select
  area_id, area, count(*) as devices, count(silent_since) as silent_devices,
  count(*) filter (where silent_since > now() - interval '15 minutes') as newly_silent,
  min(silent_since) as since
from dashboards.device where ${inChosenArea}
group by area_id, area`;

const now = numbers(
  {
    id: 1,
    name: 'storm.now',
    at: [0, 0, 24, 4],
    sql: `${picture}
, village as (${villages})
select
  ${believed('outages', 'silent_devices', 'newly_silent', 'open')},
  age
from picture
cross join (
  select
    count(*) filter (where ${isOutage}) as outages,
    coalesce(sum(silent_devices), 0) as silent_devices,
    coalesce(sum(newly_silent), 0) as newly_silent
  from village
) as counted
cross join (
  select count(*) as open from dashboards.incident where ${inChosenArea} and severity = 'critical' and phase <> 'resolved'
) as incidents`,
  },
  {
    outages: none('red'),
    silent_devices: none('orange'),
    newly_silent: none('orange'),
    open: none('red'),
    ...ageColumn,
  },
);

/** Each silence adds one where it begins, and takes it away where it ends. */
const overTime = (metric: string) => `
with width as (select interval '1 millisecond' * $__interval_ms as step),
change as (
  select greatest(time_bucket(step, greatest(last_word_at, $__timeFrom())), $__timeFrom()) as time, area, 1 as by
  from dashboards.silence, width
  where ${inChosenArea} and last_word_at <= $__timeTo() and coalesce(ended_at > $__timeFrom(), true)
  union all
  select time_bucket(step, ended_at) + step, area, -1
  from dashboards.silence, width
  where ${inChosenArea} and last_word_at <= $__timeTo() and ended_at between $__timeFrom() and $__timeTo()
),
standing as (
  select time, ${metric} as metric, sum(sum(by)) over (partition by ${metric} order by time) as value
  from change group by time, ${metric}
)`;

const outages = timeline(
  {
    id: 2,
    name: 'storm.outages',
    at: [0, 4, 24, 11],
    sql: `${overTime('area')},
size as (select area, count(*) as devices from dashboards.device where ${inChosenArea} group by area),
lane as (select area as metric from size),
state as (
  select time, metric, case when value >= greatest(5, 0.1 * devices) then 2 when value > 0 then 1 else 0 end as value
  from standing join size on size.area = metric
  where time <= $__timeTo()
  union all
  -- What is not in the copy yet, nobody knows.
  select greatest(true_until, $__timeFrom()), area, -1
  from dashboards.picture cross join size
  where true_until < now() - interval '30 seconds' and true_until <= $__timeTo()
),${heldStates(0)}`,
  },
  {
    states: [
      [0, 'none-silent'],
      [1, 'some-silent'],
      [2, 'outage'],
      [-1, 'UNKNOWN'],
    ],
  },
  '1m',
);

const silentDevices = lines(
  {
    id: 3,
    name: 'storm.silent-devices',
    at: [0, 15, 12, 9],
    sql: `${overTime("'silent'::text")}
select time, value as silent_devices from standing
where time <= $__timeTo()
order by time`,
  },
  {},
  { silent_devices: {} },
  { interval: '1m', joinsMs: 10 ** 12 },
);

const byVillage = table(
  {
    id: 4,
    name: 'storm.villages',
    at: [12, 15, 12, 9],
    sql: `${picture}
select
  case when stale then 'UNKNOWN' when ${isOutage} then 'outage' when silent_devices > 0 then 'some-silent' else 'none-silent' end as state,
  area,
  ${believed('silent_devices', 'devices', 'newly_silent')},
  extract(epoch from now() - since) as silent_for
from picture
left join (${villages}) as village on true
order by silent_devices desc nulls last, area
limit 500`,
  },
  {
    state: { words: ['outage', 'some-silent', 'none-silent'], width: 150 },
    area: { absent: true },
    silent_devices: {},
    devices: {},
    newly_silent: {},
    silent_for: { ...seconds, absent: true },
  },
);

/** When a storm takes the masts: which villages fell silent, when, and whether more are following. */
export const storm = dashboard({
  name: 'storm',
  refresh: '30s',
  from: 'now-24h',
  variables: areaVariables,
  panels: [now, outages, silentDevices, byVillage],
});
