import { expect, test } from 'vitest';
import { MINUTE_MS, SECOND_MS } from '../../home.test-support.ts';
import { message, modemAtHome, ready, until } from './modem.test-support.ts';

test('a neighbour reads where it burns, in Chinese, and we hear that it arrived', async () => {
  const { channel, simulated, heard } = await ready({ world: { reports: undefined } });
  const sent = await channel.send(message('n1', '纳林 井西:烟雾报警。K7QM 回复1去'));
  expect(sent).toEqual({ type: 'accepted', messageId: expect.stringMatching(/-1$/) });
  expect(simulated.sent).toEqual([
    { phone: '13800001111', text: '纳林 井西:烟雾报警。K7QM 回复1去', validityMinutes: 10, wantsReport: true },
  ]);
  simulated.report(1, '13800001111', 0);
  await until(() => heard.receipts.length > 0);
  expect(heard.receipts).toEqual([
    { messageId: sent.type === 'accepted' && sent.messageId, result: 'delivered', detail: 'status 0' },
  ]);
  expect(simulated.complaints).toEqual([]);
});

test('a long message arrives in parts that a telephone can join, and counts as delivered with the last', async () => {
  const { channel, simulated, heard } = await ready({ world: { reports: undefined } });
  const text = `${'火'.repeat(100)}🔥`;
  const sent = await channel.send(message('n1', text));
  expect(simulated.sent.map(({ part }) => [part?.total, part?.number])).toEqual([
    [2, 1],
    [2, 2],
  ]);
  expect(new Set(simulated.sent.map(({ part }) => part?.reference)).size).toBe(1);
  expect(simulated.sent.map((one) => one.text).join('')).toBe(text);
  simulated.report(2, '+8613800001111', 0);
  simulated.report(1, '13800001111', 48);
  simulated.report(1, '13900002222', 0);
  await simulatedAnswer(channel);
  expect(heard.receipts).toEqual([]);
  simulated.report(1, '13800001111', 0);
  await until(() => heard.receipts.length > 0);
  expect(heard.receipts).toMatchObject([
    { messageId: sent.type === 'accepted' && sent.messageId, result: 'delivered' },
  ]);
});

/** Everything that the modem said before has been heard once it has answered again. */
async function simulatedAnswer(channel: { send: (of: ReturnType<typeof message>) => Promise<unknown> }) {
  await channel.send(message('later', 'x', { phone: '13700003333' }));
}

test('a text in Latin letters takes the small alphabet, also in parts', async () => {
  const { channel, simulated } = await ready();
  const text = 'Narin, west of the well: smoke. Go and look. Code K7QM, reply 1 going. '.repeat(3);
  await channel.send(message('n1', text, { notice: { severity: 'service' } }));
  expect(simulated.sent.map((one) => one.text).join('')).toBe(text);
  expect(simulated.sent.map((one) => [one.text.length, one.validityMinutes])).toEqual([
    [153, 1_440],
    [60, 1_440],
  ]);
  expect(simulated.complaints).toEqual([]);
});

test('a receipt that overtakes its answer counts', async () => {
  const { channel } = await ready({ world: { reports: 0 } });
  expect(await channel.send(message('n1', '火'.repeat(140)))).toEqual({ type: 'delivered' });
});

test('a receipt that says the network has given up is a failure', async () => {
  const { channel, simulated, heard } = await ready();
  await channel.send(message('n1', 'smoke'));
  simulated.report(1, '13800001111', 70);
  await until(() => heard.receipts.length > 0);
  expect(heard.receipts).toMatchObject([{ result: 'failed', detail: 'status 70' }]);
});

test.each([
  [1, { type: 'later', reason: expect.stringContaining('does not know the number'), retryAfterMs: 60_000 }],
  [8, { type: 'later', trouble: 'credentials' }],
  [331, { type: 'later', trouble: 'unreachable' }],
  [42, { type: 'later', reason: '+CMS ERROR: 42' }],
])('a network that refuses with %i is understood', async (code, sent) => {
  const { channel, simulated } = await ready({ world: { refuses: [code] } });
  expect(await channel.send(message('n1', 'smoke'))).toMatchObject(sent);
  expect(simulated.sent).toEqual([]);
  expect(await channel.send(message('n1', 'smoke'))).toMatchObject({ type: 'accepted' });
});

