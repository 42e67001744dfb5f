import { seconds } from './columns.ts';
import { dashboard } from './dashboard.ts';
import { type Column, type Columns, type Draft, lines, none, numbers, some, table } from './panels.ts';
import { ageColumn, believedNow, picture } from './picture.ts';

const bucket = (at: string) => `time_bucket(interval '1 millisecond' * $__interval_ms, ${at})`;
const fine: Column = { unit: 's' };
const bytes: Column = { unit: 'decbytes' };
/** The alarm process calls a sync that takes two seconds a disk that hangs. */
const syncTime: Column = {
  unit: 's',
  steps: [
    [0, 'green'],
    [0.5, 'orange'],
    [2, 'red'],
  ],
};

const now = numbers(
  {
    id: 1,
    name: 'pipeline.now',
    at: [0, 0, 24, 5],
    sql: believedNow(
      ['reports', 'unread', 'waiting_records', 'gaps', 'failed_attempts', 'sync_p99_s', 'journal_free_bytes'],
      `cross join (
  select coalesce(sum(reports), 0) as reports, coalesce(sum(rejections), 0) as unread
  from dashboards.received
  where minute < date_trunc('minute', now()) and minute >= date_trunc('minute', now()) - interval '5 minutes'
) as received
cross join (
  select count(*) as failed_attempts from dashboards.attempt
  where attempted_at > now() - interval '1 hour' and result in ('failed', 'refused')
) as notices
left join (
  select sync_p99_s, journal_free_bytes
  from dashboards.pipeline_minute where minute > now() - interval '3 minutes' order by minute desc limit 1
) as last on true`,
    ),
  },
  {
    reports: some,
    unread: none('orange'),
    waiting_records: {
      steps: [
        [0, 'green'],
        [50_000, 'orange'],
      ],
    },
    gaps: none('red'),
    failed_attempts: none('orange'),
    sync_p99_s: syncTime,
    journal_free_bytes: {
      ...bytes,
      steps: [
        [0, 'red'],
        [1_000_000_000, 'orange'],
        [5_000_000_000, 'green'],
      ],
    },
    ...ageColumn,
  },
);

/** Figures of each minute, over time. `what`: which, and of which table. */
const everyMinute = (draft: Omit<Draft, 'sql'>, what: string, column: Column, columns: Columns) =>
  lines(
    {
      ...draft,
      sql: `
select ${bucket('minute')} as time, ${what}
where $__timeFilter(minute)
group by time
order by time`,
    },
    column,
    columns,
    { interval: '1m' },
  );

const rates = everyMinute(
  { id: 2, name: 'pipeline.rates', at: [0, 5, 12, 8] },
  `sum(reports) as reports, sum(rejections) as unread
from dashboards.received`,
  {},
  { reports: {}, unread: {} },
);

const lag = everyMinute(
  { id: 3, name: 'pipeline.lag', at: [12, 5, 12, 8] },
  `max(lag_s) as lag_s
from dashboards.pipeline_minute`,
  {
    unit: 's',
    steps: [
      [0, 'green'],
      [30, 'red'],
    ],
  },
  { lag_s: {} },
);

const syncs = everyMinute(
  { id: 4, name: 'pipeline.syncs', at: [0, 13, 12, 8] },
  `max(sync_p50_s) as sync_p50_s, max(sync_p99_s) as sync_p99_s
from dashboards.pipeline_minute`,
  syncTime,
  { sync_p50_s: {}, sync_p99_s: {} },
);

const rejections = table(
  {
    id: 5,
    name: 'pipeline.rejections',
    at: [12, 13, 12, 8],
    sql: `${picture}
select
  case when stale then 'UNKNOWN' when reason is null then 'none' else 'unreadable' end as state,
  reason, rejections, devices, last_hour, extract(epoch from now() - last_at) as last_before
from picture
left join (
  select reason, count(*) as rejections, count(distinct device_id) as devices, max(received_at) as last_at,
    count(*) filter (where received_at > now() - interval '1 hour') as last_hour
  from dashboards.rejection
  where $__timeFilter(received_at)
  group by reason
) as counted on true
order by rejections desc, reason
limit 100`,
  },
  {
    state: { words: ['none', 'unreadable'], width: 130 },
    ...{ reason: { absent: true }, rejections: { absent: true }, devices: { absent: true } },
    last_hour: { ...none('orange'), absent: true },
    last_before: { ...seconds, absent: true },
  },
);

const notices = lines(
  {
    id: 6,
    name: 'pipeline.notices',
    at: [0, 21, 12, 8],
    sql: `
select ${bucket('attempted_at')} as time, concat_ws(' ', channel, coalesce(result, 'UNKNOWN')) as metric, count(*) as value
from dashboards.attempt
where $__timeFilter(attempted_at)
group by time, metric
order by time`,
  },
  {},
  {},
  { bars: true, interval: '1m' },
);

const channels = table(
  {
    id: 7,
    name: 'pipeline.channels',
    at: [12, 21, 12, 8],
    sql: `
select
  channel,
  count(*) as attempts,
  count(*) filter (where result = 'delivered') as delivered,
  count(*) filter (where result = 'accepted') as accepted,
  count(*) filter (where result in ('failed', 'refused')) as failed_attempts,
  count(*) filter (where result is null) as unanswered,
  percentile_cont(0.5) within group (order by extract(epoch from ended_at - issued_at)) filter (where result in ('delivered', 'accepted')) as notice_p50,
  percentile_cont(0.975) within group (order by extract(epoch from ended_at - issued_at)) filter (where result in ('delivered', 'accepted')) as notice_p97
from dashboards.attempt
where $__timeFilter(attempted_at)
group by channel
order by channel
limit 50`,
  },
  {
    channel: {},
    attempts: {},
    delivered: {},
    accepted: {},
    failed_attempts: none('orange'),
    unanswered: none('orange'),
    notice_p50: { ...fine, absent: true },
    notice_p97: { ...fine, absent: true },
  },
);

const budgets = everyMinute(
  { id: 8, name: 'pipeline.budgets', at: [0, 29, 12, 8] },
  `max(journal_bytes) as journal_bytes, max(journal_budget_bytes) as journal_budget_bytes,
  min(journal_free_bytes) as journal_free_bytes
from dashboards.pipeline_minute`,
  bytes,
  { journal_bytes: {}, journal_budget_bytes: {}, journal_free_bytes: {} },
);

const load = everyMinute(
  { id: 9, name: 'pipeline.load', at: [12, 29, 12, 8] },
  `max(connections) as connections, max(open_notices) as open_notices
from dashboards.pipeline_minute`,
  {},
  { connections: {}, open_notices: {} },
);

/** The system itself: what comes in, how far behind the copy is, how fast the disk is, what could not be read or delivered. */
export const pipeline = dashboard({
  name: 'pipeline',
  refresh: '30s',
  from: 'now-6h',
  panels: [now, rates, lag, syncs, rejections, notices, channels, budgets, load],
});
