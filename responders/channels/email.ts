import { createTransport } from 'nodemailer';
import { z } from 'zod';
import type { Window } from '../../records/providers.ts';
import { type Channel, type Message, misconfigured, type Sent } from '../channel.ts';
import type { MessageText } from '../texts/message.ts';

/**
 * `security`: TLS from the first byte, by STARTTLS (refused where the server has none), or none at all, which is for a server on this machine.
 * `ca`: a certificate in PEM that the server's is checked by, instead of the system's. `from`: an address alone. `password` is a secret.
 */
export const emailSettings = z
  .strictObject({
    host: z.string().min(1),
    port: z.number().int().min(1).max(65_535).default(587),
    security: z.enum(['tls', 'starttls', 'none']).default('starttls'),
    ca: z.string().includes('BEGIN CERTIFICATE').optional(),
    user: z.string().min(1).optional(),
    password: z.string().min(1).optional(),
    from: z.email(),
  })
  .refine(({ user, password }) => (user === undefined) === (password === undefined), 'user and password go together')
  .refine(({ security, host }) => security !== 'none' || /^(localhost|127\.|::1$)/.test(host), {
    message: 'without TLS only a server on this machine is used',
    path: ['security'],
  });
export type EmailSettings = z.infer<typeof emailSettings>;

/**
 * Plain text over SMTP: accepted when the server took it. The Message-ID comes from the idempotency id, so that a mailbox that has the first
 * attempt knows the second.
 */
export function createEmailChannel({ id, ...settings }: EmailSettings & { id: string }): Channel {
  const { host, port, security, ca, user, password, from } = settings;
  const domain = from.split('@')[1] ?? 'localhost';
  const transport = createTransport({
    ...{ host, port, secure: security === 'tls', requireTLS: security === 'starttls', ignoreTLS: security === 'none' },
    ...(user !== undefined && password !== undefined && { auth: { user, pass: password } }),
    ...(ca !== undefined && { tls: { ca } }),
    // An attempt lasts 15 s. Whatever is slower must not hold a connection beyond it.
    ...{ connectionTimeout: 5_000, greetingTimeout: 5_000, socketTimeout: 10_000, dnsTimeout: 5_000 },
    // What is sent is text of ours; nothing in it may ever name a file or an address to be fetched.
    ...{ disableFileAccess: true, disableUrlAccess: true },
  });
  return {
    name: `email:${id}`,
    async send(message) {
      const { address, idempotencyId, text, notice } = message;
      if (address.type !== 'email') throw new Error(`an e-mail cannot be sent to ${address.type}`);
      if (!z.email().safeParse(address.address).success) return misconfigured(notice, 'not an e-mail address');
      const messageId = `<${idempotencyId}@${domain}>`;
      try {
        await transport.sendMail({
          signal: message.signal,
          ...{ from: { name: '', address: from }, to: { name: '', address: address.address }, messageId },
          ...{ subject: text.title, text: bodyOf(text) },
          // No holiday reply comes back, and phones show it among what matters.
          headers: {
            'Auto-Submitted': 'auto-generated',
            ...(notice.severity === 'critical' && { Importance: 'high' }),
          },
        });
        return { type: 'accepted', messageId };
      } catch (error) {
        return judge(error, notice);
      }
    },
    close: () => transport.close(),
  };
}

/** A server's own limits are its own; this keeps one mailbox readable. */
export const emailWindows: readonly Window[] = [{ per: 'target', count: 60, perMs: 3_600_000 }];

const bodyOf = ({ body, link }: MessageText): string => (link === undefined ? body : `${body}\n\n${link}`);

/**
 * 4xx passes, 5xx does not. Source: RFC 5321, 4.2.1 and 4.2.3; RFC 4954, 6 (530, 534, 535, 538 are about who we are).
 */
function judge(error: unknown, notice: Message['notice']): Sent {
  const { code = '', responseCode: status, command = '', message: words = '' } = error as Failure;
  // A server without TLS may say so with a number of its own, and it is not about the message.
  if (status === undefined || code === 'ETLS') {
    return { type: 'later', reason: `${code || 'no answer'}: ${words.slice(0, 120)}`, trouble: 'unreachable' };
  }
  const reason = `SMTP ${status}${command ? ` to ${command.split(' ')[0]}` : ''}`;
  if (code === 'EAUTH' || [530, 534, 535, 538].includes(status))
    return { type: 'later', reason, trouble: 'credentials' };
  if (status >= 500) return misconfigured(notice, reason);
  return { type: 'later', reason, ...(status === 421 && { trouble: 'unreachable' as const }) };
}
type Failure = { code?: string; responseCode?: number; command?: string; message?: string };
