import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseFacts, readOwnArchive } from '../../../gateway/evidence/index.ts';
import {
  checkInclusion,
  openNote,
  parseCheckpoint,
  proveInclusion,
} from '../../../gateway/transparency/index.ts';
import { checkFolder } from '../../message-log/index.ts';
import { leafOf } from '../../message-log/leaves.ts';
import { pin } from '../trust-services.ts';
import { scenarioOf } from './scenarios.ts';
import type { Told } from './told.ts';
import { World } from './world.ts';

/** Later than everything that scenarios do: the log goes on in another month. */
const restartDay = 100;

/**
 * Starts again what a run left, with nothing failing any more, and looks whether all that it said is true.
 * @returns what is not as it must be
 */
export async function judge(root: string, name: string, told: readonly Told[]): Promise<string[]> {
  const problems: string[] = [];
  // Trouble of its own would be another failure, and there is none any more.
  const world = await World.open(
    root,
    (one) => {
      if (one.kind === 'refused') problems.push(`after the restart: ${one.what}: ${one.reason}`);
    },
    restartDay,
  );
  const notes = told.flatMap((one) => (one.kind === 'checkpoint' ? [one.note] : []));
  try {
    const missing = await judgeRecords(world, name, told, problems);
    await judgeSnapshots(world, told, problems);
    await world.record('afterwards', { bodies: [100, 3_000] });
    notes.push(await world.log.checkpoint());
    await world.stamp();
    const isArchived = existsSync(join(root, 'archive'));
    const archived = isArchived ? await judgeArchives(world, scenarioOf(name).keepDays, told, problems) : [];
    for (const id of missing) {
      if (!archived.includes(id)) problems.push(`${id} was acknowledged, and is neither here nor archived`);
    }
    judgeLeftovers(world, problems);
  } finally {
    await world.close();
    world.token.deactivate();
  }
  const heldCheckpoints = notes.map((note, at) => ({ name: `checkpoint ${at}`, note }));
  const { findings } = await checkFolder({ folder: root, pin, heldCheckpoints });
  problems.push(...findings.map(({ code, place, text }) => `fsck: ${place}: ${code}: ${text}`));
  return problems;
}

/** @returns ids of records that were acknowledged and are not in the log */
async function judgeRecords(
  { log }: World,
  name: string,
  told: readonly Told[],
  problems: string[],
): Promise<string[]> {
  const missing: string[] = [];
  const erased = new Set(told.flatMap((one) => (one.kind === 'erased' ? [one.id] : [])));
  // What was to be erased and was not said to be may be so or not; what nobody wanted erased is there.
  const mayBeErased = new Set(scenarioOf(name).erases);
  const note = openNote(await log.checkpoint(), [log.verifierKey ?? '']);
  const { size, root } = parseCheckpoint(note.text);
  for (const one of told) {
    if (one.kind !== 'recorded') continue;
    const { id } = one;
    const [record, ...more] = log.find(id);
    if (more.length > 0) problems.push(`${id} is there twice`);
    if (record === undefined) {
      missing.push(id);
      continue;
    }
    const { index, facts, salts } = record;
    const leaf = leafOf({ facts, salts: salts.facts });
    const proof = proveInclusion(log.tree, index, size);
    if (!checkInclusion({ leaf, index, size, root, proof })) problems.push(`${id} is not proved`);
    for (const [at, digest] of one.bodies.entries()) {
      const body = log.openBody(index, at + 1);
      const isThere = body !== undefined;
      if (erased.has(id) ? isThere : !isThere && !mayBeErased.has(id)) {
        problems.push(`body ${at + 1} of ${id} is ${isThere ? 'there' : 'erased'}`);
      } else if (body !== undefined && (await digestOfBody(body)) !== digest) {
        problems.push(`body ${at + 1} of ${id} is another`);
      }
    }
    if (erased.has(id) && record.head !== undefined) problems.push(`the head of ${id} is there`);
  }
  return missing;
}

async function digestOfBody(body: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of body) hash.update(chunk);
  return hash.digest('hex');
}

async function judgeSnapshots({ store }: World, told: readonly Told[], problems: string[]): Promise<void> {
  const saved = told.flatMap((one) => (one.kind === 'snapshot' ? [one.id] : []));
  // One that no record names may have been taken back.
  const last = saved.at(-1);
  if (last !== undefined && (await store.load(last)) === undefined) problems.push(`snapshot ${last} is gone`);
}

/** Archives what is left, and reads all archives. @returns ids of their messages */
async function judgeArchives(
  world: World,
  keepDays: number | undefined,
  told: readonly Told[],
  problems: string[],
): Promise<string[]> {
  const archiver = await world.openArchiver(keepDays);
  const ids: string[] = [];
  try {
    await archiver.run();
    const rows = archiver.list(1_000).reverse();
    const target = join(world.root, 'target');
    const names = rows.map(({ name }) => name);
    for (const one of told) {
      if (one.kind === 'delivered' && !names.includes(one.name)) problems.push(`${one.name} is forgotten`);
    }
    const others = readdirSync(target).filter((name) => !names.includes(name));
    if (others.length > 0) problems.push(`beside the archives lie ${others.join(', ')}`);
    for (const [at, { name, sha256 }] of rows.entries()) {
      const bytes = readFileSync(join(target, name));
      if (createHash('sha256').update(bytes).digest('hex') !== sha256)
        problems.push(`${name} is another file`);
      const former = rows[at - 1];
      const link = former && { digest: former.lastDigest, fileName: former.name };
      const { content } = await readOwnArchive(bytes, link);
      for (const { facts, container } of content.records) {
        const message = parseFacts(facts);
        // Without a container it is only counted beside the others.
        if (message.kind === 'message' && container !== null) ids.push(message.queryId);
      }
    }
    if (new Set(ids).size !== ids.length) problems.push('a message is archived twice');
    const left = world.log.search({ limit: 1_000 }).filter(({ queryId }) => !ids.includes(queryId));
    if (left.length > 0) problems.push(`not archived: ${left.map(({ queryId }) => queryId).join(', ')}`);
    return ids;
  } finally {
    await archiver.close();
  }
}

/** A fault leaves nothing behind that nobody refers to, keys of what is gone least of all. */
function judgeLeftovers({ root, ground }: World, problems: string[]): void {
  const dir = join(root, 'messages');
  const files = readdirSync(join(dir, 'partitions'));
  const present = files.flatMap((file) =>
    file.endsWith('.sqlite') ? [file.slice(0, -'.sqlite'.length)] : [],
  );
  const belongs = (file: string) => present.some((name) => file.startsWith(`${name}.sqlite`));
  const left = [
    ...files.filter((file) => !belongs(file)),
    ...readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.tmp')),
    ...readdirSync(join(root, 'spool')),
    ...(existsSync(join(root, 'archive')) ? readdirSync(join(root, 'archive', 'outgoing')) : []),
  ];
  if (left.length > 0) problems.push(`left behind: ${left.join(', ')}`);
  const { periods } = JSON.parse(readFileSync(join(dir, 'keys.json'), 'utf8')) as {
    readonly periods: readonly { readonly partition: string }[];
  };
  const first = new Date(ground.at).toISOString().slice(0, 7);
  const isKept = periods.some(({ partition }) => partition === first);
  if (!present.includes(first) && isKept) problems.push(`the keys of ${first} are kept, which is gone`);
}
