import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Log, systemLog } from '../platform/log.ts';
import { readConfiguration } from './configuration.ts';
import { exitCodes, exitWith } from './exit.ts';

/**
 * Keeps the two processes running: alarm first, and desk when alarm listens for the first time. A process that ends is
 * started again with a growing pause; where that would not help (see `exitCodes`), everything stops.
 * The children end when the supervisor is gone, so that the next start finds the data folder free.
 */
export function supervise({ log, environment = process.env }: { log: Log; environment?: NodeJS.ProcessEnv }) {
  const children = new Map<string, ChildProcess>();
  let stopping = false;
  let hasListened = false;
  let exitCode = 0;
  let settle: (code: number) => void = () => {};
  const ended = new Promise<number>((done) => {
    settle = done;
  });

  function start(name: ProcessName, pauseMs = firstPauseMs): void {
    const startedAt = performance.now();
    const child = fork(fileURLToPath(new URL(`./${name}/${name}.ts`, import.meta.url)), [], {
      env: { ...allocatorLimits, ...environment },
      // The page's modules are stripped of their types by Node itself, which calls that experimental at every start.
      // The heap may hold as much again in garbage, not three times as much: memory is flat from the first minute on.
      execArgv: [
        '--disable-warning=ExperimentalWarning',
        '--heap-growing-percent=60',
        '--min-semi-space-size=32',
        '--max-semi-space-size=32',
      ],
    });
    children.set(name, child);
    child.on('message', (message) => {
      if (name !== 'alarm') return;
      // Alarm catches up first; desk comes after it, or beside it when that takes long.
      if (message === 'caught up') startDesk();
      if (message !== 'listening') return;
      hasListened = true;
      setTimeout(startDesk, deskWaitsMs);
    });
    child.on('exit', (code, signal) => {
      children.delete(name);
      if (stopping) return finishWhenEmpty();
      if (isFinal(name, code)) {
        exitCode = code ?? exitCodes.failed;
        log.error({ child: name, code }, 'a process ended for a reason that no restart mends: everything stops');
        return stop();
      }
      const longLived = performance.now() - startedAt > calmMs;
      const nextMs = longLived ? firstPauseMs : Math.min(pauseMs * 2, longestPauseMs);
      log.error({ child: name, code, signal, restartInMs: pauseMs }, 'a process ended and is started again');
      setTimeout(() => !stopping && !children.has(name) && start(name, nextMs), pauseMs);
    });
  }

  /**
   * A journal that is damaged, or not that of the state, ends all when alarm finds it so: nobody would judge what came in. Desk may go on trying.
   * A port that is taken or a folder that cannot be written to: at the first start a person is there to read it; later it may pass.
   */
  function isFinal(name: ProcessName, code: number | null): boolean {
    if (code === exitCodes.configuration || code === exitCodes.locked) return true;
    if (name === 'desk') return false;
    const maybe = code === exitCodes.unavailable || code === exitCodes.unwritable;
    return code === exitCodes.damaged || (maybe && !hasListened);
  }

  function startDesk(): void {
    if (!stopping && !children.has('desk')) start('desk');
  }

  function finishWhenEmpty(): void {
    if (children.size === 0) settle(exitCode);
  }

  /** Asks both to end: desk first would leave the page dark while alarms still go out, so they stop together. */
  function stop(): void {
    if (stopping) return;
    stopping = true;
    for (const child of children.values()) child.kill('SIGTERM');
    const impatient = setTimeout(() => {
      for (const child of children.values()) child.kill('SIGKILL');
    }, stopPatienceMs);
    impatient.unref();
    finishWhenEmpty();
  }

  start('alarm');
  return { stop, ended };
}

/**
 * glibc's allocator gives back what was freed: few arenas, and large blocks by themselves, instead of limits that grow with
 * what was once asked for. Source: bench/RESULTS.md; environment variables in mallopt(3).
 */
const allocatorLimits = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072',
};

type ProcessName = 'alarm' | 'desk';
const deskWaitsMs = 4_000;
const firstPauseMs = 100;
const longestPauseMs = 5_000;
const calmMs = 30_000;
const stopPatienceMs = 15_000;

if (import.meta.main) {
  let level = 'info';
  try {
    level = readConfiguration(process.env).logLevel;
  } catch (error) {
    exitWith(error);
  }
  const supervisor = supervise({ log: systemLog('supervisor', level) });
  process.on('SIGINT', supervisor.stop);
  process.on('SIGTERM', supervisor.stop);
  // Whoever started it with a channel (the demonstration) is gone: nobody would end it any more.
  process.on('disconnect', supervisor.stop);
  process.exitCode = await supervisor.ended;
  process.disconnect?.();
}
