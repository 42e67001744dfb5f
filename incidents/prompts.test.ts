import { expect, test } from 'vitest';
import type { Prompt } from '../records/alert.ts';
import { FoldState } from '../records/fold-state.ts';
import { put, smallCounty } from '../records/registry.test-support.ts';
import { createRegistry } from '../records/registry-fold.ts';
import { createPrompts } from './prompts.ts';

const MINUTE_MS = 60_000;
const by = { type: 'account' as const, id: 'li' };
const fine = { type: 'prompt-answer' as const, commandId: 'answer-1', by, promptId: 'p', answer: 'fine' as const };

test('the person is asked by their own ways, and nobody is sent anywhere', () => {
  const { prompts, prompt } = home();
  expect(prompts.ask([{ type: 'prompt', prompt }])).toMatchObject([
    {
      noticeId: 'prompt:p/v1/0/contact:her-phone',
      ...{ purpose: 'prompt', severity: 'urgent', until: prompt.until },
      recipient: { type: 'contact', contactId: 'her-phone' },
    },
  ]);
});

test("a question to nobody in particular goes to the home's own ways, and to those of everybody who lives there", () => {
  const { prompts, prompt } = home();
  const { personId: _, ...anybody } = prompt;
  const notices = prompts.ask([{ type: 'prompt', prompt: { ...anybody, where: { householdId: 'couple' } } }]);
  expect(notices.map(({ recipient }) => recipient)).toEqual([
    { type: 'contact', contactId: 'house-phone' },
    { type: 'contact', contactId: 'her-phone' },
  ]);
});

test('who is in hospital is not asked how it is at home', () => {
  const { prompts, prompt, registry } = home();
  const her = registry.person('her');
  registry.apply([put('person', { ...her, id: 'her', absence: { reason: 'hospital', since: 0 } })]);
  const { personId: _, ...anybody } = prompt;
  const notices = prompts.ask([{ type: 'prompt', prompt: { ...anybody, where: { householdId: 'couple' } } }]);
  expect(notices.map(({ recipient }) => recipient)).toEqual([{ type: 'contact', contactId: 'house-phone' }]);
});

test('the same question twice is asked once, and without a way to ask it is on record all the same', () => {
  const { prompts, prompt } = home();
  expect(prompts.ask([{ type: 'prompt', prompt }])).toHaveLength(1);
  expect(prompts.ask([{ type: 'prompt', prompt }])).toEqual([]);
  const where = { householdId: 'alone' };
  expect(prompts.ask([{ type: 'prompt', prompt: { ...prompt, promptId: 'q', personId: 'him', where } }])).toEqual([]);
  expect(prompts.answer({ ...fine, promptId: 'q' }, 5).result).toEqual({ ok: true });
});

test('an answer is heard once, another answer again, and a late one too', () => {
  const { prompts, prompt } = home();
  prompts.ask([{ type: 'prompt', prompt }]);
  const event = { type: 'prompt-answered', promptId: 'p', personId: 'her', answer: 'fine', by: 'account:li' };
  expect(prompts.answer(fine, 10).event).toMatchObject(event);
  expect(prompts.answer({ ...fine, commandId: 'answer-2' }, 20)).toEqual({ result: { ok: true } });
  expect(prompts.answer({ ...fine, answer: 'help' }, 60 * MINUTE_MS).event).toMatchObject({ answer: 'help' });
});

test('an answer to a question that nobody put is refused', () => {
  const { prompts } = home();
  expect(prompts.answer(fine, 10).result).toMatchObject({ ok: false, problem: 'not-found' });
});

test('questions of yesterday make room', () => {
  const { prompts, prompt } = home();
  prompts.ask([{ type: 'prompt', prompt }]);
  const at = prompt.until + 13 * 60 * MINUTE_MS;
  prompts.ask([{ type: 'prompt', prompt: { ...prompt, promptId: 'next', at, until: at + MINUTE_MS } }]);
  expect(prompts.answer(fine, at).result).toMatchObject({ ok: false });
});

function home() {
  const registry = createRegistry({ state: new FoldState() });
  const self = { role: 'self', name: 'x', channels: [{ type: 'log' }] };
  registry.apply([
    ...smallCounty,
    put('contact', { ...self, id: 'her-phone', of: { type: 'person', id: 'her' } }),
    put('contact', { ...self, id: 'house-phone', of: { type: 'household', id: 'couple' } }),
  ]);
  const prompt: Prompt = {
    ...{
      promptId: 'p',
      rule: 'inactivity',
      at: 0,
      personId: 'her',
      where: { householdId: 'couple', placeId: 'house-1' },
    },
    ...{ about: 'fall', until: MINUTE_MS },
  };
  return { prompts: createPrompts({ state: new FoldState(), registry, hasCode: () => false }), prompt, registry };
}
