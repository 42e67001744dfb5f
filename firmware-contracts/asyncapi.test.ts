import { Parser } from '@asyncapi/parser';
import { expect, test } from 'vitest';
import { asyncApiDocument } from './asyncapi.ts';
import { commandSchemas } from './commands.ts';
import { reportSchemas } from './contracts.ts';

test('the official parser finds nothing wrong, and reads each topic with both encodings', async () => {
  const { document, diagnostics } = await new Parser().parse(JSON.stringify(asyncApiDocument()));
  expect(diagnostics.map(({ message, path }) => `${path.join('.')}: ${message}`)).toEqual([]);
  const channels = document?.channels().all() ?? [];
  expect(channels.map((channel) => channel.address()).sort()).toEqual(
    [
      ...Object.keys(reportSchemas).map((name) => `up/{deviceId}/${name}`),
      'up/{deviceId}/batch',
      ...Object.keys(commandSchemas).map((name) => `down/{deviceId}/${name}`),
    ].sort(),
  );
  for (const channel of channels) {
    const messages = channel.messages().all();
    expect(messages.map((message) => message.contentType())).toEqual(['application/json', 'application/cbor']);
    for (const message of messages) expect(message.payload()?.title()).toBeDefined();
    for (const operation of channel.operations().all())
      expect(operation.action()).toBe(channel.address()?.startsWith('up/') ? 'receive' : 'send');
  }
});
