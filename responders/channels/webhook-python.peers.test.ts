import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { exampleIn } from './webhook-example.test-support.ts';
import { webhookVectors } from './webhook-published.ts';

const folder = mkdtempSync(join(tmpdir(), 'steppewatch-webhook-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('the example in Python judges every vector as it is meant', () => {
  writeFileSync(join(folder, 'receiver.py'), exampleIn('python'));
  writeFileSync(join(folder, 'vectors.json'), JSON.stringify(webhookVectors()));
  const program = [
    'import json',
    'from receiver import problem_with',
    'for one in json.load(open("vectors.json")):',
    '    print(problem_with(one["headers"], one["body"].encode(), one["secret"], one["receivedAt"]) is None)',
  ];
  writeFileSync(join(folder, 'judge.py'), `${program.join('\n')}\n`);
  const said = execFileSync('python3', ['judge.py'], { cwd: folder, encoding: 'utf8', timeout: 20_000 });
  expect(said.trim().split('\n')).toEqual(webhookVectors().map(({ genuine }) => (genuine ? 'True' : 'False')));
});
