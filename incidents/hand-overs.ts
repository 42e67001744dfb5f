import type { AlertChange } from '../records/alert.ts';
import type { CommandProblem, CommandResult, HandOver } from '../records/command.ts';
import type { FoldState } from '../records/fold-state.ts';
import type { Notice } from '../records/notice.ts';
import type { RegistryView, Roster } from '../records/registry.ts';
import type { LocalTime } from '../rules/local-time.ts';
import { codeFor } from './code.ts';
import { noticeIdOf } from './notices.ts';
import { minutesToChange, onDuty } from './roster.ts';

/**
 * Shifts that have to be taken over. When the roster says that somebody else is on duty now, they are asked, and until they say yes who
 * was on duty stays on it as well. A shift that nobody takes over in time is reported to those above; so is one that was offered to
 * somebody who does not answer.
 * Shapes: one row a roster that wants acceptance, in the table `hand-overs`. Units: epoch ms. Source: docs/escalation.md.
 */
export function createHandOvers({ state, registry, localTime, hasCode }: HandOverParts) {
  const rows = state.table<Row>('hand-overs');
  const earliest = state.table<number>('hand-overs-due', { derived: true });

  function count(): void {
    const due = Math.min(...Iterator.from(rows.values()).map(dueOf));
    if (due < Number.POSITIVE_INFINITY) earliest.set('due', due);
    else earliest.delete('due');
  }

  /** Once a step, however many rosters it is about. */
  function counted<A>(answer: A): A {
    count();
    return answer;
  }

  function drop(rosterId: string, at: number): AlertChange[] {
    const row = rows.get(rosterId);
    rows.delete(rosterId);
    return over(row?.ask, at);
  }

  /** Keeps a row, whose question is over when nobody has to answer any more. */
  function keep(roster: Roster, row: Row, at: number): AlertChange[] {
    const { ask, ...settled } = row;
    const isSettled = pendingOf(row).length === 0;
    rows.set(roster.id, isSettled ? { ...settled, held: row.expected } : row);
    return isSettled ? over(ask, at) : [];
  }

  /** Asks those who are not on duty yet; what was asked before is over with that. */
  function ask(roster: Roster, row: Row, whom: readonly string[], at: number): Answer {
    const dueAt = at + (roster.acceptWithinMinutes ?? 0) * minuteMs;
    const asking = { ...row, ask: { at, dueAt } };
    const ended = over(row.ask, at);
    const alerts = [...ended, ...keep(roster, asking, at)];
    return { alerts, notices: whom.map((contactId) => noticeOf(roster, asking, contactId)) };
  }

  /** What the roster says now, and what follows from it. */
  function look(roster: Roster, at: number): Answer {
    const now = localTime(at);
    const nextAt = at - (at % minuteMs) + (minutesToChange(roster, now) ?? minutesOfDay) * minuteMs;
    const scheduled = onDuty(roster, now);
    // Who is on duty when a roster is entered is not asked: nothing changes hands.
    const row: Row = {
      ...(rows.get(roster.id) ?? { scheduled, expected: scheduled, held: scheduled }),
      nextAt,
    };
    if (isSame(row.scheduled, scheduled))
      return { alerts: [...keep(roster, row, at), ...overdue(roster, at)], notices: [] };
    const { offered: _, ...kept } = row;
    const changed = { ...kept, scheduled, expected: scheduled };
    return ask(roster, changed, pendingOf(changed), at);
  }

  /** Nobody said yes in time: it is said once. */
  function overdue(roster: Roster, at: number): AlertChange[] {
    const row = rows.get(roster.id);
    if (!row?.ask || row.ask.alertId !== undefined || row.ask.dueAt > at) return [];
    const alertId = `hand-over-open:${roster.id}:${row.ask.at}`;
    rows.set(roster.id, { ...row, ask: { ...row.ask, alertId } });
    const siteId = roster.of.type === 'site' ? { siteId: roster.of.id } : {};
    const areaId = areaOf(roster, registry);
    const alert = {
      ...({ alertId, rule: 'hand-over', condition: 'hand-over-open', severity: 'critical' } as const),
      ...({ at, occurredAt: at, clock: 'trusted' } as const),
      subject: { type: 'system', id: `hand-over:${roster.id}` } as const,
      where: { ...siteId, ...(areaId !== undefined && { areaId }) },
      reason: { rosterId: roster.id, contactIds: pendingOf(row), since: row.ask.at },
    };
    return [{ type: 'raise', alert }];
  }

  /** Named by when they were asked: that is never the same again, whatever became of the roster or the journal since. */
  function noticeOf(roster: Roster, { ask: asked }: Row, contactId: string): Notice {
    const incidentId = handOverName(roster.id);
    const recipient = { type: 'contact', contactId } as const;
    const { at = 0, dueAt = 0 } = asked ?? {};
    const areaId = areaOf(roster, registry);
    return {
      noticeId: noticeIdOf({ incidentId, cause: at, rung: 0, recipient }),
      ...{ incidentId, purpose: 'hand-over', severity: 'urgent', rung: 0, recipient, at, until: dueAt },
      text: {
        ...{ condition: 'hand-over-open', incidentCode: codeOf(roster.id, at) },
        ...{ openedAt: at, occurredAt: at, placeIds: [], rooms: [], alertCount: 1, detail: roster.name },
        ...(areaId !== undefined && { areaId }),
      },
    };
  }

  const codeOf = (rosterId: string, at: number): string => codeFor(`${handOverName(rosterId)}/${at}`, hasCode);

  function offer(roster: Roster, row: Row, { from, to }: Offer, at: number): HandOverAnswer {
    if (!row.held.includes(from) || !row.expected.includes(from))
      return refused('invalid', `${from} is not on duty by roster ${roster.id}`);
    if (row.held.includes(to)) return refused('invalid', `${to} is on duty by roster ${roster.id} already`);
    if (!registry.contact(to)) return refused('not-found', `there is no contact ${to}`);
    return { ...ask(roster, { ...row, offered: { from, to } }, [to], at), result: { ok: true } };
  }

  function accept(roster: Roster, row: Row, contactId: string, at: number): HandOverAnswer {
    const { offered, ...rest } = row;
    if (!pendingOf(row).includes(contactId)) {
      if (row.held.includes(contactId)) return { ...nothing, result: { ok: true } };
      return refused('invalid', `nobody asked ${contactId} to take over by roster ${roster.id}`);
    }
    if (offered?.to !== contactId)
      return {
        alerts: keep(roster, { ...row, held: [...row.held, contactId] }, at),
        notices: [],
        result: { ok: true },
      };
    const instead = (ids: readonly string[]) => [...new Set(ids.map((id) => (id === offered.from ? contactId : id)))];
    const taken = { ...rest, expected: instead(row.expected), held: instead(row.held) };
    return { alerts: keep(roster, taken, at), notices: [], result: { ok: true } };
  }

  /** Shifts that somebody was asked to take over, and has not: who was asked, since when and until when. */
  function open(): OpenHandOver[] {
    return [...rows.entries()].flatMap(([rosterId, row]) => {
      const asked = pendingOf(row);
      return row.ask && asked.length > 0 ? [{ rosterId, asked, at: row.ask.at, dueAt: row.ask.dueAt }] : [];
    });
  }

  return {
    /** Somebody gives their shift away, or says that they have it. */
    step({ rosterId, step, by }: HandOver, at: number): HandOverAnswer {
      const roster = registry.roster(rosterId);
      if (!roster) return refused('not-found', `there is no roster ${rosterId}`);
      const row = rows.get(rosterId);
      if (!row) return refused('invalid', `nobody has to accept by roster ${rosterId}: it has no acceptWithinMinutes`);
      const speaker = step.type === 'offer' ? step.from : step.contactId;
      if (by.type === 'contact' && by.id !== speaker)
        return refused('not-allowed', `${by.id} cannot answer for ${speaker}`);
      return counted(step.type === 'offer' ? offer(roster, row, step, at) : accept(roster, row, step.contactId, at));
    },

    /** Rosters came, changed or went. */
    follow(at: number): Answer {
      const wanted = registry.rosters().filter(({ acceptWithinMinutes }) => acceptWithinMinutes !== undefined);
      const rosters = new Map(wanted.map((roster) => [roster.id, roster]));
      const gone = [...rows.keys()].filter((rosterId) => !rosters.has(rosterId)).sort();
      const answers = [...rosters.values()].map((roster) => look(roster, at));
      return counted(together([...answers, { alerts: gone.flatMap((rosterId) => drop(rosterId, at)), notices: [] }]));
    },

    /** Who answers for it: whoever has it in hand first, then who was asked and has not said yes. */
    onDuty(rosterId: string, at: number): readonly string[] {
      const row = rows.get(rosterId);
      if (row)
        return [...new Set([...row.expected.filter((id) => row.held.includes(id)), ...row.held, ...row.expected])];
      const roster = registry.roster(rosterId);
      return roster ? onDuty(roster, localTime(at)) : [];
    },

    open,

    /** The roster by which that contact was asked to take over; of several the one with that code, else the one that was asked about last. */
    askedOf(contactId: string, code?: string): string | undefined {
      const asked = open().filter((one) => one.asked.includes(contactId));
      const coded = asked.find(({ rosterId, at }) => codeOf(rosterId, at) === code);
      return code === undefined ? asked.sort((a, b) => b.at - a.at)[0]?.rosterId : coded?.rosterId;
    },

    nextDeadline: (): number | undefined => earliest.get('due'),

    /** Whatever is due by then. */
    fire(dueAt: number): Answer {
      const due = [...rows.entries()].flatMap(([rosterId, row]) => (dueOf(row) <= dueAt ? rosterId : [])).sort();
      const answers = due.map((rosterId) => {
        const roster = registry.roster(rosterId);
        return roster ? look(roster, dueAt) : { alerts: drop(rosterId, dueAt), notices: [] };
      });
      return counted(together(answers));
    },

    rebuild: count,
  };
}

