import { createHash } from 'node:crypto';
import type { Clock } from '../../platform/clock.ts';
import type { Chance } from '../../platform/random.ts';
import type { Account } from '../../records/registry.ts';

/**
 * Who is signed in, in memory. A session ends 12 hours after it was last used, after 7 days, at sign-out, and when the
 * account is removed or gets a new password. Only a hash of its token is kept. Bounded: the one that was quiet for longest
 * makes room, of the same account first.
 */
export function createSessions({ clock, chance, account }: SessionParts) {
  const sessions = new Map<string, Held>();

  function valid(key: string): Held | undefined {
    const held = sessions.get(key);
    if (!held) return undefined;
    const now = clock.monotonic();
    const isOver = now - held.usedAt > idleMs || now - held.begunAt > longestMs;
    if (!isOver && held.hashes.includes(account(held.accountId)?.hash ?? '')) return held;
    sessions.delete(key);
    return undefined;
  }

  function makeRoom(accountId: string): void {
    const quietest = (keys: string[]) =>
      keys.reduce<string | undefined>(
        (best, key) => (best === undefined || usedAt(key) < usedAt(best) ? key : best),
        undefined,
      );
    const usedAt = (key: string) => sessions.get(key)?.usedAt ?? 0;
    const own = [...sessions].filter(([, held]) => held.accountId === accountId).map(([key]) => key);
    const key = own.length >= mostPerAccount ? quietest(own) : undefined;
    const leaving = key ?? (sessions.size >= mostSessions ? quietest([...sessions.keys()]) : undefined);
    if (leaving !== undefined) sessions.delete(leaving);
  }

  return {
    begin({ id, hash }: Account): string {
      makeRoom(id);
      const token = Buffer.from(chance.bytes(32)).toString('base64url');
      const now = clock.monotonic();
      sessions.set(keyOf(token), { accountId: id, hashes: [hash], begunAt: now, usedAt: now });
      return token;
    },
    /** The session of a token, which counts as used; undefined when it is over. */
    use(token: string): Session | undefined {
      const key = keyOf(token);
      const held = valid(key);
      const owner = held && account(held.accountId);
      if (!held || !owner) return undefined;
      held.usedAt = clock.monotonic();
      return { key, account: owner };
    },
    /** For whoever stays connected: the account as it is now, while somebody is signed in. That it is watched counts as use. */
    owner(key: string): Account | undefined {
      const held = valid(key);
      if (held) held.usedAt = clock.monotonic();
      return held && account(held.accountId);
    },
    /** The same password is about to be kept under another hash: that ends no session. */
    rehashed({ id, hash }: Account, next: string): void {
      for (const held of sessions.values()) {
        if (held.accountId === id && held.hashes.includes(hash))
          held.hashes = [...held.hashes.slice(-mostHashes), next];
      }
    },
    end(key: string): void {
      sessions.delete(key);
    },
  };
}

export type Sessions = ReturnType<typeof createSessions>;
export type Session = { key: string; account: Account };
type SessionParts = { clock: Clock; chance: Chance; account: (id: string) => Account | undefined };
type Held = { accountId: string; hashes: string[]; begunAt: number; usedAt: number };

const idleMs = 12 * 3_600_000;
const longestMs = 7 * 24 * 3_600_000;
const mostSessions = 1_000;
const mostPerAccount = 50;
/** Two sign-ins in one instant each make a hash of their own, and one of them is kept. */
const mostHashes = 8;

const keyOf = (token: string): string => createHash('sha256').update(token).digest('base64url');
