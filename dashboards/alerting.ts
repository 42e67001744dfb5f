import { datasource } from './panels.ts';

/**
 * Grafana watches the system, never homes: alarms have their own way out. Each rule has a query with one number, and a limit
 * beyond which it stands `for` a while before it speaks. No answer and an error are alarms, too. Whom it tells is the operator's choice.
 */
const rules: Rule[] = [
  {
    uid: 'steppewatch-lag',
    title: '历史副本滞后 / The copy is behind',
    limit: { above: 60 },
    for: '2m',
    sql: 'select coalesce((select abs(extract(epoch from now() - true_until)) from dashboards.picture), 1000000000) as value',
    zh: '数据库落后于日志超过 60 秒，看板显示“未知”。报警不受影响。查看“系统运行”。',
    en: 'The database is more than 60 s behind the journal, and dashboards say UNKNOWN. Alarms are not concerned. Look at "The system itself".',
  },
  {
    uid: 'steppewatch-silence',
    title: '没有任何报告 / Nothing comes in',
    limit: { below: 1 },
    for: '1m',
    sql: "select coalesce(sum(reports), 0) as value from dashboards.received where minute >= now() - interval '10 minutes'",
    zh: '十分钟内没有收到任何报告：网络、证书或平台中断，或者系统已停止。',
    en: 'Not one report in ten minutes: the network, a certificate or the carrier is gone, or the system stands still.',
  },
  {
    uid: 'steppewatch-rejections',
    title: '无法读取的报告增多 / More reports cannot be read',
    limit: { above: 0 },
    for: '10m',
    // More than twice the share of the day before, and at least twenty: a single device that writes nonsense is no news.
    sql: `select case when recent >= 20 and recent > 2 * before then recent else 0 end as value
from (
  select
    coalesce(sum(rejections) filter (where minute >= now() - interval '30 minutes'), 0) as recent,
    coalesce(sum(rejections) filter (where minute < now() - interval '30 minutes'), 0) / 48.0 as before
  from dashboards.received
  where minute >= now() - interval '24 hours 30 minutes'
) as counted`,
    zh: '半小时内无法读取的报告超过前一天平均的两倍：新固件或有人攻击。查看“无法读取”。',
    en: 'Twice as many reports as in the day before cannot be read: new firmware, or an attack. Look at "What could not be read".',
  },
  {
    uid: 'steppewatch-notices',
    title: '消息发送失败 / Messages fail',
    limit: { above: 50 },
    for: '2m',
    sql: `select coalesce(100.0 * count(*) filter (where result in ('failed', 'refused')) / nullif(count(*), 0), 0) as value
from dashboards.attempt
where attempted_at > now() - interval '30 minutes'`,
    zh: '半小时内超过一半的发送尝试失败：检查服务商账号和网络。查看“渠道”。',
    en: "More than half of the attempts to tell somebody failed within half an hour: look at the provider's account and at the network.",
  },
  {
    uid: 'steppewatch-gap',
    title: '记录缺失 / The database has a gap',
    limit: { above: 0 },
    for: '0s',
    sql: "select count(*) as value from dashboards.gap where noticed_at > now() - interval '24 hours'",
    zh: '有一段日志没有进入数据库。报警不受影响，统计不完整。见 docs/operation.md。',
    en: 'A stretch of the journal did not get into the database. Alarms are not concerned, statistics are incomplete. See docs/operation.md.',
  },
];

export const alertRules = {
  apiVersion: 1,
  groups: [
    {
      orgId: 1,
      name: 'steppewatch',
      folder: 'Steppewatch: 系统告警 / alerts',
      interval: '1m',
      rules: rules.map((rule) => provisioned(rule)),
    },
  ],
};

export type Rule = {
  uid: string;
  title: string;
  limit: { above: number } | { below: number };
  for: string;
  sql: string;
  zh: string;
  en: string;
};

function provisioned({ uid, title, limit, sql, zh, en, for: stands }: Rule) {
  const evaluator = 'above' in limit ? { type: 'gt', params: [limit.above] } : { type: 'lt', params: [limit.below] };
  const expression = { type: '__expr__', uid: '__expr__' };
  const lastMinutes = { from: 600, to: 0 };
  return {
    ...{ uid, title, condition: 'B', for: stands, noDataState: 'Alerting', execErrState: 'Alerting', isPaused: false },
    annotations: { summary: title, description: `${zh}\n${en}` },
    labels: { system: 'steppewatch' },
    data: [
      {
        refId: 'A',
        datasourceUid: datasource.uid,
        relativeTimeRange: lastMinutes,
        model: { refId: 'A', datasource, editorMode: 'code', format: 'table', rawQuery: true, rawSql: sql },
      },
      {
        refId: 'B',
        datasourceUid: expression.uid,
        relativeTimeRange: lastMinutes,
        model: { refId: 'B', type: 'threshold', datasource: expression, expression: 'A', conditions: [{ evaluator }] },
      },
    ],
  };
}
