import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CommandResult } from '../records/command.ts';
import type { Incident } from '../records/incident.ts';
import { lateArrivalMs, restMs } from './climb.ts';
import { type Ladders, ladders, type Rung } from './ladder.ts';
import { type Cell, clocks, type Happening, lifecycle, type Phase } from './lifecycle.ts';
import { contact, type Desk, li, MINUTE_MS, village, wang } from './village.test-support.ts';

const phases = Object.keys(clocks) as Phase[];
const happenings = Object.keys(lifecycle) as Happening[];

/**
 * What brings a fall of the herder (of lesser urgency, or work on a device, where the row is about that) into a state.
 */
const into: Record<Phase, (desk: Desk, incident: Incident) => void> = {
  open: () => {},
  claimed: (desk, incident) => desk.command(incident, { type: 'claim', by: li }),
  responding: (desk, incident) => {
    desk.command(incident, { type: 'accept', by: li, contactId: 'near', expectedMinutes: 10 });
  },
  'on-scene': (desk, incident) => desk.command(incident, { type: 'arrive', by: li }),
  resolved: (desk, incident) => {
    desk.command(incident, { type: 'resolve', by: li, outcome: 'helped', contact: 'reached' });
  },
};

/** How the world makes it happen. */
const events: Record<Happening, (desk: Desk, incident: Incident) => CommandResult | undefined> = {
  worse: (desk) => void desk.alert('fall', 'watch-bat'),
  'more urgent': (desk) => {
    desk.change({ type: 'strengthen', alertId: 'first', at: desk.now, severity: 'critical', reason: {} });
    return undefined;
  },
  'second call': (desk) => void desk.alert('call-emergency', 'button-house'),
  'lesser alert': (desk) => void desk.alert('fall', 'watch-bat', { severity: 'urgent' }),
  'all cleared': (desk) => void desk.change({ type: 'clear', alertId: 'first', at: desk.now, reason: {} }),
  'rung due': (desk, incident) => {
    // Under a claim a rung comes due only when the second person did not answer.
    if (incident.state.phase === 'claimed') askSecond(desk, incident);
    desk.told();
    desk.advance((desk.incidents.nextDeadline() ?? 0) - desk.now);
    return undefined;
  },
  'stood still': (desk) => void desk.sleep(2 * 60 * MINUTE_MS),
  'send held': (desk, incident) => answerHeld(desk, incident, 'send'),
  'drop held': (desk, incident) => answerHeld(desk, incident, 'drop'),
  'clock set back': (desk, incident) => {
    desk.sleep(8 * 60 * MINUTE_MS);
    if (incident.state.phase === 'claimed') desk.command(incident, { type: 'claim', by: li });
    desk.told();
    return void desk.took(desk.incidents.clockStepped(desk.now, -8 * 60 * MINUTE_MS));
  },
  unreachable: (desk) => void desk.outcome('near', 'failed'),
  claim: (desk, incident) => desk.command(incident, { type: 'claim', by: wang }),
  'claim expires': (desk) => void desk.advance(2 * MINUTE_MS),
  release: (desk, incident) => desk.command(incident, { type: 'release', by: li }),
  act: (desk, incident) => desk.command(incident, { type: 'act', by: li, action: 'rang the neighbour' }),
  accept: (desk, incident) =>
    desk.command(incident, { type: 'accept', by: contact('near'), contactId: 'near', expectedMinutes: 20 }),
  decline: (desk, incident) =>
    desk.command(incident, { type: 'decline', by: contact('station'), contactId: 'station' }),
  'turn back': (desk, incident) => desk.command(incident, { type: 'decline', by: contact('near'), contactId: 'near' }),
  arrive: (desk, incident) => desk.command(incident, { type: 'arrive', by: contact('near') }),
  'help asked': (desk) => desk.reply('near', '9').result,
  'ask second person': askSecond,
  resolve: (desk, incident) =>
    desk.command(incident, { type: 'resolve', by: wang, outcome: 'helped', contact: 'reached' }),
  'less urgent': (desk, incident) =>
    desk.command(incident, { type: 'reclass', by: wang, to: 'service', reason: 'the television is broken' }),
  'take over': (desk, incident) => desk.command(incident, { type: 'take-over', by: wang, reason: 'Li is at lunch' }),
  'hand up': (desk, incident) =>
    desk.command(incident, { type: 'hand-up', by: wang, to: 'township', reason: 'it needs a car' }),
  transfer: (desk, incident) => desk.command(incident, { type: 'transfer', by: wang, to: '120' }),
  merge: (desk, incident) => {
    const other = desk.alert('fall', 'watch-him');
    if (incident.state.phase !== 'resolved') into[incident.state.phase](desk, other);
    desk.told();
    return desk.command(incident, { type: 'merge', by: wang, into: other.incidentId, reason: 'it is one fall' });
  },
  reopen: (desk, incident) => desk.command(incident, { type: 'reopen', by: wang, reason: 'it was the other house' }),
};