export type HandOvers = ReturnType<typeof createHandOvers>;

/** What its messages are about, in the place of an incident. */
export const handOverName = (rosterId: string): string => `hand-over:${rosterId}`;

/** Who is on duty by each roster at that time (epoch ms), and who was asked to take over and has not said so. */
export function shiftsNow({ registry, handOvers, at }: ShiftParts): ShiftNow[] {
  const open = new Map(handOvers.open().map(({ rosterId, ...asked }) => [rosterId, asked]));
  return [...registry.rosters()].map(({ id }) => {
    const asked = open.get(id);
    return { rosterId: id, onDuty: [...handOvers.onDuty(id, at)], ...(asked && { open: asked }) };
  });
}
export type ShiftNow = { rosterId: string; onDuty: string[]; open?: Omit<OpenHandOver, 'rosterId'> };
type ShiftParts = {
  registry: Pick<RegistryView, 'rosters'>;
  handOvers: Pick<HandOvers, 'open' | 'onDuty'>;
  at: number;
};
/** Contacts by id; epoch ms. */
type OpenHandOver = { rosterId: string; asked: string[]; at: number; dueAt: number };

type HandOverParts = {
  state: FoldState;
  registry: Pick<RegistryView, 'roster' | 'rosters' | 'contact' | 'site'>;
  localTime: (at: number) => LocalTime;
  hasCode: (code: string) => boolean;
};
type Answer = { alerts: AlertChange[]; notices: Notice[] };
export type HandOverAnswer = Answer & { result: CommandResult };
type Offer = { from: string; to: string };

