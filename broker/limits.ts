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
  /**
   * Sockets that were let in and have not been authenticated yet: what strangers can occupy. After a power cut these are all devices
   * behind one address, each for as long as its handshake takes, so that they are nearly `connections`. Measured, one in the middle of
   * its handshake holds 75 KB, and 50 KB when it is done: all of them 1.1 GB.
   */
  connecting: number;
  connectingPerAddress: number;
  connectMs: number;
  /** With all those places taken, whoever is not heard for longer than this, up to twice, makes room for the next. */
  connectGraceMs: number;
  /** The share of `connections`, and of those that may wait, that only smoke detectors get, at their own door. */
  reservedShare: number;
  /** New connections, as a token bucket. */
  connectsPerSecond: number;
  connectsBurst: number;
  /** The same for one address. */
  connectsPerSecondPerAddress: number;
  connectsBurstPerAddress: number;
  /** And for one device, after it has said who it is: one that connects in a loop is told to wait. */
  connectsPerMinutePerDevice: number;
  connectsBurstPerDevice: number;
  /** TLS handshakes: a full one takes the processor 1.4 ms. In one turn of the event loop only so many begin, so that alarms pass between. */
  handshakesPerSecond: number;
  handshakesPerTurn: number;
  /** From the first byte to the last of a handshake; NB-IoT at the edge of its cell needs ten seconds. */
  handshakeMs: number;
  /** Connections that wait for their turn, all together and from one address, and for how long. */
  waitingConnects: number;
  waitingConnectsPerAddress: number;
  waitMs: number;
  /** The same while the journal is stalled, and for `readmissionMs` after it. */
  readmissionsPerSecond: number;
  readmissionMs: number;
  /** A longer keepalive, or none, is shortened to this. */
  keepaliveSeconds: number;
  subscriptionsPerDevice: number;
  /** Longer topics, in UTF-16 units, and deeper ones are no topics of ours: who publishes to one is cut, a filter is refused. */
  maxTopicLength: number;
  maxTopicLevels: number;
  /** Publishes at QoS 2 that a client has not released. */
  receivedPerDevice: number;
  /** Messages of QoS 1 and 2 that are sent to a client and not acknowledged; more wait. */
  inFlight: number;
  /** How long a session with clean session 0 outlives its connection, and how many such sessions are kept. */
  sessionExpiryMs: number;
  sessionsAway: number;
  /** Messages that wait for one client, and their bytes while it is away: at most `outgoingBytes`. */
  sessionMessages: number;
  sessionBytes: number;
  /** What waits for all clients; past it sessions end, the one that left first goes first. */
  sessionsBytes: number;
  retainedMessages: number;
  retainedBytes: number;
  /** Reports of one device, one for every KiB begun, as a bucket that holds `burst`; those on which life hangs have one of their own. */
  telemetryPerSecond: number;
  telemetryBurst: number;
  lifeSafetyPerSecond: number;
  lifeSafetyBurst: number;
  /** A device with an empty bucket is not read for a while. One that is further ahead of its rate than this is cut. */
  aheadMs: number;
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
  connecting: 15_000,
  connectingPerAddress: 14_000,
  connectMs: 10_000,
  connectGraceMs: 3_000,
  reservedShare: 1 / 16,
  connectsPerSecond: 2_000,
  connectsBurst: 4_000,
  connectsPerSecondPerAddress: 1_500,
  connectsBurstPerAddress: 3_000,
  connectsPerMinutePerDevice: 60,
  connectsBurstPerDevice: 300,
  handshakesPerSecond: 1_000,
  handshakesPerTurn: 8,
  handshakeMs: 20_000,
  waitingConnects: 12_000,
  waitingConnectsPerAddress: 10_500,
  waitMs: 10_000,
  readmissionsPerSecond: 200,
  readmissionMs: 30_000,
  keepaliveSeconds: 3 * 3600,
  subscriptionsPerDevice: 8,
  maxTopicLength: 256,
  maxTopicLevels: 16,
  receivedPerDevice: 1_000,
  inFlight: 100,
  sessionExpiryMs: 24 * 3_600_000,
  sessionsAway: 20_000,
  sessionMessages: 1_000,
  sessionBytes: 128 * 1024,
  sessionsBytes: 64 * 1024 * 1024,
  retainedMessages: 10_000,
  retainedBytes: 16 * 1024 * 1024,
  telemetryPerSecond: 1_000,
  telemetryBurst: 5_000,
  lifeSafetyPerSecond: 100,
  lifeSafetyBurst: 1_000,
  aheadMs: 10_000,
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