function answerHeld(desk: Desk, incident: Incident, choice: 'send' | 'drop'): CommandResult {
  desk.sleep(3 * 60 * MINUTE_MS);
  if (incident.state.phase === 'claimed') desk.command(incident, { type: 'claim', by: li });
  desk.told();
  return desk.command(incident, { type: 'let-go', by: wang, choice });
}

function askSecond(desk: Desk, incident: Incident): CommandResult {
  return desk.command(incident, { type: 'resolve', by: li, outcome: 'no-help-needed', contact: 'not-reached' });
}

function prepared(happening: Happening, phase: Phase) {
  const desk = village();
  const condition =
    happening === 'all cleared' ? 'battery-low' : happening === 'less urgent' ? 'call-emergency' : 'fall';
  const severity = happening === 'more urgent' ? 'urgent' : happening === 'all cleared' ? 'service' : 'critical';
  const opened = desk.alert(condition, 'watch-bat', { alertId: 'first', severity });
  into[phase](desk, opened);
  desk.told();
  return { desk, before: desk.see(opened) };
}

const cells = happenings.flatMap((happening) =>
  phases.map((phase) => ({ happening, phase, cell: lifecycle[happening][phase] })),
);

describe('every cell of the table is what the world sees', () => {
  for (const { happening, phase, cell } of cells.filter(({ cell }) => cell !== 'never')) {
    test(`${happening}, when the incident is ${phase}: ${say(cell)}`, () => {
      const { desk, before } = prepared(happening, phase);
      expect(before.state.phase).toBe(phase);
      const result = events[happening](desk, before);
      const after = desk.see(before);
      if (cell === 'never') return;
      if ('refused' in cell) {
        expect(result).toMatchObject({ ok: false, problem: 'not-allowed', currentVersion: before.version });
        expect({ ...after, told: [] }).toEqual({ ...before, told: [] });
        return;
      }
      if (result) expect(result.ok).toBe(happening !== 'ask second person');
      expect(after.state.phase).toBe(cell.to ?? phase);
      expectLadder(desk, before, after, cell.ladder);
    });
  }
});