/**
 * `scheduled`: by the roster, when it was last looked at. `expected`: the same, with whoever took a shift over by agreement. `held`: who has
 * said yes, or has not been relieved. `ask`: whoever is expected and does not hold it was asked then.
 */
type Row = {
  scheduled: string[];
  expected: string[];
  held: string[];
  offered?: Offer;
  ask?: { at: number; dueAt: number; alertId?: string };
  nextAt: number;
};

const pendingOf = ({ expected, held, offered }: Omit<Row, 'nextAt' | 'scheduled'>): string[] => [
  ...expected.filter((id) => !held.includes(id)),
  ...(offered ? [offered.to] : []),
];

const dueOf = ({ nextAt, ask }: Row): number =>
  ask && ask.alertId === undefined ? Math.min(nextAt, ask.dueAt) : nextAt;

const over = (ask: Row['ask'], at: number): AlertChange[] =>
  ask?.alertId === undefined ? [] : [{ type: 'clear', alertId: ask.alertId, at, reason: {} }];

const areaOf = ({ of }: Roster, registry: Pick<RegistryView, 'site'>): string | undefined =>
  of.type === 'area' ? of.id : registry.site(of.id)?.areaId;

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((id) => b.includes(id));

const nothing: Answer = { alerts: [], notices: [] };
const together = (answers: readonly Answer[]): Answer => ({
  alerts: answers.flatMap(({ alerts }) => alerts),
  notices: answers.flatMap(({ notices }) => notices),
});
const refused = (problem: CommandProblem, message: string): HandOverAnswer => ({
  ...nothing,
  result: { ok: false, problem, message },
});

const minuteMs = 60_000;
const minutesOfDay = 24 * 60;
