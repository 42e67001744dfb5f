import { setImmediate as giveWay } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Entity, EntityType } from '../../records/registry.ts';
import { entities } from '../../records/registry.ts';
import type { Access } from '../../records/rights.ts';
import { unsealEntity } from '../../records/sealing.ts';
import { refuse } from '../problem.ts';
import { isOfOneBody } from '../rights/masking.ts';
import { accessOf, isInSight, type Rights } from '../rights/rights.ts';
import { untilFolded } from '../until-folded.ts';
import { openIn, type RegistryParts } from './registry-change.ts';
import { type Section, sectionNames, sections } from './registry-entry.ts';
import type { Plan, Said } from './registry-plan.ts';
import { refusalOf } from './registry-rights.ts';
import { entryPartsOf, type RegistryRouteParts } from './registry-routes.ts';
import { changeHeaders, commandId as commandIdSchema } from './registry-schemas.ts';
import { sendChanges } from './registry-send.ts';
import { mostRows } from './sheets/csv.ts';
import { describeProblem, markedCopy } from './sheets/marking.ts';
import { planTables } from './sheets/planning.ts';
import type { CellPlace, Table } from './sheets/reading.ts';
import { readCsv, readWorkbook, writeWorkbook } from './sheets/workbook.ts';
import { csvOf, type Listed, workbookOf } from './sheets/writing.ts';

/** The registry as sheets, out and in: everything or one section, for what whoever asks may see and change. */
export const exchangeRoutes: FastifyPluginAsyncZod<ExchangeParts> = async (api, parts) => {
  for (const type of [workbookType, csvType])
    api.addContentTypeParser(type, { parseAs: 'buffer', bodyLimit: mostUploadBytes }, (_request, body, done) =>
      done(null, body),
    );
  await api.register(exportRoute, parts);
  await api.register(importRoute, parts);
};

export type ExchangeParts = RegistryParts & Pick<RegistryRouteParts, 'deviceKeys' | 'missingClips'>;

const workbookType = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
const csvType = 'text/csv';
const mostUploadBytes = 16_000_000;
const section = z.enum(sectionNames);

const exportRoute: FastifyPluginAsyncZod<ExchangeParts> = async (api, parts) => {
  let underWay = false;
  const query = z.strictObject({
    format: z.enum(['xlsx', 'csv']).default('xlsx'),
    section: section.optional().describe('One alone; a CSV file needs it'),
    area: entities.area.shape.id.optional().describe('Only in this area and what lies below it'),
  });
  api.get(
    '/registry/export',
    {
      config: { permission: 'registry:export' },
      schema: { tags: ['registry'], summary: 'Download the registry as sheets', querystring: query },
    },
    async (request, reply) => {
      const { format, section: only, area } = request.query;
      if (format === 'csv' && only === undefined)
        return refuse(reply, 'invalid', `a CSV file holds one section: ${sectionNames.join(', ')}`);
      if (underWay) return refuse(reply, 'too-many', 'another export is under way', { retryAfterSeconds: 10 });
      underWay = true;
      try {
        return await sendExport(parts, { request, reply }, { format, only, area });
      } finally {
        underWay = false;
      }
    },
  );
};

type Exported = { format: 'xlsx' | 'csv'; only: Section | undefined; area: string | undefined };

/** It is on record before anything leaves. Errors: ALARM_AWAY, try later: what cannot be put on record is not handed out. */
async function sendExport(parts: ExchangeParts, { request, reply }: Asked, { format, only, area }: Exported) {
  const access = accessOf(request);
  const of = { type: 'registry', id: [only ?? 'all', ...(area === undefined ? [] : [area])].join(' in ') } as const;
  await parts.looks.exported(access, of);
  const listed: Listed[] = [];
  for (const name of only === undefined ? sectionNames : [only])
    listed.push(await listedFor(parts, access, name, area));
  if (listed.some(({ values }) => [...values].length > mostRows))
    return refuse(reply, 'invalid', `a sheet holds ${mostRows} rows: export area by area`, { status: 413 });
  const name = `steppewatch-${of.id.replaceAll(' in ', '-')}.${format}`;
  reply.header('content-disposition', `attachment; filename="${name}"`);
  const [first] = listed;
  if (format === 'csv' && first) return reply.type(`${csvType}; charset=utf-8`).send(csvOf(first));
  return reply.type(workbookType).send(Buffer.from(await writeWorkbook(workbookOf(listed))));
}

