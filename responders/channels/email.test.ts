import { type AddressInfo, createServer, type Socket } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { Authority, type Issued } from '../../broker/authority.test-support.ts';
import type { Notice } from '../../records/notice.ts';
import { idempotencyId } from '../channel.ts';
import { notice, registry } from '../home.test-support.ts';
import { countyTime } from '../texts/county-time.ts';
import { type MessageText, messageText } from '../texts/message.ts';
import { createEmailChannel, emailSettings } from './email.ts';

let issued: Issued;
let ca: string;
beforeAll(async () => {
  const authority = await Authority.make('Mail');
  ca = authority.certificate.toString('pem');
  issued = await authority.issue({ name: 'localhost', dns: ['localhost'] });
});

const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

const refusal = (responseCode: number) => Object.assign(new Error('no'), { responseCode });

/** A server on loopback that knows one account and one mailbox, and notes what it takes. */
async function server(options: SMTPServerOptions = {}) {
  const got: { from: string; to: string[]; mail: string; isSecure: boolean }[] = [];
  const smtp = new SMTPServer({
    ...{ cert: issued.cert, key: issued.key, logger: false, closeTimeout: 100 },
    onAuth: ({ username, password }, _session, callback) =>
      username === 'county' && password === 'secret' ? callback(null, { user: 'county' }) : callback(refusal(535)),
    onRcptTo: ({ address }, _session, callback) => callback(address === 'station@example.org' ? null : refusal(550)),
    onData(stream, { envelope, secure }, callback) {
      let mail = '';
      stream.on('data', (bytes: Buffer) => {
        mail += bytes.toString('utf8');
      });
      stream.on('end', () => {
        const from = envelope.mailFrom ? envelope.mailFrom.address : '';
        got.push({ from, to: envelope.rcptTo.map(({ address }) => address), mail, isSecure: secure });
        callback();
      });
    },
    ...options,
  });
  smtp.on('error', () => {});
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
  ending.push(() => new Promise<void>((resolve) => smtp.close(() => resolve())));
  return { got, port: (smtp.server.address() as AddressInfo).port };
}

function channelTo(port: number, changes: Record<string, unknown> = {}) {
  const plain = { host: 'localhost', port, ca, user: 'county', password: 'secret', from: 'alarm@county.example' };
  const channel = createEmailChannel({ id: 'county', ...emailSettings.parse({ ...plain, ...changes }) });
  ending.push(() => channel.close?.());
  return channel;
}

function send(
  channel: ReturnType<typeof channelTo>,
  { of = notice('n1'), to = 'station@example.org', ...others }: Sending = {},
) {
  const text = messageText(of, {
    language: 'zh-CN',
    registry,
    time: countyTime('Asia/Shanghai'),
    now: of.at,
    provisional: false,
  });
  const { signal = new AbortController().signal, words = {} } = others;
  const id = idempotencyId(of.noticeId, 'email:county');
  return channel.send({
    idempotencyId: id,
    notice: of,
    text: { ...text, ...words },
    address: { type: 'email', address: to },
    signal,
  });
}
type Sending = { of?: Notice; to?: string; signal?: AbortSignal; words?: Partial<MessageText> };

const headerOf = (mail = '', name: string) =>
  new RegExp(`^${name}:(.*(?:\\r?\\n\\s.*)*)`, 'im').exec(mail)?.[1]?.replaceAll(/\s+/g, ' ').trim();
const contentOf = (mail = '') => {
  const body = mail.slice(mail.indexOf('\r\n\r\n') + 4);
  if (headerOf(mail, 'content-transfer-encoding') === 'base64') return Buffer.from(body, 'base64').toString('utf8');
  return body;
};

test('a station reads a plain text, over TLS, from the account that was set', async () => {
  const there = await server();
  const sent = await send(channelTo(there.port));
  const [mail] = there.got;
  expect(mail).toMatchObject({ from: 'alarm@county.example', to: ['station@example.org'], isSecure: true });
  expect(headerOf(mail?.mail, 'content-type')).toMatch(/^text\/plain; charset=utf-8/);
  expect(headerOf(mail?.mail, 'auto-submitted')).toBe('auto-generated');
  expect(contentOf(mail?.mail)).toContain('K7QM');
  expect(mail?.mail).not.toMatch(/html|tuya|Bao/i);
  const messageId = headerOf(mail?.mail, 'message-id');
  expect(messageId).toBe(`<${idempotencyId('n1', 'email:county')}@county.example>`);
  expect(sent).toEqual({ type: 'accepted', messageId });
});

