import type { Clock } from '../../platform/clock.ts';
import { type DeskHeartbeat, everywhere, type WhyEmpty } from '../../records/desk-watch.ts';
import type { Access, Role } from '../../records/rights.ts';

/**
 * Who watches at a desk, as their open pages say: whoever takes calls or dispatches, with the sound on, and with a hand on the page within
 * the last hour. A page that gives no sign for a minute is gone, and one that watched and lacks something (a browser keeps a page that was
 * loaded anew silent until somebody touches it) has a minute, too. Bounded: the page that was quiet for longest is forgotten.
 */
export function createAttendance({ clock }: { clock: Clock }) {
  const pages = new Map<string, Page>();
  const openedAt = clock.monotonic();

  function present(): Page[] {
    const now = clock.monotonic();
    for (const [key, { at }] of pages) if (now - at >= goneMs) pages.delete(key);
    return [...pages.values()];
  }

  return {
    /** `key` names the session. Answers why that page does not count, if it does not. */
    heard(key: string, access: Access, { sound, idleSeconds }: PageSays): WhyEmpty | undefined {
      const areas = access.grants.flatMap(({ role, areaId = everywhere }) => (deskRoles.has(role) ? [areaId] : []));
      const at = clock.monotonic();
      const lacks = lackOf(sound, idleSeconds);
      const watchedAt = lacks ? pages.get(key)?.watchedAt : at;
      const page = { at, areas, lacks, watchedAt };
      pages.delete(key);
      pages.set(key, page);
      const [quietest] = pages.keys();
      if (pages.size > mostPages && quietest !== undefined) pages.delete(quietest);
      return areas.length === 0 ? 'no-page' : page.lacks;
    },
    /** Whatever else a page asks for is a sign of it as well. */
    signOf(key: string): void {
      const page = pages.get(key);
      if (!page) return;
      page.at = clock.monotonic();
      if (!page.lacks) page.watchedAt = page.at;
    },
    /** For the alarm process. Undefined in the first half minute: pages that were open before come back first. */
    now(): DeskHeartbeat | undefined {
      if (clock.monotonic() - openedAt < comeBackMs) return undefined;
      const desks = present().filter(({ areas }) => areas.length > 0);
      const isWatch = ({ watchedAt = Number.NEGATIVE_INFINITY }: Page) => clock.monotonic() - watchedAt < goneMs;
      const watched = [...new Set(desks.filter(isWatch).flatMap(({ areas }) => areas))];
      return { watched: watched.slice(0, mostAreas), why: desks.find(({ lacks }) => lacks)?.lacks ?? 'no-page' };
    },
  };
}

export type Attendance = ReturnType<typeof createAttendance>;
/** `sound`: it is on, and the browser lets it be heard. `idleSeconds`: since somebody touched the page. */
export type PageSays = { sound: boolean; idleSeconds: number };
/** `watchedAt`: when it lacked nothing; undefined: it never did. */
type Page = { at: number; areas: string[]; lacks: WhyEmpty | undefined; watchedAt: number | undefined };

const lackOf = (sound: boolean, idleSeconds: number): WhyEmpty | undefined =>
  sound ? (idleSeconds < longestIdleSeconds ? undefined : 'no-action') : 'no-sound';

/** Whose work is to watch. Village helpers and others look at the same page, and are not missed. */
const deskRoles: ReadonlySet<Role> = new Set(['call-taker', 'dispatcher']);
const goneMs = 60_000;
const comeBackMs = 30_000;
const longestIdleSeconds = 3_600;
const mostPages = 1_000;
const mostAreas = 200;
