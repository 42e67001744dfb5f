import type { Dashboard } from '@grafana/schema';
import { type Column, numbers, table } from './panels.ts';

/**
 * Opens every query: how old the picture is that the tables give (seconds), and whether it is too old. A database that was
 * never written to is too old as well, and answers a row all the same; so is one from the future, when two clocks differ.
 */
const picture = `
with picture as (
  select age, coalesce(abs(age) > 60, true) as stale, waiting_records, gaps
  from (select 1) as one
  left join (select *, extract(epoch from now() - true_until) as age from v_lag) as lag on true
)`;
const age: Column = {
  name: 'age of this picture',
  unit: 's',
  thresholds: [
    [0, 'green'],
    [30, 'orange'],
    [60, 'red'],
  ],
};

const countOf = (severity: string) =>
  `case when not stale then (select count(*) from v_open_incidents where severity = '${severity}') end as "${severity}"`;

const openIncidents = numbers(
  {
    id: 1,
    title: 'Open incidents',
    description:
      'Incidents that are not resolved, by severity. UNKNOWN in red: the database is behind or does not answer.',
    gridPos: { x: 0, y: 0, w: 8, h: 5 },
    sql: `${picture}
select ${countOf('critical')}, ${countOf('urgent')}, ${countOf('service')}, age as "age of this picture" from picture`,
  },
  [
    {
      name: 'critical',
      thresholds: [
        [0, 'green'],
        [1, 'red'],
      ],
    },
    {
      name: 'urgent',
      thresholds: [
        [0, 'green'],
        [1, 'orange'],
      ],
    },
    {
      name: 'service',
      thresholds: [
        [0, 'green'],
        [1, 'blue'],
      ],
    },
    age,
  ],
);

const silentCount = numbers(
  {
    id: 2,
    title: 'Silent devices',
    description:
      'Devices that did not report when they had promised to. UNKNOWN in red: nobody can say how many there are.',
    gridPos: { x: 8, y: 0, w: 5, h: 5 },
    sql: `${picture}
select
  case when not stale then (select count(*) from v_silent_devices) end as "silent devices",
  age as "age of this picture"
from picture`,
  },
  [
    {
      name: 'silent devices',
      thresholds: [
        [0, 'green'],
        [1, 'orange'],
      ],
    },
    age,
  ],
);

const received = numbers(
  {
    id: 3,
    title: 'Received in five minutes',
    description:
      'Reports of the last five full minutes, and what could not be read. Zero is red: homes never all fall silent.',
    gridPos: { x: 13, y: 0, w: 5, h: 5 },
    sql: `${picture}
select
  case when not stale then coalesce(sum(reports), 0) end as "reports",
  case when not stale then coalesce(sum(rejections), 0) end as "unreadable",
  age as "age of this picture"
from picture
left join v_received
  on minute < date_trunc('minute', now()) and minute >= date_trunc('minute', now()) - interval '5 minutes'
group by stale, age`,
  },
  [
    {
      name: 'reports',
      thresholds: [
        [0, 'red'],
        [1, 'green'],
      ],
    },
    {
      name: 'unreadable',
      thresholds: [
        [0, 'green'],
        [1, 'orange'],
      ],
    },
    age,
  ],
);

const lag = numbers(
  {
    id: 4,
    title: 'Behind the journal',
    description:
      'Records that are not in the database yet, and stretches that never will be: see "Database" in docs/operation.md.',
    gridPos: { x: 18, y: 0, w: 6, h: 5 },
    sql: `${picture}
select
  case when not stale then waiting_records end as "records waiting",
  case when not stale then gaps end as "gaps",
  age as "age of this picture"
from picture`,
  },
  [
    {
      name: 'records waiting',
      thresholds: [
        [0, 'green'],
        [50_000, 'orange'],
      ],
    },
    {
      name: 'gaps',
      thresholds: [
        [0, 'green'],
        [1, 'red'],
      ],
    },
    age,
  ],
);

const incidentTable = table(
  {
    id: 5,
    title: 'Open incidents, the most urgent first',
    description: 'What is known of each is behind its code on the duty page. UNKNOWN: this list may be out of date.',
    gridPos: { x: 0, y: 5, w: 24, h: 10 },
    sql: `${picture}
select
  case when stale then 'UNKNOWN' when code is null then 'none' else phase end as "state",
  code as "code",
  severity as "severity",
  category as "about",
  coalesce(area, area_id) as "where",
  alerts as "alerts",
  extract(epoch from now() - opened_at) as "open for",
  extract(epoch from now() - phase_since) as "in this state for",
  age as "age of this picture"
from picture
left join v_open_incidents on true
order by array_position(array['critical', 'urgent', 'service'], severity), opened_at
limit 200`,
  },
  [
    {
      name: 'state',
      words: { none: 'green', open: 'red', claimed: 'orange', responding: 'blue', 'on-scene': 'green' },
    },
    { name: 'severity', words: { critical: 'red', urgent: 'orange', service: 'blue' } },
    { name: 'open for', unit: 's' },
    { name: 'in this state for', unit: 's' },
    age,
  ],
);

const silentTable = table(
  {
    id: 6,
    title: 'Silent devices, the longest first',
    description:
      'The first two hundred. A home whose only detector is silent is blind. UNKNOWN: this list may be out of date.',
    gridPos: { x: 0, y: 15, w: 24, h: 9 },
    sql: `${picture}
select
  case when stale then 'UNKNOWN' when device_id is null then 'none' else 'silent' end as "state",
  device_id as "device",
  kind as "kind",
  coalesce(area, area_id) as "where",
  extract(epoch from now() - last_heard_at) as "last heard before",
  interval_minutes * 60 as "promised every",
  age as "age of this picture"
from picture
left join v_silent_devices on true
order by silent_since
limit 200`,
  },
  [
    { name: 'state', words: { none: 'green', silent: 'orange' } },
    { name: 'last heard before', unit: 's' },
    { name: 'promised every', unit: 's' },
    age,
  ],
);

/** The wall of the duty room. Classic JSON of schema 42 is what Grafana provisions from files. */
export const wall: Dashboard = {
  uid: 'steppewatch-wall',
  title: 'Steppewatch: the wall',
  description: 'Open incidents, silent devices, and how far this picture can be believed.',
  tags: ['steppewatch'],
  schemaVersion: 42,
  version: 1,
  editable: false,
  graphTooltip: 0,
  timezone: 'browser',
  refresh: '10s',
  time: { from: 'now-1h', to: 'now' },
  timepicker: { hidden: true },
  templating: { list: [] },
  annotations: { list: [] },
  links: [],
  panels: [openIncidents, silentCount, received, lag, incidentTable, silentTable],
};
