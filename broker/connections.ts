import type { Client } from 'aedes';
import type { Metrics } from '../platform/metrics.ts';
import type { ClientInside } from './aedes-inside.ts';
import { openSession, type Session } from './intake.ts';
import type { Arrival } from './listen.ts';
import type { Sender } from './topic-rights.ts';

/** Every open connection, before and after it said who it is. */
export class Connections {
  readonly #gauge: Metrics['connections'];
  readonly #arrivals = new Map<Client, Arrival>();
  readonly #sessions = new Map<Client, Session>();
  readonly #devices = new Map<string, ClientInside>();

  constructor({ connections }: Pick<Metrics, 'connections'>) {
    this.#gauge = connections;
  }

  enter(client: ClientInside, arrival: Arrival): void {
    this.#arrivals.set(client, arrival);
  }

  /** How it came in, and what its handshake proved. */
  arrival(client: Client): Arrival | undefined {
    return this.#arrivals.get(client);
  }

  /** The client is who it says. Of two connections of one device the newer is the device's. */
  identify(client: ClientInside, sender: Sender): void {
    const arrival = this.#arrivals.get(client);
    // aedes asks who it is in a later turn: it may be gone by then, and nobody would take its session away again.
    if (!arrival) return;
    arrival.place.established();
    this.#sessions.set(client, openSession(client, sender));
    this.#devices.set(sender.deviceId, client);
    this.#gauge.set(this.#sessions.size);
  }

  leave(client: ClientInside): void {
    this.#arrivals.get(client)?.place.leave();
    this.#arrivals.delete(client);
    const deviceId = this.#sessions.get(client)?.sender.deviceId;
    this.#sessions.delete(client);
    if (deviceId !== undefined && this.#devices.get(deviceId) === client) this.#devices.delete(deviceId);
    this.#gauge.set(this.#sessions.size);
  }

  session(client: Client | null): Session | undefined {
    return client === null ? undefined : this.#sessions.get(client);
  }

  device(deviceId: string): ClientInside | undefined {
    return this.#devices.get(deviceId);
  }

  /** Every connection, also those that have not said who they are. */
  arrivals(): Iterable<[Client, Arrival]> {
    return this.#arrivals;
  }

  /** Connections that have said who they are. */
  count(): number {
    return this.#sessions.size;
  }

  /** Nothing more is read; what was read is still answered. */
  pause(): void {
    for (const { client } of this.#sessions.values()) client.pause();
  }
}