test('where a part is refused, it alone and what follows is sent again', async () => {
  const { channel, simulated } = await ready({ world: { refuses: [undefined, 42] } });
  const text = '火'.repeat(150);
  expect(await channel.send(message('n1', text))).toMatchObject({ type: 'later' });
  expect(await channel.send(message('n1', text))).toMatchObject({ type: 'accepted' });
  expect(simulated.sent.map(({ part }) => part?.number)).toEqual([1, 2, 3]);
});

test('a number that was corrected between two attempts gets the whole message, in its newest words', async () => {
  const { channel, simulated } = await ready({ world: { refuses: [42, undefined, 42] } });
  await channel.send(message('n1', '火'.repeat(100)));
  await channel.send(message('n1', '烟'.repeat(100)));
  expect(await channel.send(message('n1', '烟'.repeat(100), { phone: '13900002222' }))).toMatchObject({
    type: 'accepted',
  });
  expect(simulated.sent.map(({ phone, text }) => [phone, text])).toEqual([
    ['13800001111', '烟'.repeat(67)],
    ['13900002222', '烟'.repeat(67)],
    ['13900002222', '烟'.repeat(33)],
  ]);
});

test('an attempt that took too long is not sent twice: the next one hears how it ended', async () => {
  const { channel, simulated } = await ready();
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  simulated.world.gate = gate;
  const attempt = new AbortController();
  const first = channel.send(message('n1', '火'.repeat(100), { signal: attempt.signal }));
  await until(() => simulated.commands.some((command) => command.startsWith('AT+CMGS')));
  attempt.abort();
  open();
  await first;
  const again = await channel.send(message('n1', '火'.repeat(100)));
  expect(again).toEqual({ type: 'accepted', messageId: expect.stringMatching(/-1\.2$/) });
  expect(simulated.sent).toHaveLength(2);
  await channel.send(message('n1', '火'.repeat(100)));
  expect(simulated.sent).toHaveLength(4);
});

test('while the line is busy the next way is tried at once, and life safety goes first', async () => {
  const { channel, simulated } = await ready();
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  simulated.world.gate = gate;
  const service = { severity: 'service' } as const;
  const first = channel.send(message('n0', 'visit', { notice: service }));
  await until(() => simulated.commands.some((command) => command.startsWith('AT+CMGS')));
  const waiting = [1, 2, 3, 4].map((each) => channel.send(message(`n${each}`, `visit ${each}`, { notice: service })));
  const alarm = channel.send(message('alarm', 'smoke'));
  expect(await waiting[3]).toEqual({ type: 'later', reason: 'too many messages wait for the line' });
  open();
  await Promise.all([first, alarm, ...waiting]);
  expect(simulated.sent.map(({ text }) => text)).toEqual(['visit', 'smoke', 'visit 1', 'visit 2', 'visit 3']);
});

test('a reply is read, kept, and only then taken from the SIM', async () => {
  const { simulated, heard, tick } = await ready();
  heard.isFull = true;
  simulated.receive({ phone: '+8613800001111', text: '1 到了' });
  await until(() => simulated.commands.filter((command) => command === 'AT+CMGL=4').length >= 2);
  expect([heard.replies, simulated.keeps]).toEqual([[], 1]);
  heard.isFull = false;
  await until(async () => {
    await tick(21 * SECOND_MS);
    return simulated.keeps === 0;
  });
  expect(heard.replies).toEqual([
    { id: expect.stringMatching(/^62113230210023-1-0-[0-9a-f]{4}$/), phone: '+8613800001111', text: '1 到了' },
  ]);
});

