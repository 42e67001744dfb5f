import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { type System, startSystem, temporaryFolder, until } from '../bench/system.ts';
import { placeId } from '../bench/village.ts';
import { type Desk, run, signIn } from './running-system.test-support.ts';
import { type SlowReceiver, startSlowReceiver } from './slow-receiver.ts';

/** For each test of a file: an empty folder, somebody who receives messages, and whatever system is said to run there. */
export function machineForEachTest(name: string) {
  let temporary: ReturnType<typeof temporaryFolder>;
  let receiver: SlowReceiver;
  const machine = {
    /** It is stopped when the test is over. */
    system: undefined as System | undefined,
    get receiver(): SlowReceiver {
      return receiver;
    },
    inFolder: (file: string) => join(temporary.folder, file),
    /** Messages about a home of the bench's village. */
    toldOf: (home: number) => receiver.arrivals.filter(({ placeIds }) => placeIds.includes(placeId(home * 4))),
  };
  beforeEach(async () => {
    temporary = temporaryFolder(name);
    receiver = await startSlowReceiver({ answerAfterMs: () => 5 });
  });
  afterEach(async () => {
    await machine.system?.stop();
    await receiver.close();
    temporary.remove();
  });
  return machine;
}

/** One system for all tests of a file, with the county of the example in it; `papers` is a folder for what is not its own. */
export function countyForAllTests(name: string, environment: Record<string, string> = {}) {
  const temporary = temporaryFolder(name);
  const papers = temporaryFolder(`${name}-papers`);
  const dataFolder = temporary.folder;
  let started: { system: System; desk: Desk } | undefined;
  const running = () => {
    if (!started) throw new Error('the system has not started');
    return started;
  };
  const registry = (...args: string[]) => run('app/registry/registry-cli.ts', args, { STEPPEWATCH_DATA: dataFolder });
  beforeAll(async () => {
    const system = await startSystem({ dataFolder, environment });
    started = { system, desk: await until('the page', () => signIn(system)) };
    const example = join(import.meta.dirname, '..', 'docs', 'registry-example.yaml');
    expect(await registry('import', example)).toMatchObject({ code: 0 });
  }, 120_000);
  afterAll(async () => {
    await started?.system.stop();
    papers.remove();
    temporary.remove();
  }, 60_000);
  return {
    ...{ dataFolder, registry },
    paper: (file: string) => join(papers.folder, file),
    get system(): System {
      return running().system;
    },
    get desk(): Desk {
      return running().desk;
    },
  };
}
