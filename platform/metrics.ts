import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Everything that can be watched, in one table. A component receives the whole and uses what is its own. */
export type Metrics = ReturnType<typeof createMetrics>;

/** Metrics of one process, in a registry of its own. Units are in the names: `_seconds`, `_bytes`, `_total`. */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter({ name: `steppewatch_${name}`, help, labelNames, registers });
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge({ name: `steppewatch_${name}`, help, labelNames, registers });
  const histogram = <L extends string>(name: string, help: string, buckets: number[], labelNames: readonly L[] = []) =>
    new Histogram({ name: `steppewatch_${name}`, help, labelNames, buckets, registers });
  return {
    registry,
    reportsAccepted: counter('reports_accepted_total', 'Reports that were journalled and acknowledged'),
    claimsRefused: counter('claims_refused_total', 'Claims of devices that were refused, by reason', ['reason']),
    reportsRejected: counter('reports_rejected_total', 'Reports that could not be read, by reason', ['reason']),
    publishesRefused: counter('publishes_refused_total', 'Publishes that were not journalled, by reason', ['reason']),
    messagesDropped: counter('messages_dropped_total', 'Messages to clients that were not delivered, by reason', [
      'reason',
    ]),
    packetIdsForgotten: counter(
      'packet_ids_forgotten_total',
      'Publishes at QoS 2 that were not released, past the bound: repeats of them count as new',
    ),
    subscriptionsRefused: counter('subscriptions_refused_total', 'Subscriptions that were refused, by reason', [
      'reason',
    ]),
    sessionsEnded: counter('sessions_ended_total', 'Sessions that ended while their client was away, by reason', [
      'reason',
    ]),
    sessionsAway: gauge('sessions_away', 'Sessions that are kept for clients that are away'),
    sessionBytes: gauge('session_bytes', 'Bytes of the messages that wait for clients'),
    devicesSlowed: counter('devices_slowed_total', 'Times a device was not read on because it published too fast', [
      'class',
    ]),
    carrierPushes: counter('carrier_pushes_total', 'Messages pushed by carrier platforms, by what became of them', [
      'carrier',
      'outcome',
    ]),
    providerPushes: counter(
      'provider_pushes_total',
      'Receipts and replies that providers of messages pushed, by what became of them',
      ['provider', 'outcome'],
    ),
    carrierOpeningsFailed: counter(
      'carrier_openings_failed_total',
      "Attempts to open the carriers' way in that failed, and will be made again",
    ),
    connectionsRefused: counter('connections_refused_total', 'Connections that were refused or cut, by reason', [
      'reason',
    ]),
    connections: gauge('connections', 'Devices that are connected now'),
    connectionsWaiting: gauge('connections_waiting', 'Connections that wait for their turn to come in'),
    tlsCertificateDaysLeft: gauge('tls_certificate_days_left', 'Days until the certificate of the broker ends'),
    tlsFilesRefused: gauge('tls_files_refused', '1 while the files for TLS cannot be used and those before are kept'),
    journalSync: histogram(
      'journal_sync_seconds',
      'Time of one write and sync of the journal',
      [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2],
    ),
    journalWaiting: gauge('journal_waiting', 'Records that wait for the disk'),
    journalBytes: gauge('journal_bytes', 'Bytes that the journal keeps'),
    journalFreeBytes: gauge('journal_free_bytes', 'Bytes free on the disk of the journal'),
    journalReserveInUse: gauge('journal_reserve_in_use', '1 while there is so little room that telemetry is refused'),
    keysUndestroyed: gauge('keys_undestroyed', '1 while keys that were destroyed are still on their disk'),
    eventLoopDelay: gauge('event_loop_delay_seconds', 'Delay of the event loop over the last interval', [
      'quantile',
      'process',
    ]),
    followerLagRecords: gauge('follower_lag_records', 'Records between a follower and the journal head', ['follower']),
    followerLagSeconds: gauge('follower_lag_seconds', 'Age of the first record that a follower has not read', [
      'follower',
    ]),
    influxPoints: counter('influx_points_total', 'Reports for InfluxDB, by what became of them', ['outcome']),
    influxRecordsLost: counter(
      'influx_records_lost_total',
      'Records that were gone from the journal, or could not be read, before they came to InfluxDB',
    ),
    rollUpsDue: gauge(
      'roll_ups_due',
      'Hours and days of reports that could be rolled up in the database, and are not yet',
    ),
    upkeepFailures: counter('upkeep_failures_total', 'Turns of the upkeep of the database that failed'),
    deadlines: gauge('deadlines', 'Deadlines that rules and incidents wait for'),
    alerts: counter('alerts_total', 'Alerts that were raised, by rule', ['rule']),
    incidentsOpen: gauge('incidents_open', 'Incidents that are not resolved, by severity', ['severity']),
    receipts: counter('receipts_total', 'What providers told later of messages that they had accepted, by channel', [
      'channel',
      'result',
    ]),
    replies: counter('replies_total', 'Answers that came in from telephones, by channel and what was understood', [
      'channel',
      'answer',
    ]),
    notices: counter('notices_total', 'Attempts to deliver a notice, by channel and outcome', ['channel', 'outcome']),
    deadManPings: counter(
      'dead_man_pings_total',
      'Minutes in which somebody outside was to hear that all is well, by what came of it: answered, unanswered, withheld',
      ['outcome'],
    ),
    deadManAnswered: gauge(
      'dead_man_answered_timestamp_seconds',
      'When somebody outside last heard that all is well, seconds since 1970; 0: not since the start',
    ),
    outgoingEvents: counter('outgoing_events_total', 'Events to subscribed programs, by what became of each attempt', [
      'outcome',
    ]),
    outgoingEventsWaiting: gauge('outgoing_events_waiting', 'Events that wait for their receivers'),
    downlinks: counter('device_commands_total', 'Commands to devices, by what they came to', ['command', 'outcome']),
    receiptToNotice: histogram(
      'receipt_to_notice_seconds',
      'From the receipt of a report to the first attempt of its first notice',
      [0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5, 20, 60],
    ),
    looks: counter('looks_total', 'Looks at personal data that went on record, by how', ['how']),
    auditEntries: counter('audit_entries_total', 'Entries of the account of looks and changes that were written'),
    reportsWithheld: counter(
      'reports_withheld_total',
      'Reports of which nothing was kept, because the person took back their consent',
    ),
    looksLost: counter('looks_lost_total', 'Looks at personal data that are not on record: too many waited'),
    signIns: counter('sign_ins_total', 'Attempts to sign in, by outcome', ['outcome']),
    requestsDenied: counter('requests_denied_total', 'Requests of the API that were refused, by reason', ['reason']),
    quarantined: counter('quarantined_total', 'Records that a follower skipped because it died of them', ['follower']),
  };
}