test('a reply that takes its time to be kept is told once, however often the SIM is read', async () => {
  const { simulated, heard, tick } = await ready();
  const { promise: disk, resolve: written } = Promise.withResolvers<void>();
  heard.disk = disk;
  simulated.receive({ phone: '13800001111', text: '9' });
  const looks = () => simulated.commands.filter((command) => command === 'AT+CMGL=4').length;
  const before = looks();
  await until(async () => {
    await tick(10 * SECOND_MS);
    return looks() >= before + 3;
  });
  written();
  await until(() => simulated.keeps === 0);
  expect(heard.replies).toHaveLength(1);
});

test('replies that came while nothing ran are read at the start, the same text at another time is another reply', async () => {
  const there = await modemAtHome();
  there.modem?.receive({ phone: '13800001111', text: '1', second: 1 });
  there.modem?.receive({ phone: '13800001111', text: '1', second: 2 });
  there.modem?.receive({
    phone: '13800001111',
    text: 'I am near ',
    part: { reference: 300, total: 2, number: 1, wide: true },
    second: 3,
  });
  there.modem?.receive({
    phone: '13800001111',
    text: '井西',
    part: { reference: 300, total: 2, number: 2, wide: true },
    second: 4,
  });
  there.listen();
  await until(() => there.heard.replies.length === 3);
  expect(there.heard.replies.map(({ text }) => text)).toEqual(['1', '1', 'I am near 井西']);
  expect(new Set(there.heard.replies.map(({ id }) => id)).size).toBe(3);
  await until(() => there.modem?.keeps === 0);
});

test('two neighbours who answer in one second, one after the other in the same place, are two', async () => {
  const { simulated, heard } = await ready();
  for (const phone of ['13800001111', '13900002222']) {
    simulated.receive({ phone, text: '1', second: 7 });
    await until(() => simulated.keeps === 0);
  }
  expect(heard.replies.map(({ phone }) => phone)).toEqual(['13800001111', '13900002222']);
  expect(new Set(heard.replies.map(({ id }) => id)).size).toBe(2);
});

test('a call to the line is told once, with its number', async () => {
  const { simulated, heard, tick } = await ready();
  simulated.ring('13800001111');
  await until(() => heard.calls.length > 0);
  expect(heard.calls).toEqual([{ id: expect.stringMatching(/^call-\d+$/), phone: '13800001111' }]);
  await tick(MINUTE_MS);
  simulated.ring('13900002222');
  await until(() => heard.calls.length > 1);
  expect(heard.calls.map(({ phone }) => phone)).toEqual(['13800001111', '13900002222']);
});

test('noise on the line hides no reply', async () => {
  const { channel, simulated, heard, tick } = await ready();
  simulated.noise('\x00\xff+CM\r\n\xfe\xfeTI: "SM",1\r\n');
  simulated.noise('x'.repeat(10_000));
  simulated.noise('\r\n+CDS: 25\r\nnot in hexadecimal\r\n+CMT: ,3\r\n0\r\n');
  simulated.receive({ phone: '13800001111', text: '3' });
  await until(async () => {
    await tick(21 * SECOND_MS);
    return heard.replies.length > 0;
  });
  expect(await channel.send(message('n1', 'smoke'))).toMatchObject({ type: 'accepted' });
});

test('a plug that is pulled is trouble after a minute, and a modem that comes back is used again', async () => {
  const { channel, heard, tick, line, unplug, plug } = await ready();
  await unplug();
  await until(() => line.state.phase === 'away');
  expect(await channel.send(message('n1', 'smoke'))).toMatchObject({ type: 'later', trouble: 'unreachable' });
  expect(heard.troubles).toEqual([]);
  await until(async () => {
    await tick(10 * SECOND_MS);
    return heard.troubles.length > 0;
  });
  const modem = await plug();
  await until(async () => {
    await tick(SECOND_MS);
    return line.state.phase === 'ready';
  });
  expect(heard.troubles.map(([trouble]) => trouble)).toEqual(['unreachable', 'none']);
  expect(await channel.send(message('n1', 'smoke'))).toMatchObject({ type: 'accepted' });
  expect(modem.sent).toHaveLength(1);
});