function expectLadder(
  desk: Desk,
  before: Incident,
  after: Incident,
  move: Exclude<Cell, string | { refused: string }>['ladder'],
) {
  const told = desk.told().filter((one) => !/stand-down|all-clear|update|alarm team|desk!|agree|reply/.test(one));
  switch (move) {
    case 'unchanged':
      expect(after.ladder).toEqual(before.ladder);
      expect(told).toEqual([]);
      return;
    case 'first rung':
      expect(after.ladder).toEqual(before.ladder);
      expect(told).toEqual(['worse near', 'worse station', 'information daughter']);
      return;
    case 'starts':
      if (after.severity === 'service') {
        expect(told).toEqual([]);
        return;
      }
      expect(told).toEqual([
        expect.stringMatching(/^(worse|alarm) near$/),
        expect.stringMatching(/ station$/),
        'information daughter',
      ]);
      if (after.ladder.phase !== 'ended') expect(after.ladder).toMatchObject({ rung: 1, startedAt: desk.now });
      expect(after.ladder.phase).toBe(
        { open: 'running', claimed: 'paused', responding: 'waiting', 'on-scene': 'ended', resolved: 'ended' }[
          after.state.phase
        ],
      );
      return;
    case 'next rung':
    case 'goes on': {
      // Whoever stayed reachable while somebody was on the way is asked again.
      const backup = before.state.phase === 'responding' ? ['escalation station'] : [];
      // Who asks for more people says that it is worse than it was.
      const called = told.map((one) => one.replace(/^worse/, 'escalation'));
      expect(called).toEqual(['escalation next', 'escalation desk', ...backup]);
      expect(after.ladder).toMatchObject({ phase: 'running', rung: 2, nextAt: desk.now + MINUTE_MS });
      return;
    }
    case 'resumes':
      expect(told).toEqual(['escalation next', 'escalation desk']);
      expect(after.ladder).toMatchObject({ rung: 2 });
      expect(after.ladder.phase).not.toBe('held');
      return;
    case 'pauses':
      expect(after.ladder).toMatchObject({ phase: 'paused', rung: 1 });
      return;
    case 'waits':
      expect(after.ladder).toMatchObject({ phase: 'waiting', nextAt: desk.now + 20 * MINUTE_MS + lateArrivalMs });
      return;
    case 'rests':
      expect(after.ladder).toMatchObject({ phase: 'waiting', nextAt: desk.now + restMs });
      return;
    case 'holds':
      expect(after.ladder).toMatchObject({ phase: 'held', rung: 1 });
      // The system asks about it, and tells nobody to go there.
      expect(told).toEqual(['alarm desk', 'alarm lead']);
      expect(desk.incidents.nextDeadline()).toBe(desk.now + 2 * MINUTE_MS);
      return;
    case 'drops':
      expect(after.ladder).toMatchObject({ phase: 'held', rung: 1, dropped: true });
      expect(told).toEqual([]);
      return;
    case 'ends':
      expect(after.ladder).toEqual({ phase: 'ended' });
      return;
  }
}

test('docs/incidents.md shows the table and the ladders as they are', () => {
  const text = readFileSync(join(import.meta.dirname, '../docs/incidents.md'), 'utf8');
  expect(text).toContain(tableOfStates());
  expect(text).toContain(tableOfLadders());
});

function tableOfStates(): string {
  const rows = happenings.map(
    (happening) => `| ${happening} | ${phases.map((phase) => say(lifecycle[happening][phase])).join(' | ')} |`,
  );
  const clock = `| *clock* | ${phases.map((phase) => clocks[phase]).join(' | ')} |`;
  return [`| | ${phases.join(' | ')} |`, `|---|${'---|'.repeat(phases.length)}`, ...rows, clock].join('\n');
}

function say(cell: Cell): string {
  if (cell === 'never') return '-';
  if ('refused' in cell) return `refused: ${cell.refused}`;
  const ladder = cell.ladder === 'unchanged' ? '' : cell.ladder;
  return [cell.to && `**${cell.to}**`, ladder].filter(Boolean).join(', ') || 'stays';
}

function tableOfLadders(): string {
  const rows = Object.entries<Ladders>(ladders).flatMap(([name, { rungs, repeat }]) => {
    let afterMs = 0;
    const lines = rungs.map((rung, index) => {
      afterMs += rung.afterMs;
      return `| ${index === 0 ? name : ''} | +${afterMs / 1000} s | ${sayRung(rung)} |`;
    });
    if (rungs.length === 0) return [`| ${name} | | the work list alone |`];
    if (!repeat) return lines;
    const pace = `every ${repeat.everyMs / 60_000} min, ${repeat.times} times, then every ${repeat.thenEveryMs / 60_000} min`;
    return [...lines, `| | ${pace} | the desk, and the rungs in turn, each round to the next person |`];
  });
  return ['| ladder | after the start | who is told |', '|---|---|---|', ...rows].join('\n');
}

function sayRung({ tell, inform, desk }: Rung): string {
  const seats = tell.map((seat) => {
    if ('each' in seat) return `each ${seat.each}`;
    return 'nth' in seat && `${seat.nth === 1 ? 'first' : 'second'} ${seat.role}`;
  });
  return [desk && 'the desk sounds', ...seats, inform && `${inform}, for information`].filter(Boolean).join(', ');
}
