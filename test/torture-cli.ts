import { parseArgs } from 'node:util';
import { temporaryFolder } from '../bench/system.ts';
import { refuse, runCommand, say } from '../simulators/terminal.ts';
import { torture } from './torture.ts';

const usage = `usage: npm run torture -- [--kills 200] [--seed N]
Kills the processes of a system under load again and again, and says at its end what that was: exit code 0 when every promise
was kept, 1 when not. The same seed draws the same kills.`;

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { kills: { type: 'string', default: '200' }, seed: { type: 'string' } } });
  const [kills, seed] = [Number(values.kills), Number(values.seed ?? Date.now() % 1_000_000)];
  if (!(Number.isInteger(kills) && kills > 0 && Number.isInteger(seed))) return refuse('whole numbers, please', usage);
  const { folder, remove } = temporaryFolder('torture');
  say(`seed ${seed}, in ${folder}`);
  const { crashes, cutOff, reports, alerts, notices, problems } = await torture({
    kills,
    seed,
    dataFolder: folder,
    say,
  });
  for (const problem of problems) say(problem);
  const { alarm, desk, both } = crashes;
  process.stdout.write(`crashes ${alarm + desk + both} (alarm ${alarm}, desk ${desk}, both ${both})
crashes before an answer ${cutOff.critical + cutOff.urgent} (critical ${cutOff.critical}, urgent ${cutOff.urgent})
reports ${reports}\nalerts ${alerts}\nnotices ${notices}\nproblems ${problems.length}\n`);
  if (problems.length === 0) remove();
  else say(`its data folder is left in ${folder}`);
  return problems.length === 0 ? 0 : 1;
}

await runCommand(main, usage);
