import { spawn } from 'node:child_process';

/** The far end of a serial line: what is written to the device at `path` comes out here. */
export type PseudoTerminal = {
  path: string;
  write(text: string): void;
  onText(listener: (text: string) => void): void;
  /** The device is gone, as when a plug is pulled. */
  close(): Promise<void>;
};

/**
 * A real pseudo-terminal without native code: `script` of util-linux opens one, says its name, and passes on what goes through it.
 * Errors: rejects when `script` is not there, or ends before it said the name.
 */
export async function openPseudoTerminal(): Promise<PseudoTerminal> {
  const child = spawn('script', ['-qfc', 'tty; stty raw -echo; echo ready; exec sleep 600', '/dev/null'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const gone = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  child.stdin.on('error', () => {});
  const listeners: ((text: string) => void)[] = [];
  const { promise: named, resolve, reject } = Promise.withResolvers<string>();
  let greeting = '';
  child.stdout.on('data', (bytes: Buffer) => {
    const text = bytes.toString('latin1');
    if (greeting.includes('ready')) for (const listener of listeners) listener(text);
    else {
      greeting += text;
      if (greeting.includes('ready')) resolve(greeting.split(/\s/)[0] ?? '');
    }
  });
  void gone.then(() => reject(new Error('no pseudo-terminal could be opened')));
  return {
    path: await named,
    write: (text) => void child.stdin.write(text, 'latin1'),
    onText: (listener) => void listeners.push(listener),
    async close() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}