/** Columns of personal data are there when whoever asks may see them in all that is listed, and else not at all. */
async function listedFor(
  parts: ExchangeParts,
  access: Access,
  name: Section,
  area: string | undefined,
): Promise<Listed> {
  const { registry, rights, unseal } = parts;
  const entity: EntityType = sections[name];
  const sight = rights.seen(access, 'registry:export', area);
  const values: Entity<EntityType>[] = [];
  let isOpen = true;
  let count = 0;
  for (const value of registry.list(entity)) {
    if (++count % 200 === 0) await giveWay();
    const areaId = rights.areaOf(entity, value.id);
    if (!isInSight(sight, areaId)) continue;
    const isOpenThere = rights.may(access, 'personal:registry', areaId);
    if (!isOpenThere && isOfOneBody(entity, value)) continue;
    isOpen &&= isOpenThere;
    values.push(unsealEntity(entity, value, { unseal, withSecrets: false }));
  }
  return { section: name, values, isOpen };
}

type Asked = { request: FastifyRequest; reply: FastifyReply };

const importRoute: FastifyPluginAsyncZod<ExchangeParts> = async (api, parts) => {
  /** From before its body is read: a few files at once would be more than there is room for. */
  let underWay: FastifyRequest | undefined;
  let isTaken = false;
  const query = z.strictObject({
    section: section.optional().describe('What a CSV file holds; a workbook says so by the names of its sheets'),
    dryRun: z.stringbool().default(false).describe('Say what would happen, and change nothing'),
    commandId: commandIdSchema.optional(),
  });
  const counts = z.partialRecord(section, z.partialRecord(z.enum(['added', 'changed', 'removed']), z.int()));
  const answer = z
    .object({ dryRun: z.boolean(), counts, withoutSecret: z.int().describe('Devices that cannot connect yet') })
    .meta({ examples: [{ dryRun: false, counts: { people: { added: 2, changed: 1 } }, withoutSecret: 0 }] });
  api.post(
    '/registry/import',
    {
      bodyLimit: mostUploadBytes,
      async onRequest(request, reply) {
        if (underWay) return refuse(reply, 'too-many', 'another import is under way', { retryAfterSeconds: 10 });
        underWay = request;
        // Also when it was refused, or whoever sent it went away. What is being taken goes on without them.
        reply.raw.once('close', () => {
          if (underWay === request && !isTaken) underWay = undefined;
        });
      },
      config: { permission: 'registry:write' },
      schema: {
        ...{ tags: ['registry'], summary: 'Upload sheets: all of their rows become true together, or none' },
        ...{ querystring: query, headers: changeHeaders, consumes: [workbookType, csvType] },
        response: { 200: answer, 202: answer },
      },
    },
    async (request, reply) => {
      const { body } = request;
      if (!Buffer.isBuffer(body))
        return refuse(reply, 'invalid', `send ${workbookType} or ${csvType}`, { status: 415 });
      isTaken = true;
      try {
        return await takeImport(parts, { request, reply }, { body, ...request.query });
      } finally {
        isTaken = false;
        underWay = undefined;
      }
    },
  );
};

type Imported = { body: Buffer; section?: Section | undefined; dryRun: boolean; commandId?: string | undefined };

