import { describe, expect, test } from 'vitest';
import { commandSchemas, type DeviceCommand, decodeCommand, encodeCommand } from './commands.ts';

const asked = { v: 1, id: 'c-7Qk2', expires: 300 } as const;
const commands: DeviceCommand[] = [
  { name: 'locate', ...asked },
  { name: 'interval', ...asked, interval: 60 },
  { name: 'time', ...asked, at: 1_791_000_000_000 },
  { name: 'lamp', ...asked, state: 'on' },
  { name: 'hush', ...asked, boot: 12, seq: 345 },
  { name: 'reboot', ...asked },
];

test('there is an example of every command', () => {
  expect(commands.map(({ name }) => name)).toEqual(Object.keys(commandSchemas));
});

describe.each(commands)('$name', (command) => {
  test.each(['json', 'cbor'] as const)('reaches a device in %s as it was asked', (format) => {
    expect(decodeCommand(command.name, encodeCommand(command, format))).toEqual({ command });
  });
});

test('a hush that lives longer than five minutes, or answers no alarm, is not obeyed', () => {
  const long = encodeCommand({ name: 'hush', ...asked, expires: 301, boot: 1, seq: 1 }, 'json');
  expect(decodeCommand('hush', long)).toMatchObject({ problem: expect.stringContaining('at most 300') });
  const loose = encodeCommand({ name: 'locate', ...asked }, 'cbor');
  expect(decodeCommand('hush', loose)).toMatchObject({ problem: expect.stringContaining('boot') });
});

test('a command that nobody knows is not obeyed', () => {
  expect(decodeCommand('explode', new Uint8Array([0xa0]))).toHaveProperty('problem');
  expect(decodeCommand('reboot', new Uint8Array([0xff]))).toHaveProperty('problem');
});
