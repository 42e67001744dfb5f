import { about, home, incidentLink, kind, seconds, severity } from './columns.ts';
import { dashboard } from './dashboard.ts';
import { none, numbers, some, table } from './panels.ts';
import { ageColumn, believedNow, picture } from './picture.ts';
import { pageVariable } from './variables.ts';

const open = numbers(
  {
    id: 1,
    name: 'wall.open',
    at: [0, 0, 8, 5],
    sql: believedNow(
      ['critical', 'urgent', 'service'],
      `cross join (
  select
    count(*) filter (where severity = 'critical') as critical,
    count(*) filter (where severity = 'urgent') as urgent,
    count(*) filter (where severity = 'service') as service
  from dashboards.incident
  where phase <> 'resolved'
) as counted`,
    ),
  },
  { critical: none('red'), urgent: none('orange'), service: none('blue'), ...ageColumn },
);

const lastHour = numbers(
  {
    id: 2,
    name: 'wall.last-hour',
    at: [8, 0, 8, 5],
    sql: believedNow(
      ['opened', 'ended', 'reports', 'unread'],
      `cross join (
  select
    count(*) filter (where opened_at > now() - interval '1 hour') as opened,
    count(*) filter (where resolved_at > now() - interval '1 hour') as ended
  from dashboards.incident
  where opened_at > now() - interval '1 hour' or resolved_at > now() - interval '1 hour'
) as incidents
cross join (
  select coalesce(sum(reports), 0) as reports, coalesce(sum(rejections), 0) as unread
  from dashboards.received
  where minute >= now() - interval '1 hour'
) as received`,
    ),
  },
  {
    opened: {},
    ended: {},
    // Homes never all fall silent: nothing at all is the worst there is.
    reports: some,
    unread: none('orange'),
    ...ageColumn,
  },
);

const silent = numbers(
  {
    id: 3,
    name: 'wall.silent',
    at: [16, 0, 8, 5],
    sql: believedNow(
      ['silent_devices', 'blind_homes', 'waiting_records', 'gaps'],
      `cross join (select count(*) as silent_devices from dashboards.device where silent_since is not null) as devices
cross join (
  select count(distinct household_id) as blind_homes from dashboards.coverage where harm = 'fire' and state = 'blind'
) as homes`,
    ),
  },
  {
    silent_devices: none('orange'),
    blind_homes: none('red'),
    waiting_records: {
      steps: [
        [0, 'green'],
        [50_000, 'orange'],
      ],
    },
    gaps: none('red'),
    ...ageColumn,
  },
);

const incidents = table(
  {
    id: 4,
    name: 'wall.incidents',
    at: [0, 5, 24, 9],
    sql: `${picture}
select
  case when stale then 'UNKNOWN' when code is null then 'none' else phase end as state,
  code, severity, category, area, household_id,
  extract(epoch from due_at - now()) as remaining,
  extract(epoch from now() - opened_at) as open_for,
  extract(epoch from now() - phase_since) as in_state_for,
  alerts,
  incident_id,
  age
from picture
left join (select * from dashboards.incident where phase <> 'resolved') as open on true
order by array_position(array['critical', 'urgent', 'service'], severity), due_at nulls last, opened_at
limit 200`,
  },
  {
    state: { words: ['none', 'open', 'claimed', 'responding', 'on-scene'], width: 130 },
    code: { link: incidentLink, width: 90, absent: true },
    severity: { ...severity, width: 110, absent: true },
    category: { ...about, absent: true },
    area: { absent: true },
    household_id: home,
    // Past its time is red, and has a minus sign.
    remaining: {
      absent: true,
      unit: 's',
      decimals: 1,
      steps: [
        [Number.NEGATIVE_INFINITY, 'red'],
        [0, 'orange'],
        [60, 'transparent'],
      ],
    },
    open_for: { ...seconds, absent: true },
    in_state_for: { ...seconds, absent: true },
    alerts: { absent: true },
    incident_id: { hidden: true, absent: true },
    ...ageColumn,
  },
);

const ended = table(
  {
    id: 5,
    name: 'wall.ended',
    at: [0, 14, 24, 6],
    sql: `${picture}
select
  case when stale then 'UNKNOWN' when code is null then 'none' else phase end as state,
  code, severity, category, area, household_id, outcome,
  extract(epoch from now() - resolved_at) as ended_before,
  extract(epoch from claimed_at - opened_at) as answered_in,
  extract(epoch from arrived_at - opened_at) as arrived_in,
  incident_id,
  age
from picture
left join (
  select * from dashboards.incident where phase = 'resolved' and resolved_at > now() - interval '1 hour'
) as ended on true
order by resolved_at desc
limit 100`,
  },
  {
    state: { words: ['none', 'resolved'], width: 130 },
    code: { link: incidentLink, width: 90, absent: true },
    severity: { ...severity, width: 110, absent: true },
    category: { ...about, absent: true },
    area: { absent: true },
    household_id: home,
    outcome: {
      words: ['helped', 'false-alarm', 'test', 'transferred', 'no-help-needed', 'equipment', 'merged'],
      absent: true,
    },
    ended_before: { ...seconds, absent: true },
    answered_in: { ...seconds, absent: true },
    arrived_in: { ...seconds, absent: true },
    incident_id: { hidden: true, absent: true },
    ...ageColumn,
  },
);

const silentDevices = table(
  {
    id: 6,
    name: 'wall.silent-devices',
    at: [0, 20, 24, 8],
    sql: `${picture}
select
  case when stale then 'UNKNOWN' when device_id is null then 'none' else 'silent' end as state,
  device_id, kind, area, household_id,
  extract(epoch from now() - heard_at) as heard_before,
  interval_minutes * 60 as promised_every,
  age
from picture
left join (select * from dashboards.device where silent_since is not null) as silent on true
order by silent_since
limit 200`,
  },
  {
    state: { words: ['none', 'silent'], width: 130 },
    device_id: { absent: true },
    kind: { ...kind, absent: true },
    area: { absent: true },
    household_id: home,
    // It was registered, and never said a word.
    heard_before: { ...seconds, absent: true },
    promised_every: { ...seconds, absent: true },
    ...ageColumn,
  },
);

/** The wall of the duty room: what is open, what ended, who is silent, and how far all of it can be believed. */
export const wall = dashboard({
  name: 'wall',
  refresh: '10s',
  from: 'now-1h',
  hidesTime: true,
  variables: [pageVariable],
  panels: [open, lastHour, silent, incidents, ended, silentDevices],
});