test('a modem that hangs in the middle of a message is started anew, and the message goes out', async () => {
  const { channel, simulated, clock, tick, line } = await ready();
  simulated.world.gate = new Promise(() => {});
  const sent = channel.send(message('n1', 'smoke'));
  await until(() => simulated.commands.some((command) => command.startsWith('AT+CMGS')));
  await clock.advance(61 * SECOND_MS);
  expect(await sent).toEqual({ type: 'later', reason: 'no answer to AT+CMGS', trouble: 'unreachable' });
  simulated.world.gate = Promise.resolve();
  await until(async () => {
    await tick(SECOND_MS);
    return line.state.phase === 'ready';
  });
  expect(simulated.commands).toContain('AT+CFUN=1,1');
  expect(await channel.send(message('n1', 'smoke'))).toMatchObject({ type: 'accepted' });
});

test.each([
  ['puk', {}, 'the SIM says SIM PUK'],
  ['absent', {}, 'the SIM says +CME ERROR: 10'],
  ['pin', {}, 'the SIM asks for its PIN, and none is set'],
] as const)('a SIM that is locked (%s) is told at once', async (sim, settings, reason) => {
  const there = await modemAtHome({ world: { sim }, settings });
  there.listen();
  await until(() => there.heard.troubles.length > 0);
  expect(there.heard.troubles).toEqual([['credentials', reason]]);
  expect(await there.channel.send(message('n1', 'smoke'))).toEqual({ type: 'later', reason, trouble: 'credentials' });
});

test('a PIN opens the SIM; a wrong one is tried once, because the third locks it', async () => {
  const right = await ready({ world: { sim: 'pin' }, settings: { pin: '4711' } });
  expect(await right.channel.send(message('n1', 'smoke'))).toMatchObject({ type: 'accepted' });
  const wrong = await modemAtHome({ world: { sim: 'pin' }, settings: { pin: '1234' } });
  wrong.listen();
  await until(() => wrong.heard.troubles.length > 0);
  const looks = () => wrong.modem?.commands.filter((command) => command === 'AT+CPIN?').length ?? 0;
  await until(async () => {
    await wrong.tick(10 * SECOND_MS);
    return looks() >= 4;
  });
  expect(wrong.modem?.commands.filter((command) => command.startsWith('AT+CPIN='))).toEqual(['AT+CPIN="1234"']);
  expect(wrong.heard.troubles).toEqual([['credentials', 'the SIM has refused the PIN that is set']]);
});

test('without a network nothing is tried, and messages go out when there is one; LTE is one', async () => {
  const there = await modemAtHome({ world: { isRegistered: false } });
  there.listen();
  await until(() => there.line.state.phase === 'away' && there.line.state.reason === 'the modem finds no network');
  expect(await there.channel.send(message('n1', 'smoke'))).toMatchObject({ reason: 'the modem finds no network' });
  const world = there.modem?.world;
  if (world) Object.assign(world, { isRegistered: true, isLteOnly: true });
  await until(async () => {
    await there.tick(5 * SECOND_MS);
    return there.line.state.phase === 'ready';
  });
  expect(await there.channel.send(message('n1', 'smoke'))).toMatchObject({ type: 'accepted' });
});

test('a modem that is not there yet, or says nothing, is looked for on and on', async () => {
  const there = await modemAtHome({ plugged: false });
  there.listen();
  await until(() => there.line.state.phase === 'away' && there.line.state.reason.includes('cannot be opened'));
  const modem = await there.plug({ isSilent: true });
  await until(async () => {
    await there.tick(SECOND_MS);
    return there.line.state.phase === 'away' && there.line.state.reason.includes('does not answer');
  });
  modem.world.isSilent = false;
  await until(async () => {
    await there.tick(SECOND_MS);
    return there.line.state.phase === 'ready';
  });
});

test('a number that is none, a landline, and 119, are sent nothing', async () => {
  const { channel, simulated } = await ready();
  for (const phone of ['119', '0479110', '138\rATD110;', '0479 5112349', '+86 479 5112349']) {
    expect(await channel.send(message('n1', 'smoke', { phone, notice: { severity: 'service' } }))).toMatchObject({
      type: 'refused',
    });
  }
  expect(simulated.sent).toEqual([]);
});
