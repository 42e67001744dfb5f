import { about, seconds } from './columns.ts';
import { dashboard } from './dashboard.ts';
import { type Column, lines, none, numbers, table } from './panels.ts';
import { ageColumn, believed, picture } from './picture.ts';
import { areaVariables, inChosenArea } from './variables.ts';

/** What people had to answer: the work list of devices has no clock that anybody waits for. */
const calls = `severity in ('critical', 'urgent') and ${inChosenArea} and $__timeFilter(opened_at)`;
const percent: Column = { unit: 'percent', decimals: 1 };

/** What raised them; another one stands there under its own name. */
const causes = [
  'smoke',
  'heat',
  'co',
  'gas',
  'water',
  'fall',
  'fall-suspected',
  'inactivity',
  'wandering',
  'position-unknown',
  'vitals',
  'cold',
  'hot',
  'threshold',
  'unreadable',
  'call-emergency',
  'call-care',
  'call-service',
] as const;

/** The median, and the slowest tenth and fortieth. */
const spread = (from: string, to: string, name: string) => `
  percentile_cont(0.5) within group (order by extract(epoch from ${to} - ${from})) as ${name}_p50,
  percentile_cont(0.9) within group (order by extract(epoch from ${to} - ${from})) as ${name}_p90,
  percentile_cont(0.975) within group (order by extract(epoch from ${to} - ${from})) as ${name}_p97`;
const times = `
  count(*) as incidents,
  count(*) filter (where claimed_at is null and accepted_at is null and arrived_at is null) as unanswered,${spread('opened_at', 'least(claimed_at, accepted_at, arrived_at)', 'answer')},${spread('opened_at', 'accepted_at', 'accept')},${spread('opened_at', 'arrived_at', 'arrive')}`;
const timeColumns = {
  ...{ answer_p50: seconds, answer_p90: seconds, answer_p97: seconds },
  ...{ accept_p50: seconds, accept_p90: seconds, accept_p97: seconds },
  ...{ arrive_p50: seconds, arrive_p90: seconds, arrive_p97: seconds },
};
/** Nobody answered, accepted or arrived in that month: then there is no time. */
const absentTimes = Object.fromEntries(
  Object.entries(timeColumns).map(([name, column]) => [name, { ...column, absent: true as const }]),
);

const now = numbers(
  {
    id: 1,
    name: 'quality.now',
    at: [0, 0, 24, 5],
    sql: `${picture}
select ${believed('incidents', 'unanswered', ...Object.keys(timeColumns))}, age
from picture
cross join (select ${times} from dashboards.incident where ${calls}) as measured`,
  },
  {
    incidents: {},
    // Each is somebody who called, and nobody is known to have taken it.
    unanswered: {
      steps: [
        [0, 'green'],
        [1, 'orange'],
      ],
    },
    ...timeColumns,
    ...ageColumn,
  },
);

const byArea = table(
  {
    id: 2,
    name: 'quality.by-area',
    at: [0, 5, 24, 9],
    sql: `
select to_char(opened_at at time zone zone.name, 'YYYY-MM') as month, area, ${times}
from dashboards.incident
cross join dashboards.zone
where ${calls}
group by month, area
order by month desc, area
limit 500`,
  },
  { month: {}, area: { absent: true }, incidents: {}, unanswered: {}, ...absentTimes },
);

const opened = lines(
  {
    id: 3,
    name: 'quality.opened',
    at: [0, 14, 12, 8],
    sql: `
select date_trunc('day', opened_at at time zone zone.name) at time zone zone.name as time, category as metric, count(*) as value
from dashboards.incident
cross join dashboards.zone
where ${calls}
group by time, metric
order by time`,
  },
  {},
  {},
  { bars: true, names: about.words ?? [] },
);

const falseAlarms = table(
  {
    id: 4,
    name: 'quality.false-alarms',
    at: [12, 14, 12, 8],
    sql: `
select category, condition, count(*) as incidents,
  count(*) filter (where outcome = 'false-alarm') as false_alarms,
  100.0 * count(*) filter (where outcome = 'false-alarm') / count(*) as share
from dashboards.incident
where ${calls} and phase = 'resolved'
group by category, condition
order by false_alarms desc, category, condition
limit 100`,
  },
  { category: about, condition: { words: causes, absent: true }, incidents: {}, false_alarms: {}, share: percent },
);

const outcomes = lines(
  {
    id: 5,
    name: 'quality.answer-times',
    at: [0, 22, 12, 8],
    sql: `
select
  date_trunc('day', opened_at at time zone zone.name) at time zone zone.name as time,${spread('opened_at', 'least(claimed_at, accepted_at, arrived_at)', 'answer')}
from dashboards.incident
cross join dashboards.zone
where ${calls} and least(claimed_at, accepted_at, arrived_at) is not null
group by time
order by time`,
  },
  seconds,
  { answer_p50: {}, answer_p90: {}, answer_p97: {} },
);

const visits = table(
  {
    id: 6,
    name: 'quality.visits',
    at: [12, 22, 12, 8],
    sql: `
select
  to_char(month, 'YYYY-MM') as month, area, registered, visited, helped, nobody_there,
  100.0 * visited / registered as visited_share, overdue
from dashboards.visit_month
where ${inChosenArea} and starts_at <= $__timeTo() and ends_at > $__timeFrom()
order by starts_at desc, area
limit 500`,
  },
  {
    month: {},
    area: {},
    registered: {},
    visited: {},
    helped: {},
    nobody_there: {},
    visited_share: percent,
    overdue: none('orange'),
  },
);

/** By the word of the rules, also where it was noticed only later. */
const blind = table(
  {
    id: 7,
    name: 'quality.blind',
    at: [0, 30, 24, 8],
    sql: `
select to_char(month, 'YYYY-MM') as month, area, harm, person_hours, people
from dashboards.blind_person_hours
cross join dashboards.zone
where ${inChosenArea} and month at time zone zone.name <= $__timeTo()
  and (month + interval '1 month') at time zone zone.name > $__timeFrom()
order by month desc, person_hours desc, area, harm
limit 500`,
  },
  {
    month: {},
    area: {},
    harm: { words: ['fire', 'fall', 'call', 'silence', 'wandering'] },
    person_hours: { decimals: 1 },
    people: {},
  },
);

/** Of nobody who was told: what settings that are only tried would have raised. */
const shadows = table(
  {
    id: 8,
    name: 'quality.shadows',
    at: [0, 38, 24, 8],
    sql: `
select to_char(week, 'YYYY-MM-DD') as week, setting_id, rule, condition, sum(raised) as raised, sum(critical) as critical,
  sum(urgent) as urgent, sum(households) as households
from dashboards.shadow_week
cross join dashboards.zone
where ${inChosenArea} and week at time zone zone.name <= $__timeTo()
  and (week + interval '1 week') at time zone zone.name > $__timeFrom()
group by shadow_week.week, setting_id, rule, condition
order by week desc, setting_id, rule, condition
limit 500`,
  },
  {
    ...{ week: {}, setting_id: {}, rule: {}, condition: { words: causes } },
    ...{ raised: {}, critical: {}, urgent: {}, households: {} },
  },
);

/** How soon people answered, accepted and arrived, what was a false alarm, who was visited, who was watched by nothing, and what is tried. */
export const quality = dashboard({
  name: 'quality',
  refresh: '5m',
  from: 'now-90d',
  variables: areaVariables,
  panels: [now, byArea, opened, falseAlarms, outcomes, visits, blind, shadows],
});
