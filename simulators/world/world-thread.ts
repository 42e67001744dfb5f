import { parentPort } from 'node:worker_threads';
import { judgeSeed } from './verdict.ts';
import type { WorldOptions } from './world.ts';

// A thread that judges the seeds it is sent, so that a world that turns in a circle can be ended from outside.
parentPort?.on('message', async (options: WorldOptions) => {
  const { seed } = options;
  try {
    parentPort?.postMessage({ type: 'verdict', verdict: await judgeSeed(options) });
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    parentPort?.postMessage({ type: 'broken', seed, error: text });
  }
});
