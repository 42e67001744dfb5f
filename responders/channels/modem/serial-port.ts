import { execFile } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { isatty, ReadStream } from 'node:tty';

/** A serial line that is open. `onEnd`: it is gone, once, also after `close`. */
export type SerialPort = {
  write(text: string): void;
  listen(listener: { onBytes(bytes: Buffer): void; onEnd(why: string): void }): void;
  close(): void;
};
export type OpenPort = (path: string, baud: number) => Promise<SerialPort>;

/**
 * Opens a character device as raw bytes without flow control, by way of coreutils' `stty` and Node's own streams for terminals: they wait
 * with epoll, while a file stream would keep one of the few threads of the pool in a read that nothing ends.
 * Errors: rejects with what `stty` or the system says; a file that is no terminal is none.
 */
export const openSerialPort: OpenPort = async (path, baud) => {
  await run('stty', [
    '-F',
    path,
    String(baud),
    'raw',
    '-echo',
    'cs8',
    '-cstopb',
    '-parenb',
    '-crtscts',
    'clocal',
    'hupcl',
  ]);
  // Without O_NOCTTY the line becomes ours to be hung up by, and without O_NONBLOCK opening waits for a carrier.
  const fd = openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  if (!isatty(fd)) {
    closeSync(fd);
    throw new Error(`${path} is no serial line`);
  }
  const stream = new ReadStream(fd);
  // libuv opens the terminal a second time for itself and leaves ours to us; one that stays open is one more each time a plug is pulled.
  const { _handle: handle } = stream as unknown as { _handle?: { fd: number } };
  if (handle && handle.fd !== fd) closeSync(fd);
  return {
    write: (text) => void stream.write(text, 'latin1'),
    listen({ onBytes, onEnd }) {
      stream.on('data', onBytes);
      stream.on('error', () => stream.destroy());
      stream.on('end', () => stream.destroy());
      stream.once('close', () => onEnd('the line is gone'));
    },
    close: () => stream.destroy(),
  };
};

function run(program: string, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { timeout: 3_000 }, (error, _out, complaint) => {
      if (error) reject(new Error(complaint.trim() || error.message));
      else resolve();
    });
  });
}
