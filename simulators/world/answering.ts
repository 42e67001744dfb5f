import type { Clock } from '../../platform/clock.ts';
import type { Chance } from '../../platform/random.ts';
import type { Command } from '../../records/command.ts';
import type { Contact, RegistryChange } from '../../records/registry.ts';
import { isClosing } from '../../responders/retry-schedule.ts';
import type { Home } from '../home.ts';
import { msBetween, oneOf } from '../seeded-chance.ts';
import type { Heard } from './evidence.ts';
import type { Telephones } from './telephones.ts';

/** Of three contacts one is told by telephone and, when that fails, as before, one by telephone alone, and one as before. */
export function withTelephones(changes: readonly RegistryChange[]): RegistryChange[] {
  let count = 0;
  return changes.map((change) => {
    if (change.type !== 'put' || change.entity !== 'contact') return change;
    count += 1;
    if (count % 3 === 2) return change;
    const phone = `138${String(count).padStart(8, '0')}`;
    const channels = [...byTelephone, ...(count % 3 === 0 ? change.value.channels : [])];
    return { ...change, value: { ...change.value, phone, channels } };
  });
}
const byTelephone: Contact['channels'] = [{ type: 'sms' }, { type: 'voice' }];

export type AnsweringParts = {
  clock: Clock;
  chance: Chance;
  homes: readonly Home[];
  answer: Telephones['answer'];
  send: (command: Command) => Promise<unknown>;
};

/**
 * Contacts who answer on the keypad: some go, some do not, some ask for help, mistype, write the code of another incident, or in
 * words; some press twice, and what they sent is told twice. Now and then a stranger writes, or somebody enters the number
 * of the fire brigade as that of a neighbour.
 */
export function startAnswering({ clock, chance, homes, answer, send }: AnsweringParts) {
  let isOver = false;
  let slips = 0;
  const happens = (share: number) => chance.fraction() < share;
  const later = (lowMs: number, highMs: number, act: () => void) =>
    void clock.after(msBetween(chance, lowMs, highMs), () => !isOver && act());

  function say(line: string, said: Parameters<Telephones['answer']>[1]): void {
    const id = answer(line, said);
    if (happens(0.15)) later(1_000, 5 * minuteMs, () => answer(line, { ...said, id }));
    if (happens(0.1)) later(1_000, minuteMs, () => answer(line, said));
  }

  function reply({ channel, notice, given }: Heard, messageId: string): void {
    if (!given) return;
    const isCall = channel.startsWith('voice');
    const code = notice.text.incidentCode;
    const from = { phone: given.phone, ...(isCall && { messageId }) };
    const course = chance.fraction();
    const text = isCall ? wordsFor(course, keys, '') : wordsFor(course, words, code);
    later(isCall ? 500 : 8_000, isCall ? 4_000 : 150_000, () => say(channel, { ...from, text: oneOf(chance, text) }));
    if (course < goes)
      later(3 * minuteMs, 40 * minuteMs, () => say(writesTo, { phone: given.phone, text: `${code} 3` }));
    if (happens(0.08)) later(8_000, 10 * minuteMs, () => say(writesTo, { phone: stranger, text: `${code} 1` }));
  }

  /** Whoever enters contacts takes one number for another. */
  function slip(): void {
    slips += 1;
    const home = oneOf(chance, homes);
    const value: Contact = {
      ...{ id: `${home.id}-n`, of: { type: 'place', id: home.id }, role: 'neighbour', order: 1, language: 'en' },
      ...{ name: 'somebody', phone: oneOf(chance, ['119', '120', '110', '+86 119', '1-2-0']), channels: byTelephone },
    };
    const by = { type: 'account', id: 'wu' } as const;
    const change = { type: 'put', entity: 'contact', value } as const;
    send({ type: 'registry-change', commandId: `slip-${String(slips).padStart(6, '0')}`, by, change }).catch(() => {});
    later(4 * hourMs, 16 * hourMs, slip);
  }

  later(hourMs, 3 * hourMs, slip);
  return {
    /** A message has reached a telephone. */
    hear(heard: Heard, messageId: string): void {
      if (isOver || heard.notice.purpose === 'reply') return;
      const isWord = isClosing(heard.notice) || heard.notice.purpose === 'update';
      if (happens(isWord ? 0.1 : 0.7)) reply(heard, messageId);
    },
    /** From now on they leave it to the desk. */
    heal(): void {
      isOver = true;
    },
  };
}

const goes = 0.5;
/** By the share of those who answer so; what stands behind the code, where one is written. */
const words: Answers = [
  [0.2, ['1', '１', '1.']],
  [0.35, ['收到', '好，马上去', 'OK', '1 30分钟']],
  [0.42, ['CODE 1', 'CODE 1 10分']],
  [goes, ['1', 'CODE1 1']],
  [0.62, ['2', '去不了', 'CODE 2']],
  [0.68, ['9', 'CODE 9']],
  [0.76, ['4', '误报']],
  [0.86, ['AAAA 1', 'XXXX 3']],
  [1, ['who is this?', '12', '']],
];
const keys: Answers = [
  [goes, ['1']],
  [0.75, ['2']],
  [0.85, ['9']],
  [0.95, ['4', '7']],
  [1, ['3']],
];
type Answers = readonly (readonly [upTo: number, texts: readonly string[]])[];

const wordsFor = (course: number, answers: Answers, code: string): string[] =>
  (answers.find(([upTo]) => course < upTo)?.[1] ?? ['1']).map((text) => text.replace('CODE', code));

/** Nobody of the registry has it. */
export const stranger = '15900000000';
/** The number that stands in their telephones. */
const writesTo = 'sms:first';
const minuteMs = 60_000;
const hourMs = 3_600_000;
