import { type Broker, startBroker } from '../broker/broker.ts';
import type { BrokerLimits } from '../broker/limits.ts';
import type { TopicRights } from '../broker/topic-rights.ts';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { systemChance } from '../platform/random.ts';

/** Anybody may do anything that MQTT 3.1.1 has; nobody speaks for the broker on `$SYS`. */
export const openRights: TopicRights = {
  accepts: () => true,
  takesWills: true,
  // The filters that the interoperability tests of Eclipse Paho expect to be refused, by version.
  maySubscribe: (_sender, filter) => filter !== 'nosubscribe' && filter !== 'test/nosubscribe',
  routes: (topic) => !topic.startsWith('$SYS/'),
  waits: () => true,
};

/** As far as MQTT itself goes, where a county's devices need less. */
export const openLimits: Partial<BrokerLimits> = {
  maxPacketBytes: 16 * 1024 * 1024,
  subscriptionsPerDevice: 10_000,
  maxTopicLength: 65_535,
  maxTopicLevels: 1_000,
  receivedPerDevice: 65_535,
  inFlight: 1_000,
  sessionMessages: 100_000,
  sessionBytes: 64 * 1024 * 1024,
  sessionsBytes: 256 * 1024 * 1024,
  outgoingBytes: 64 * 1024 * 1024,
  connectsPerMinutePerDevice: 1_000_000,
  connectsBurstPerDevice: 1_000_000,
};

/**
 * The product's broker with open rights and no journal, for suites that ask it for all of MQTT. It listens to this machine alone.
 * With a login, those who say another are refused with code 4, and those who say none are let in.
 */
export function startConformanceBroker({ port, login }: { port: number; login?: string | undefined }): Promise<Broker> {
  return startBroker({
    listen: { host: '127.0.0.1', port },
    log: silentLog,
    metrics: createMetrics(),
    clock: systemClock,
    chance: systemChance,
    credentials: {
      check({ username, password }) {
        const said = `${username}:${Buffer.from(password).toString()}`;
        return login === undefined || said === login || said === ':' ? 'registered' : 'refused';
      },
    },
    keep: async () => {},
    rights: openRights,
    limits: openLimits,
  });
}
