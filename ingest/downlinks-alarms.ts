import type { AlarmReport } from '../firmware-contracts/smoke-detector.ts';
import type { FoldState } from '../records/fold-state.ts';
import type { RuleEvent } from '../rules/event.ts';

/**
 * An alarm of one detector that stands, by the numbers of its reports: the first, and the last so far. Without numbers nothing can
 * name it. `source` is `unreadable` for one of which nothing else is known.
 */
export type StandingAlarm = {
  source: AlarmReport['source'] | 'unreadable';
  numbers?: { boot: number; first: number; last: number };
  /** It went off with the last of them: what comes later and was said before is still of it. */
  over?: true;
};

/**
 * Which alarms of each detector stand, and which are over, in the order in which they began or ended, so that a hush reaches the newest or nothing. An alarm
 * goes on while its source is reported by the same boot; `off` ends it; after a restart, an `off`, or what could not be read, it is another one.
 */
export function createStandingAlarms(state: FoldState) {
  const table = state.table<readonly StandingAlarm[]>('standing-alarms');

  function set(deviceId: string, alarms: readonly StandingAlarm[]): void {
    if (alarms.length > 0) table.set(deviceId, alarms);
    else table.delete(deviceId);
  }

  return {
    /** One that could not be read may be newer than any that could: while it stands nothing else is the newest. */
    newest(deviceId: string): StandingAlarm | undefined {
      const alarms = table.get(deviceId)?.filter(({ over }) => !over) ?? [];
      return alarms.find(({ source }) => source === 'unreadable') ?? alarms.at(-1);
    },
    forget: (deviceId: string): void => table.delete(deviceId),

    /** Takes in what a registered device said; true when it was about an alarm. */
    hear(event: RuleEvent): boolean {
      const isUnreadable = event.type === 'unreadable' && event.reportName === 'alarm';
      const report = event.type === 'report' && event.report.name === 'alarm' ? event.report : undefined;
      const { deviceId, unregistered } = event.where;
      if (!(isUnreadable || report) || deviceId === undefined || unregistered) return false;
      const alarms = table.get(deviceId) ?? [];
      set(deviceId, report ? after(alarms, report) : afterUnreadable(alarms));
      return true;
    },
  };
}

export type StandingAlarms = ReturnType<typeof createStandingAlarms>;

/** Whether a number is that of the alarm's first report, or of a later one so far. */
export function isOf({ numbers }: StandingAlarm, { boot, seq }: { boot: number; seq: number }): boolean {
  return numbers !== undefined && numbers.boot === boot && numbers.first <= seq && seq <= numbers.last;
}

function after(alarms: readonly StandingAlarm[], report: AlarmReport): StandingAlarm[] {
  const { source, state, boot, seq } = report;
  const known = alarms.find((alarm) => alarm.source === source);
  const others = alarms.filter((alarm) => alarm !== known);
  if (boot === undefined || seq === undefined)
    return state === 'off' ? withoutUnreadable(others) : [...others, { source }];
  const before = known?.numbers?.boot === boot ? known.numbers : undefined;
  // Stored on the way, and older than what is known: it says nothing about it.
  if (before && seq < before.first) return [...alarms];
  const now = { source, numbers: { boot, first: seq, last: seq } };
  if (state === 'off') return [{ ...now, over: true }, ...withoutUnreadable(others)];
  if (!before || known?.over) return [...others, now];
  const goesOn = { source, numbers: { ...before, last: Math.max(before.last, seq) } };
  return alarms.map((alarm) => (alarm === known ? goesOn : alarm));
}

/** It may have been the end of any of them: one that is heard again goes on as another, by numbers of its own. */
function afterUnreadable(alarms: readonly StandingAlarm[]): StandingAlarm[] {
  const perhapsOver = withoutUnreadable(alarms).map(
    ({ source, numbers }): StandingAlarm =>
      numbers ? { source, numbers: { ...numbers, first: numbers.last }, over: true } : { source },
  );
  return [...perhapsOver, { source: 'unreadable' }];
}

const withoutUnreadable = (alarms: readonly StandingAlarm[]) => alarms.filter(({ source }) => source !== 'unreadable');