test('two attempts are one message to a mailbox', async () => {
  const there = await server();
  const channel = channelTo(there.port);
  await send(channel);
  await send(channel);
  const ids = there.got.map(({ mail }) => headerOf(mail, 'message-id'));
  expect(ids).toEqual([expect.stringContaining('msg_'), ids[0]]);
});

test('TLS from the first byte is spoken where it is set', async () => {
  const there = await server({ secure: true });
  expect(await send(channelTo(there.port, { security: 'tls' }))).toMatchObject({ type: 'accepted' });
  expect(there.got[0]?.isSecure).toBe(true);
});

test('a server without TLS gets neither password nor message, and one that nobody vouches for neither', async () => {
  const bare = await server({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'] });
  expect(await send(channelTo(bare.port))).toMatchObject({ type: 'later', trouble: 'unreachable' });
  const unknown = await server();
  expect(await send(channelTo(unknown.port, { ca: undefined }))).toMatchObject({
    type: 'later',
    trouble: 'unreachable',
  });
  expect([bare.got, unknown.got]).toEqual([[], []]);
});

test('a wrong password is trouble with the credentials', async () => {
  const there = await server();
  expect(await send(channelTo(there.port, { password: 'wrong' }))).toEqual({
    ...{ type: 'later', reason: 'SMTP 535 to AUTH', trouble: 'credentials' },
  });
});

test.each([421, 450, 451, 452])('an answer of %i passes', async (code) => {
  const there = await server({ onRcptTo: (_address, _session, callback) => callback(refusal(code)) });
  expect(await send(channelTo(there.port))).toMatchObject({
    type: 'later',
    reason: expect.stringContaining(String(code)),
  });
});

test('a mailbox that does not exist is for people to mend: refused, and for life safety tried on', async () => {
  const there = await server();
  const channel = channelTo(there.port);
  expect(await send(channel, { to: 'gone@example.org' })).toMatchObject({ type: 'later', retryAfterMs: 60_000 });
  const service = notice('n2', { severity: 'service' });
  expect(await send(channel, { to: 'gone@example.org', of: service })).toMatchObject({
    type: 'refused',
    reason: 'SMTP 550 to RCPT',
  });
});

test.each([
  'station@example.org, other@example.org',
  'x\r\nRCPT TO:<a@b.c>',
  'station',
  '',
  'Desk <station@example.org>',
])('the address %j sends nothing', async (to) => {
  const there = await server();
  expect(await send(channelTo(there.port), { to, of: notice('n1', { severity: 'service' }) })).toMatchObject({
    type: 'refused',
  });
  expect(there.got).toEqual([]);
});

test('what devices and people wrote makes no header and no markup', async () => {
  const there = await server();
  const words = {
    title: 'smoke\r\nBcc: all@example.org\r\n\r\nhello',
    body: 'first\r\n.\r\nRCPT TO:<a@b.c>\n<script>x</script>',
  };
  await send(channelTo(there.port), { words });
  const [mail] = there.got;
  expect(mail?.to).toEqual(['station@example.org']);
  expect(headerOf(mail?.mail, 'bcc')).toBeUndefined();
  expect(headerOf(mail?.mail, 'subject')).toBe('smoke Bcc: all@example.org hello');
  expect(contentOf(mail?.mail)).toContain('first\r\n.\r\nRCPT TO:<a@b.c>\r\n<script>');
  expect(there.got).toHaveLength(1);
});

test('a server that hangs is let go when the attempt is over', async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => void sockets.push(socket));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  ending.push(() => silent.close());
  const attempt = new AbortController();
  const sent = send(channelTo((silent.address() as AddressInfo).port), { signal: attempt.signal });
  await expect.poll(() => sockets.length).toBe(1);
  const closed = new Promise((resolve) => sockets[0]?.once('close', resolve).resume());
  attempt.abort();
  expect(await sent).toMatchObject({ type: 'later', reason: expect.stringContaining('EABORT') });
  await closed;
});

test('a server that is not there is tried later', async () => {
  expect(await send(channelTo(1))).toMatchObject({ type: 'later', trouble: 'unreachable' });
});

test.each([
  [{ security: 'none' }, 'without TLS'],
  [{ host: 'mail.example.org', security: 'none' }, 'without TLS'],
  [{ from: 'nobody' }, 'email'],
  [{ user: undefined }, 'go together'],
])('settings of %j', (changes, complaint) => {
  const plain = { host: '127.0.0.1', user: 'county', password: 'secret', from: 'alarm@county.example' };
  const parsed = emailSettings.safeParse({ ...plain, ...changes });
  if (Object.keys(changes).join() === 'security') expect(parsed.success).toBe(true);
  else expect(JSON.stringify(parsed.error?.issues)).toContain(complaint);
});
