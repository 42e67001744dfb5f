import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type Command, type CommandResult, visit } from '../../records/command.ts';
import type { Person } from '../../records/registry.ts';
import type { Registry } from '../../records/registry-fold.ts';
import type { Access } from '../../records/rights.ts';
import type { Sealer } from '../../records/sealing.ts';
import type { Statistics, VisitedArea } from '../../storage/sql-statistics.ts';
import { refuse } from '../problem.ts';
import { writeSheet } from '../registry/sheets/csv.ts';
import { guarded } from '../registry/sheets/reading.ts';
import type { Looks } from '../rights/looks.ts';
import { entityShown } from '../rights/masking.ts';
import { accessOf, isInSight, type Rights } from '../rights/rights.ts';

/**
 * Who was in which home, and what a month of it comes to. A visit is reported under an id of its own, and is one visit however often
 * it is sent: 201 done; 404 and 400 refused, in words. The month is the county's, and comes from the database: 503 while that is away.
 */
export const visitRoutes: FastifyPluginAsyncZod<VisitParts> = async (api, parts) => {
  const { registry, rights, commands, store } = parts;
  const recording = { config: { permission: 'visit:record' } } as const;
  const reading = { config: { permission: 'statistics:read' } } as const;

  const reporting = { summary: 'Report a visit', tags: ['visits'], body: visitReport };
  api.post('/visits', { ...recording, schema: reporting }, async (request, reply) => {
    const { householdId } = request.body;
    const access = accessOf(request);
    const isKnown = registry.household(householdId) !== undefined;
    if (!isKnown || !rights.reaches(access, 'visit:record', { type: 'household', id: householdId }))
      return refuse(reply, 'not-found', `there is no household "${householdId}"`);
    const asked = { type: 'visit', ...request.body, by: access.actor } as const;
    const result = await commands.apply(asked);
    if (!result.ok) return refuse(reply, result.problem, result.message);
    return reply.code(201).send({ visit: asked } satisfies VisitReported);
  });

  if (!store) return;
  const monthly = {
    summary: 'Homes visited and helped in a month, by village',
    tags: ['visits'],
    querystring: ofMonth,
  };
  api.get('/statistics/visits', { ...reading, schema: monthly }, async (request) =>
    monthOf(parts, accessOf(request), request.query.month, await store.visitedMonth(request.query.month)),
  );
  const table = { ...monthly, summary: 'The same as a table for a spreadsheet: CSV, UTF-8 with a byte order mark' };
  api.get('/statistics/visits.csv', { ...reading, schema: table }, async (request, reply) => {
    const { month } = request.query;
    const shown = await monthOf(parts, accessOf(request), month, await store.visitedMonth(month));
    return reply
      .type('text/csv; charset=utf-8')
      .header('content-disposition', `attachment; filename="visits-${month}.csv"`)
      .send(csvOf(shown));
  });
};

export type VisitParts = {
  registry: Registry;
  rights: Rights;
  looks: Looks;
  unseal: Sealer['unseal'];
  /** Errors: ALARM_AWAY, try later. */
  commands: { apply(command: Command): Promise<CommandResult> };
  store?: Statistics;
};

export type VisitReported = { visit: z.infer<typeof visit> };

/**
 * `registered`: households of the area at the month's end; `visited`: of these, well or helped; `attempted`: nobody was there. Shares are
 * 0 to 1, and null where nobody is registered. Names are masked for whoever does not hold `personal:registry` there.
 */
export type VisitMonth = {
  month: string;
  areas: (Omit<VisitedArea, 'notVisited'> & {
    visitedShare: number | null;
    helpedShare: number | null;
    notVisited: { householdId: string; people: string[] }[];
  })[];
};

const visitReport = visit.omit({ type: true, by: true });
const ofMonth = z.strictObject({
  month: z.string().regex(/^20\d\d-(0[1-9]|1[0-2])$/, 'is a month like 2026-11'),
});

/** With names in it, it is on record before it leaves. Errors: ALARM_AWAY, try later. */
async function monthOf(parts: VisitParts, access: Access, month: string, areas: VisitedArea[]): Promise<VisitMonth> {
  const seen = parts.rights.seen(access, 'statistics:read');
  const people = residents(parts.registry);
  let isOpen = false;
  const shown = areas
    .filter(({ areaId }) => isInSight(seen, areaId))
    .map(({ notVisited, ...area }) => {
      const open = parts.rights.may(access, 'personal:registry', area.areaId);
      isOpen ||= open && notVisited.length > 0;
      return {
        ...area,
        visitedShare: area.registered === 0 ? null : area.visited / area.registered,
        helpedShare: area.registered === 0 ? null : area.helped / area.registered,
        notVisited: notVisited.map((householdId) => ({
          householdId,
          people: (people.get(householdId) ?? []).map(
            (person) => entityShown('person', person, { unseal: parts.unseal, isOpen: open }).name ?? person.id,
          ),
        })),
      };
    });
  if (isOpen) await parts.looks.exported(access, { type: 'registry', id: `visits ${month}` });
  return { month, areas: shown };
}

/** Who lives in a household now; who has left the registry is not known here. */
function residents(registry: Registry): Map<string, Person[]> {
  return Map.groupBy(registry.list('person'), ({ householdId }) => householdId);
}

function csvOf({ areas }: VisitMonth): string {
  const headings = ['嘎查村 village', '登记户数 registered', '已走访 visited', '走访率 % visited', '已帮助 helped'];
  headings.push('帮助率 % helped', '无人在家 nobody there', '未走访 not visited');
  const percent = (share: number | null) => (share === null ? '' : (share * 100).toFixed(1));
  const rows = areas.map((area) => [
    ...[area.area ?? area.areaId, String(area.registered), String(area.visited), percent(area.visitedShare)],
    ...[String(area.helped), percent(area.helpedShare), String(area.attempted)],
    area.notVisited.map(({ householdId, people }) => [householdId, ...people].join(' ')).join('; '),
  ]);
  return writeSheet([headings, ...rows.map((row) => row.map(guarded))]);
}
