import { describeIssues } from '../../api/registry/registry-issues.ts';
import { labelText, readClaimCode } from '../../records/claim-code.ts';
import { entityVersion } from '../../records/entity-version.ts';
import { type Device, entities, type RegistryChange } from '../../records/registry.ts';
import type { Registry } from '../../records/registry-fold.ts';
import { isInstalled } from '../../records/registry-links.ts';
import type { FactoryKeys } from '../device-keys.ts';
import type { DeviceRow } from './provision-rows.ts';
import type { LineProblem } from './registry-yaml.ts';

/**
 * `shown`: the devices that change, each with its secret, as the cells that `writtenHeadings` names. `made`: how many of these secrets
 * and codes were made here and are shown nowhere else. `known`: how many devices are as the file says already.
 */
export type ProvisionPlan = {
  changes: RegistryChange[];
  added: number;
  renewed: number;
  known: number;
  shown: string[][];
  made: number;
  problems: LineProblem[];
};

/**
 * What a list of devices comes to: new ones get a secret, and a code when they are for stock. One that is registered without a secret
 * gets one; one that has another is a problem, unless `rotate` renews it. What is registered already with the secret of the file is
 * left alone, so that a file that was written here can be read again. Nothing is moved: where a device hangs, a list from the
 * factory does not know.
 */
export function planProvision(rows: readonly DeviceRow[], { registry, keys, rotate }: PlanParts): ProvisionPlan {
  const plan: ProvisionPlan = { changes: [], added: 0, renewed: 0, known: 0, shown: [], made: 0, problems: [] };
  const lines = new Map<string, number>();
  for (const row of rows) {
    const first = lines.get(row.id);
    const known = registry.device(row.id);
    const planned =
      first === undefined ? planRow(row, { known, keys, rotate }) : refused(`the first is in line ${first}`);
    if ('problems' in planned) {
      const again = first === undefined ? '' : 'is here a second time; ';
      for (const problem of planned.problems)
        plan.problems.push({ line: row.line, problem: `${row.id}: ${again}${problem}` });
    } else if ('device' in planned) {
      const expectedVersion = entityVersion(known);
      plan.changes.push({ type: 'put', entity: 'device', value: planned.device, expectedVersion });
      plan[known ? 'renewed' : 'added'] += 1;
      plan.shown.push(planned.shown);
      plan.made += planned.made;
    } else plan.known += 1;
    lines.set(row.id, first ?? row.line);
  }
  for (const { id, problem } of registry.check(plan.changes))
    plan.problems.push({ line: lines.get(id) ?? 1, problem: id === '' ? problem : `${id}: ${problem}` });
  return plan;
}

type PlanParts = { registry: Registry; keys: FactoryKeys; rotate: boolean };
type RowParts = Omit<PlanParts, 'registry'> & { known: Device | undefined };
type PlannedRow = { problems: string[] } | { already: true } | { device: Device; shown: string[]; made: number };

const refused = (problem: string) => ({ problems: [problem] });

function planRow(row: DeviceRow, { known, keys, rotate }: RowParts): PlannedRow {
  if (row.secret !== undefined && !realSecret.test(row.secret)) return refused(secretProblem);
  const code = row.code === undefined ? undefined : readClaimCode(row.code, row.id);
  if (code && !code.ok) return refused(code.problem);
  const given = { ...row, ...(code && { code: code.code }) };
  if (known && isAlready(known, given, keys)) return { already: true };
  const conflict =
    known && (difference(known, row) ?? (known.credential && !rotate ? registered(known, row) : undefined));
  if (conflict !== undefined) return refused(conflict);
  const { device, ...equipped } = equip(given, known, keys);
  const parsed = entities.device.safeParse(device);
  if (parsed.success) return { device: parsed.data, ...equipped };
  return { problems: describeIssues(parsed.error.issues, device, []).map(({ problem }) => problem) };
}

/** 22 characters of base64url are 132 bits. */
const realSecret = /^[A-Za-z0-9_-]{22,200}$/;
const secretProblem =
  'a secret has at least 22 characters of A-Z, a-z, 0-9, "-" and "_"; leave it out, and one is made';

function isAlready(known: Device, { secret, code }: DeviceRow, keys: FactoryKeys): boolean {
  const isSame = secret !== undefined && keys.isSecret(secret, known.credential);
  return isSame && (code === undefined || keys.isCode(known.id, code, known.claim));
}

/** What the file says otherwise than the registry. An empty cell says nothing. */
function difference(known: Device, row: DeviceRow): string | undefined {
  const fields = (['kind', 'placeId', 'personId', 'room', 'intervalMinutes'] as const).filter(
    (field) => row[field] !== undefined && row[field] !== known[field],
  );
  if (fields.length === 0) return undefined;
  const words = fields.map((field) => `${field} ${known[field] ?? 'not set'}, here ${row[field]}`);
  return `is registered otherwise (${words.join('; ')}): leave those cells empty, or change the device first`;
}

function registered({ placeId, personId }: Device, { secret }: DeviceRow): string {
  const where = placeId ? `at place ${placeId}` : personId ? `for person ${personId}` : 'in stock';
  const what = secret === undefined ? 'a new secret' : 'this secret';
  return `is registered already, ${where}; with --rotate it gets ${what} in place of its own`;
}

/** The device with its secret, and with a code where it is stock. */
function equip(row: DeviceRow, known: Device | undefined, keys: FactoryKeys) {
  const { line: _, secret: ownSecret, code: ownCode, ...asked } = row;
  const { secret, credential } =
    ownSecret === undefined ? keys.newSecret() : { secret: ownSecret, credential: keys.credentialOf(ownSecret) };
  const base = { ...asked, ...known };
  const label = isInstalled(base) ? undefined : labelFor(row.id, ownCode, keys);
  const { kind, placeId = '', personId = '', room = '', intervalMinutes = '' } = base;
  const psk = keys.presharedKey(row.id, credential);
  const onLabel = label ? [label.code, labelText(row.id, label.code)] : ['', ''];
  return {
    device: { ...base, credential, ...(label && { claim: label.claim }) },
    shown: [row.id, kind, placeId, personId, room, String(intervalMinutes), secret, ...onLabel, psk],
    made: (ownSecret === undefined ? 1 : 0) + (label && ownCode === undefined ? 1 : 0),
  };
}

const labelFor = (id: string, own: string | undefined, keys: FactoryKeys) =>
  own === undefined ? keys.newCode(id) : { code: own, claim: keys.claimOf(id, own) };
