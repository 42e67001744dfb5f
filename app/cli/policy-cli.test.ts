import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { localTimeIn } from '../../platform/local-time.ts';
import { proofShelf } from '../../records/contact-proofs.ts';
import { FoldState } from '../../records/fold-state.ts';
import { adoptProviders } from '../../records/providers.ts';
import { put } from '../../records/registry.test-support.ts';
import type { RegistryChange } from '../../records/registry.ts';
import { createRegistry } from '../../records/registry-fold.ts';
import { allRules } from '../../rules/all-rules.ts';
import { ladderPlan } from '../alarm/ladder-plan.ts';
import { planImport } from '../registry/registry-import.ts';
import { runPolicyCli } from './policy-cli.ts';

const nightAt = Date.parse('2026-11-23T22:30+08:00');
const of = { type: 'area', id: 'east' };
const log = [{ type: 'log' }];
const contact = (id: string, role: string, words: object = {}) =>
  put('contact', { id, of, role, name: id, channels: log, ...words });

const home: RegistryChange[] = [
  put('area', { id: 'county', level: 'county', name: 'Wulan' }),
  put('area', { id: 'town', level: 'township', parentId: 'county', name: 'Baiyin' }),
  put('area', { id: 'east', level: 'village', parentId: 'town', name: 'East Well' }),
  put('place', { id: 'house', areaId: 'east', kind: 'house', name: 'house' }),
  put('household', { id: 'herder', areaId: 'east', currentPlaceId: 'house' }),
  put('person', { id: 'bat', householdId: 'herder', name: 'Bat' }),
];
const everybody = [contact('near', 'neighbour'), contact('station', 'station'), contact('lead', 'county')];

/** What the command prints about a county of one home, in which two contacts are proved. */
async function explained(changes: RegistryChange[], ...words: string[]) {
  const state = new FoldState();
  const registry = createRegistry({ state });
  registry.apply([...home, ...changes]);
  for (const id of ['near', 'station']) {
    const proved = registry.contact(id);
    if (proved) proofShelf(state).prove(proved, 'call', nightAt - 86_400_000);
  }
  const windows = [{ per: 'target' as const, count: 5, perMs: 3_600_000 }];
  adoptProviders(state, [{ id: 'aliyun', type: 'aliyun-voice', medium: 'voice', windows }]);
  const parts = { state, registry, localTime: localTimeIn('Asia/Shanghai') };
  let text = '';
  const code = await runPolicyCli({
    argv: ['explain', '--household', 'herder', '--at', '2026-11-23T22:30', ...words],
    timeZone: 'Asia/Shanghai',
    now: () => nightAt,
    planFor: async (request) => ({ plan: ladderPlan(parts, request) }),
    print: (printed) => {
      text += printed;
    },
    complain: (complaint) => {
      text += complaint;
    },
  });
  return { code, text, lines: text.split('\n') };
}

test('it prints who would be told, when and how, for two hours', async () => {
  const { code, lines } = await explained(everybody);
  expect(code).toBe(0);
  expect(lines.slice(0, 6)).toEqual([
    'household herder, smoke (critical) at 2026-11-23 22:30:00 Asia/Shanghai: the default ladder',
    'who would be told if nobody answered:',
    '  +   0 s  rung 1: the desk sounds; asks near (neighbour) by log; asks station (station) by log',
    '  +  60 s  rung 2: nobody: the next rung at once',
    '  +  60 s  rung 3: nobody: the next rung at once',
    '  +  60 s  rung 4: asks lead (county) by log [unproved]',
  ]);
  expect(lines).toContain('  empty: rung 2 is empty: there is nobody for it');
  expect(lines).toContain('  empty: rung 3 has nobody for township 1');
  const last = lines.findLast((line) => line.startsWith('  +'));
  expect(Number(/\+ *(\d+)/.exec(last ?? '')?.[1])).toBeGreaterThan(6_000);
});

test('a ladder that breaks the limit of a provider fails, and says when, whom and by what', async () => {
  const voices = [
    contact('near', 'neighbour', { phone: '13800000000', channels: [{ type: 'voice' }, { type: 'log' }] }),
  ];
  const { code, text } = await explained([...voices, contact('station', 'station')]);
  expect(code).toBe(1);
  expect(text).toMatch(/limit: near by voice:aliyun: its limit is reached after \d+ min/);
  expect(text).toContain('near (neighbour) by log [voice:aliyun full]');
});

test('nobody in time fails; so does a way that nobody carries', async () => {
  const { code, text } = await explained([contact('near', 'neighbour', { channels: [{ type: 'sms' }] })]);
  expect(code).toBe(1);
  expect(text).toContain('nobody: nobody who could go is told within 60 seconds');
  expect(text).toContain('no-way: near has no way that anybody carries');
});

test('the policy, its roster and its ways are named, and who is off duty', async () => {
  const { text } = await explained([
    ...everybody,
    put('roster', { id: 'duty', name: 'duty', of, shifts: [{ contactId: 'lead', from: '08:00', to: '20:00' }] }),
    put('policy', {
      ...{ id: 'east', name: 'east', scope: of, severity: 'critical' },
      rungs: [
        {
          afterSeconds: 0,
          desk: true,
          tell: [{ role: 'neighbour', nth: 1 }, { rosterId: 'duty' }, { contactId: 'lead' }],
        },
      ],
    }),
  ]);
  expect(text).toContain('policy east');
  expect(text).toContain('asks near (neighbour) by log; asks lead (county) by log [unproved, off duty]');
  expect(text).toContain('off-duty: lead is told, and is off duty then');
});

test('fewer than two who are known to answer are named', async () => {
  const { text } = await explained([contact('near', 'neighbour'), contact('next', 'neighbour', { order: 2 })]);
  expect(text).toContain('unproved: not known to answer for 90 days: next');
  expect(text).toContain('unproved: 1 of those who could go are proved, 2 are needed');
});

test('the entries in docs/escalation.md can be imported beside the example of the registry', () => {
  const read = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
  const registry = createRegistry({ state: new FoldState() });
  const parts = { registry, rules: allRules, unseal: () => undefined, credentialFor: () => ({ salt: '', hmac: '' }) };
  registry.apply(planImport({ ...parts, text: read('registry-example.yaml') }).changes);
  const [, text = ''] = /```yaml\n(.*?)```/s.exec(read('escalation.md')) ?? [];
  const { problems, changes } = planImport({ ...parts, text });
  expect([problems, changes.map(({ entity }) => entity)]).toEqual([[], ['roster', 'policy', 'profile']]);
});

test('what it cannot know is refused', async () => {
  expect((await explained(everybody, '--household', 'nobody')).code).toBe(66);
  expect((await explained(everybody, '--at', 'soon')).code).toBe(64);
  expect((await explained(everybody, '--condition', 'tamper')).code).toBe(64);
  const zoned = await explained(everybody, '--at', '2026-11-23T14:30Z', '--condition', 'inactivity');
  expect(zoned.lines[0]).toBe(
    'household herder, inactivity (urgent) at 2026-11-23 22:30:00 Asia/Shanghai: the default ladder',
  );
});
