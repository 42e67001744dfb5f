import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, systemClock } from '../../platform/clock.ts';
import { type Log, systemLog } from '../../platform/log.ts';
import { createMetrics } from '../../platform/metrics.ts';
import { lastOnes, openPushDoor, Rate, secretCheck, turnAway } from '../../platform/push-door.ts';
import type { Inbound } from '../../responders/channel.ts';
import { createModemChannel } from '../../responders/channels/modem/modem.ts';
import { ModemLine } from '../../responders/channels/modem/modem-line.ts';
import { createModemRingChannel } from '../../responders/channels/modem/modem-ring.ts';
import { exitWith } from '../exit.ts';
import { createCalling } from './calling.ts';
import { type DeadManSettings, readDeadManSettings } from './dead-man-settings.ts';
import { keepVigil, type Vigil } from './vigil.ts';

const usage = `usage: npm run dead-man -- FILE               (waits for pings, and calls people when none come)
       npm run dead-man -- FILE --say TEXT    (sends TEXT to every telephone of the file once, to try the modem)
`;

/**
 * `npm run dead-man`, on a second machine: an HTTP listener with a secret path, and a modem. It needs no journal, no registry and no
 * database. Source: docs/operation.md, "Dead man's handle".
 */
export async function openDeadMan(settings: DeadManSettings, { clock, log, died }: DeadManParts) {
  const line = new ModemLine(settings.modem, { clock, log });
  const sms = createModemChannel({ id: 'dead-man' }, { line, clock, log });
  const ring = createModemRingChannel(
    { id: 'ring', modem: 'dead-man', seconds: settings.ringSeconds },
    { line, clock },
  );
  const { phones, name, language } = settings;
  const calling = createCalling({ phones, sms, ring, clock, log, name, language });
  let vigil: Vigil | undefined;
  sms.listen?.(answersOf(calling.isOurs, () => vigil?.answered(), log));
  return {
    say: calling.say,
    ready: async (): Promise<boolean> => {
      for (let looks = 0; looks < 60 && line.state.phase !== 'ready'; looks++) await later(clock, 1_000);
      return line.state.phase === 'ready';
    },
    async begin() {
      const { minutes, listen, path } = settings;
      const watching = keepVigil({ minutes, tell: calling.tell, clock, log });
      vigil = watching;
      const take = pingsAt(path, watching, clock);
      const limits = { connections: 50, requestMs: 10_000, closeMs: 1_000 };
      const door = await openPushDoor({ listen, limits, take, died, clock, log, metrics: createMetrics() });
      log.info({ listen: door.address(), minutes }, 'listening for signs of life');
      return { address: door.address(), isCalling: watching.isCalling, close: () => door.close() };
    },
    async close(): Promise<void> {
      vigil?.stop();
      await sms.close?.();
    },
  };
}
type DeadManParts = { clock: Clock; log: Log; died: (error: unknown) => void };

/** Whoever knows the path says that all is well; everybody else learns nothing, and not often. */
function pingsAt(path: string, vigil: Vigil, clock: Clock) {
  const isOurs = secretCheck(`/${path}`);
  const rate = new Rate({ clock, perSecond: 10, burst: 50 });
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!rate.take()) return turnAway(response, 429);
    if (!isOurs(request.url ?? '') || !['GET', 'POST', 'HEAD'].includes(request.method ?? ''))
      return turnAway(response, 404);
    vigil.heard();
    request.resume();
    response.writeHead(200, { 'content-type': 'text/plain', ...lastOnes }).end('heard\n');
  };
}

/** A text of one of the telephones that were called is an answer; nothing else that comes in means anything here. */
function answersOf(isOurs: (phone: string) => boolean, answered: () => void, log: Log): Inbound {
  return {
    async receipt() {},
    async missedCall() {},
    async reply(_channel, { phone }) {
      if (isOurs(phone)) answered();
    },
    async trouble(_channel, trouble, reason) {
      if (trouble !== 'none') log.error({ trouble, reason }, 'the modem cannot be used');
    },
  };
}

function later(clock: Clock, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  clock.after(ms, resolve);
  return promise;
}

async function main([file, option, text, ...more]: string[]): Promise<void> {
  if (file === undefined || more.length > 0 || (option !== undefined && (option !== '--say' || !text))) {
    process.stderr.write(usage);
    process.exit(64);
  }
  const log = systemLog('dead-man', 'info');
  const deadMan = await openDeadMan(readDeadManSettings(file), { clock: systemClock, log, died: exitWith });
  if (text !== undefined) {
    const isSaid = (await deadMan.ready()) && (await deadMan.say(text));
    await deadMan.close();
    process.exit(isSaid ? 0 : 1);
  }
  const door = await deadMan.begin();
  const end = async () => {
    await Promise.all([door.close(), deadMan.close()]);
    process.exit(0);
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
}

if (import.meta.main) await main(process.argv.slice(2)).catch(exitWith);
