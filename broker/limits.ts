/**
 * What one broker holds and waits for at most. Units are in the names.
 * Source: docs/decisions/0007-broker-around-aedes.md
 */
export type BrokerLimits = {
  /** The largest MQTT packet, headers included but for the first five bytes; also before CONNECT. */
  maxPacketBytes: number;
  connections: number;
  /** NB-IoT operators put whole counties behind one address, so this is nearly `connections`. */
  connectionsPerAddress: number;
  /** Sockets that have not been authenticated yet: what a stranger can occupy. */
  connecting: number;
  connectingPerAddress: number;
  connectMs: number;
  /** With all those places taken, whoever is silent for longer than this makes room for the next. */
  connectGraceMs: number;
  /** New connections, as a token bucket. */
  connectsPerSecond: number;
  connectsBurst: number;
  /** The same while the journal is stalled, and for `readmissionMs` after it. */
  readmissionsPerSecond: number;
  readmissionMs: number;
  /** A longer keepalive, or none, is shortened to this. */
  keepaliveSeconds: number;
  subscriptionsPerDevice: number;
  /** Publishes of one device that wait for the journal; past it its socket is not read. */
  waitingPerDevice: number;
  /**
   * Payloads that wait for the journal. From a half of it senders are not read on; past three quarters telemetry is refused and its
   * sender cut, life safety past the whole.
   */
  waitingBytes: number;
  /** Publishes that wait for the journal; the shares are the same. */
  waitingPublishes: number;
  /** How long a publish waits for the journal before its sender is cut, spread over about `stallSpreadMs`. */
  stallMs: number;
  stallSpreadMs: number;
  /** How often a publish that the journal refused for now is offered to it again. */
  retryMs: number;
  retriesAtOnce: number;
  /** How often waiting publishes are looked at: keepalive, stall. */
  checkMs: number;
  /** A reader that takes nothing for this long, or is this far behind, is cut. */
  drainMs: number;
  outgoingBytes: number;
  /** How long a graceful stop waits for the journal. */
  closeMs: number;
};

export const defaultLimits: BrokerLimits = {
  maxPacketBytes: 16 * 1024,
  connections: 16_000,
  connectionsPerAddress: 14_000,
  connecting: 2_000,
  connectingPerAddress: 1_000,
  connectMs: 10_000,
  connectGraceMs: 1_000,
  connectsPerSecond: 2_000,
  connectsBurst: 4_000,
  readmissionsPerSecond: 200,
  readmissionMs: 30_000,
  keepaliveSeconds: 3 * 3600,
  subscriptionsPerDevice: 8,
  waitingPerDevice: 32,
  waitingBytes: 64 * 1024 * 1024,
  waitingPublishes: 100_000,
  stallMs: 20_000,
  stallSpreadMs: 5_000,
  retryMs: 250,
  retriesAtOnce: 1_000,
  checkMs: 1_000,
  drainMs: 10_000,
  outgoingBytes: 256 * 1024,
  closeMs: 3_000,
};