async function takeImport(
  parts: ExchangeParts,
  { request, reply }: Asked,
  { body, section, dryRun, commandId }: Imported,
) {
  const access = accessOf(request);
  const key = commandId ?? request.headers['idempotency-key'];
  const importId = typeof key === 'string' ? key : undefined;
  if (importId === undefined && !dryRun)
    return refuse(reply, 'invalid', 'give the import an id: "commandId" in the address, or the header Idempotency-Key');
  if (importId !== undefined && importId.length > longestImportId)
    return refuse(reply, 'invalid', `the id of an import has at most ${longestImportId} characters`);
  if (importId !== undefined && parts.view.answerTo(importId)?.ok)
    return reply.send({ dryRun, counts: {}, withoutSecret: 0 });
  const tables = await tablesIn(request, body, section);
  if ('problem' in tables) return refuse(reply, 'invalid', tables.problem, { status: 422, problems: [tables] });
  const { registry, rights } = parts;
  const reached = { registry, openIncidents: openIn(parts), rights: { ...rights, reaches: tellingFew(rights) } };
  const plan = await planTables(tables, {
    ...entryPartsOf(parts, access),
    refusal(change) {
      const refusal = refusalOf(reached, access, change);
      // That it is not there is then said where it is said of everything that is not.
      return refusal?.as === 'absent' ? undefined : refusal;
    },
  });
  if (plan.problems.length > 0) return refuseSheets({ request, reply }, tables, plan);
  const { counts, withoutSecret } = plan;
  if (dryRun || importId === undefined) return reply.send({ dryRun, counts, withoutSecret });
  const result = await sendChanges(parts.commands.apply, { changes: plan.changes, importId, by: access.actor });
  if (!result.ok)
    return refuse(reply, result.problem === 'invalid' ? 'version-conflict' : result.problem, result.message);
  const isFolded =
    plan.changes.length === 0 || (await untilFolded(parts.clock, () => parts.view.answerTo(importId))) !== undefined;
  return reply.code(isFolded ? 200 : 202).send({ dryRun, counts, withoutSecret });
}

/** A file can name a hundred thousand foreign things: the first of them go on record, which says enough. */
function tellingFew({ reaches, may, areaOf }: Rights): Rights['reaches'] {
  let told = 0;
  return (access, permission, of, areaId) => {
    const { type, id } = of;
    const where = type === 'incident' || type === 'registry' || type === 'audit' ? areaId : areaOf(type, id);
    if (may(access, permission, where)) return true;
    told += 1;
    return told <= mostTold ? reaches(access, permission, of, areaId) : false;
  };
}
const mostTold = 20;

/** The parts of an import add their number. */
const longestImportId = 56;
const mostProblems = 200;

async function tablesIn(request: FastifyRequest, body: Buffer, section: Section | undefined): Promise<Table[] | Said> {
  if (request.headers['content-type']?.startsWith(csvType) !== true) return readWorkbook(body);
  if (section === undefined)
    return {
      problem: `say what the file holds: section=${sectionNames.join(' | ')}`,
      zh: '请用 section 参数说明文件内容',
    };
  return readCsv(section, body);
}

/** The copy with the bad cells marked for whoever accepts a workbook; the list of them for programs. */
async function refuseSheets({ request, reply }: Asked, tables: Table[], { problems }: Plan<CellPlace>) {
  if (request.headers.accept?.includes(workbookType)) {
    const copy = await writeWorkbook(markedCopy(tables, problems));
    reply.header('content-disposition', 'attachment; filename="steppewatch-problems.xlsx"');
    return reply.code(422).type(workbookType).send(Buffer.from(copy));
  }
  const listed = problems.slice(0, mostProblems).map((problem) => describeProblem(tables, problem));
  const detail = `${problems.length} ${problems.length === 1 ? 'cell is' : 'cells are'} wrong; nothing was changed`;
  return refuse(reply, 'invalid', detail, { status: 422, problems: listed, problemCount: problems.length });
}
