import { createRequire } from 'node:module';
import type { AddressInfo, Server } from 'node:net';

/** What the tests use of the package `smpp`, another author's centre; it has no types of its own. */
export type PeerPdu = Record<string, unknown> & {
  command: string;
  command_status: number;
  response(fields?: Record<string, unknown>): PeerPdu;
};
export type PeerSession = {
  on(event: string, listener: (pdu: PeerPdu) => void): void;
  send(pdu: PeerPdu): boolean;
  deliver_sm(fields: Record<string, unknown>, answered?: (pdu: PeerPdu) => void): boolean;
  enquire_link(answered: (pdu: PeerPdu) => void): boolean;
  unbind(answered: (pdu: PeerPdu) => void): boolean;
  data_sm(fields: Record<string, unknown>, answered: (pdu: PeerPdu) => void): boolean;
  destroy(): void;
  socket: { write(bytes: Uint8Array): void };
};
const { createServer } = createRequire(import.meta.url)('smpp') as {
  createServer(options: object, listener: (session: PeerSession) => void): Server;
};

export type Center = {
  got: PeerPdu[];
  sessions: PeerSession[];
  port: number;
  /** The same for requests of one kind; nothing: it does not answer. */
  answers: Record<string, (pdu: PeerPdu, session: PeerSession) => Record<string, unknown> | undefined>;
  stop(): Promise<void>;
};

/** A centre on loopback that knows one account, and notes what it gets, until `stop`. */
export async function openCenter({
  options = {},
  port = 0,
}: {
  options?: object;
  port?: number;
} = {}): Promise<Center> {
  let ids = 0;
  const answers: Center['answers'] = {
    bind_transceiver: (pdu) => ({ command_status: pdu.system_id === 'county' && pdu.password === 'secret' ? 0 : 0x0e }),
    submit_sm: () => {
      ids += 1;
      return { message_id: `M${ids}` };
    },
    enquire_link: () => ({}),
    unbind: () => ({}),
  };
  const got: PeerPdu[] = [];
  const sessions: PeerSession[] = [];
  const server = createServer(options, (session) => {
    sessions.push(session);
    // Without a listener the package ends the process.
    session.on('error', () => {});
    session.on('pdu', (pdu) => {
      if (pdu.command.endsWith('_resp')) return;
      got.push(pdu);
      const fields = answers[pdu.command]?.(pdu, session);
      if (fields) session.send(pdu.response(fields));
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const stop = async () => {
    for (const session of sessions) session.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  return { got, sessions, port: (server.address() as AddressInfo).port, answers, stop };
}
