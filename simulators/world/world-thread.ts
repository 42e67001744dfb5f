import { parentPort } from 'node:worker_threads';
import { judgeSeed } from './verdict.ts';

// A thread that judges the seeds it is sent, so that a world that turns in a circle can be ended from outside.
parentPort?.on('message', async ({ seed, hours }: { seed: number; hours: number }) => {
  try {
    parentPort?.postMessage({ type: 'verdict', verdict: await judgeSeed({ seed, hours }) });
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    parentPort?.postMessage({ type: 'broken', seed, error: text });
  }
});
