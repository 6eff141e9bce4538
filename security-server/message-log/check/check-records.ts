import type Database from 'better-sqlite3';
import { digestOf } from '../../../certs/key/index.ts';
import {
  commitPart,
  commitTally,
  type Facts,
  type MessageFacts,
  pairOf,
  parseFacts,
  saltBytes,
} from '../../../gateway/evidence/index.ts';
import type { HashReader } from '../../../gateway/transparency/index.ts';
import type { BodyPlace } from '../contents.ts';
import {
  type BodyRow,
  bodiesOf,
  type ContentRow,
  type OpenedContent,
  openContent,
  type PeriodKeySource,
  saltsOf,
} from '../contents.ts';
import { leafOf } from '../leaves.ts';
import { searchPartition } from '../search.ts';
import type { Findings } from './findings.ts';

export interface RecordsToCheck {
  readonly database: Database.Database;
  readonly tree: HashReader & { readonly size: number };
  /** Absent: what is sealed stays sealed, and only what is outside is checked. */
  readonly periodKey?: PeriodKeySource;
  /** Digest of a body in a file. @throws Error when it cannot be read */
  readonly digestOfFile: (place: Extract<BodyPlace, { kind: 'file' }>) => Promise<Buffer>;
  readonly findings: Findings;
  /** Numbers that pairs have come to; undefined before the first tally says so. */
  readonly pairs: Map<string, number> | undefined;
  readonly onRecord: (index: number) => void;
  /** Told which configuration each leaf names; undefined when it is not the leaf that the log committed to. */
  readonly onConfiguration: (index: number, id: string | undefined) => void;
}

interface LeafRow {
  readonly id: number;
  readonly kind: 'message' | 'tally';
}

const rowsAtOnce = 1_000;
const dayMs = 86_400_000;

/**
 * Checks every record and tally of a partition in its order: that none is missing, that each is the leaf which the
 * tree has at its place, that what is stored of it is what the leaf binds to, and that pairs are numbered without gap.
 * @returns the numbers that pairs have come to
 */
export async function checkRecords(
  question: RecordsToCheck,
  firstId: number,
): Promise<Map<string, number> | undefined> {
  const { database, findings } = question;
  const leaves = database.prepare<[number, number], LeafRow>(
    `SELECT id, 'message' AS kind FROM record WHERE id >= ?
     UNION ALL SELECT id, 'tally' AS kind FROM tally WHERE id >= ? ORDER BY id LIMIT ${rowsAtOnce}`,
  );
  let { pairs } = question;
  for (const { id } of below(database, firstId)) {
    findings.add('altered', `record ${id}`, `Its partition says that it begins at record ${firstId}`);
  }
  for (let next = firstId; ; ) {
    const page = leaves.all(next, next);
    for (const { id, kind } of page) {
      if (id > next) {
        findings.add('missing', placesOf(next, id - 1), `The log goes on with record ${id}`);
      } else if (id < next) {
        findings.add('altered', `record ${id}`, 'Two leaves have the same place');
      }
      next = id + 1;
      if (kind === 'tally') pairs = checkTally(question, id, pairs);
      else await checkMessage(question, id, pairs);
      question.onRecord(id);
    }
    if (page.length < rowsAtOnce) return pairs;
  }
}

/** Leaves that lie before the beginning of their partition. */
function below(database: Database.Database, firstId: number): { readonly id: number }[] {
  return database
    .prepare<[number, number], { id: number }>(
      'SELECT id FROM record WHERE id < ? UNION ALL SELECT id FROM tally WHERE id < ? LIMIT 10',
    )
    .all(firstId, firstId);
}

function placesOf(first: number, last: number): string {
  return first === last ? `record ${first}` : `records ${first} to ${last}`;
}

/** @returns whether the tree says nothing against it */
function checkLeaf(
  { tree, findings }: RecordsToCheck,
  id: number,
  row: { readonly facts: Buffer; readonly salts: Buffer },
): boolean {
  // A log that is being written adds its newest hashes a moment after the records.
  if (id >= tree.size) return true;
  const leaf = findings.attempt('unreadable', `record ${id}`, () => tree.read(0, id, 1));
  if (leaf === undefined) return false;
  if (leaf.equals(leafOf(row))) return true;
  findings.add('altered', `record ${id}`, 'It is not the record that the log committed to at this place');
  return false;
}

function checkTally(
  question: RecordsToCheck,
  id: number,
  pairs: Map<string, number> | undefined,
): Map<string, number> | undefined {
  const { database, findings } = question;
  const place = `record ${id}`;
  const row = database
    .prepare<[number], { at: number; facts: Buffer; salt: Buffer; pairs: string }>(
      'SELECT * FROM tally WHERE id = ?',
    )
    .get(id);
  if (row === undefined) return pairs;
  const isCommitted = checkLeaf(question, id, { facts: row.facts, salts: row.salt });
  const facts = factsOf(row.facts, 'tally', place, findings);
  if (!isCommitted || facts?.kind !== 'tally') question.onConfiguration(id, undefined);
  // Made while no configuration was in force, or before tallies told, it says nothing of one.
  else if (facts.configuration !== undefined) question.onConfiguration(id, facts.configuration);
  const lines = findings.attempt('unreadable', place, () => JSON.parse(row.pairs) as [string, string][]);
  if (facts?.kind !== 'tally' || lines === undefined) return pairs;
  const isSame =
    Date.parse(facts.at) === row.at &&
    lines.length === facts.pairs.length &&
    lines.every(
      ([text, salt], index) => commitTally(Buffer.from(salt, 'base64'), text) === facts.pairs[index],
    );
  if (!isSame) findings.add('altered', place, 'What is stored of the tally is not what its leaf binds to');
  const told = new Map(lines.map(([text]) => splitTally(text)));
  if (pairs !== undefined) {
    for (const pair of new Set([...told.keys(), ...pairs.keys()])) {
      const [expected, found] = [pairs.get(pair) ?? 0, told.get(pair) ?? 0];
      if (expected === found) continue;
      findings.add('gap', place, `The tally says ${pair} has come to ${found}; the records to ${expected}`);
    }
  }
  return told;
}

function splitTally(text: string): [string, number] {
  const at = text.lastIndexOf('|');
  return [text.slice(0, at), Number(text.slice(at + 1))];
}

async function checkMessage(
  question: RecordsToCheck,
  id: number,
  pairs: Map<string, number> | undefined,
): Promise<void> {
  const { database, findings } = question;
  const place = `record ${id}`;
  const row = database.prepare<[number], ContentRow>('SELECT * FROM content WHERE id = ?').get(id);
  if (row === undefined) {
    findings.add('missing', place, 'Its contents are not there');
    question.onConfiguration(id, undefined);
    return;
  }
  const isCommitted = checkLeaf(question, id, row);
  const facts = factsOf(row.facts, 'message', place, findings);
  const message = facts?.kind === 'message' ? facts : undefined;
  question.onConfiguration(id, isCommitted ? message?.configuration : undefined);
  if (message === undefined) return;
  if (pairs !== undefined) checkSequence(message, pairs, place, findings);
  checkColumns(database, id, message, findings);
  const bodies = bodiesOf(database, id);
  if (
    row.salts.length !== saltBytes * (3 + message.bodies.length) ||
    bodies.length !== message.bodies.length
  ) {
    findings.add('disagrees', place, 'It has not as many bodies as its leaf binds to');
    return;
  }
  const salts = saltsOf(row.salts);
  if (!isClaim(row.isHeadWhole)) findings.add('altered', `${place} head`, 'Whether it is whole was changed');
  for (const [index, { position, digest, isDeflated }] of bodies.entries()) {
    const salt = salts.bodies[index];
    if (!isClaim(isDeflated)) {
      findings.add('altered', `${place} body ${position}`, 'Whether it is deflated was changed');
    }
    if (position !== index + 1 || salt === undefined || commitPart(salt, digest) !== message.bodies[index]) {
      findings.add(
        'disagrees',
        `${place} body ${position}`,
        'Its digest is not the one that the leaf binds to',
      );
    }
  }
  if (question.periodKey !== undefined)
    await checkContent(question, row, message, bodies, question.periodKey);
}

function isClaim(value: number): boolean {
  return value === 0 || value === 1;
}

function checkSequence(
  facts: MessageFacts,
  pairs: Map<string, number>,
  place: string,
  findings: Findings,
): void {
  const pair = pairOf(facts);
  const last = pairs.get(pair) ?? 0;
  if (facts.sequence !== last + 1) {
    findings.add('gap', place, `${pair} goes on with ${facts.sequence} after ${last}`);
  }
  pairs.set(pair, facts.sequence);
}

interface Erasure {
  readonly eraseAt: number | null;
  /** 1 while there is a head or a body. */
  readonly isKept: 0 | 1;
}

const notToErase: Erasure = { eraseAt: null, isKept: 0 };

const erasureOf = `SELECT eraseAt,
    EXISTS (SELECT 1 FROM content WHERE content.id = record.id AND head IS NOT NULL)
      OR EXISTS (SELECT 1 FROM body WHERE recordId = record.id AND (sealed IS NOT NULL OR file IS NOT NULL))
      AS isKept
  FROM record WHERE id = ?`;

/** What is searched by must be what the leaf binds to. */
function checkColumns(
  database: Database.Database,
  id: number,
  facts: MessageFacts,
  findings: Findings,
): void {
  const [row] = searchPartition(database, { before: id + 1, limit: 1 });
  if (row?.index !== id) {
    findings.add('missing', `record ${id}`, 'It has no client and service');
    return;
  }
  const { index: _, at, ...columns } = row;
  const expected: Omit<typeof columns, 'at'> = {
    sequence: facts.sequence,
    direction: facts.direction,
    side: facts.side,
    protocol: facts.protocol,
    client: facts.client,
    provider: facts.provider,
    service: facts.service,
    queryId: facts.queryId,
    requestId: facts.requestId,
    userId: facts.userId ?? null,
    issue: facts.issue ?? null,
    status: facts.status ?? null,
  };
  const wrong = Object.entries(expected).flatMap(([name, value]) =>
    columns[name as keyof typeof columns] === value ? [] : [name],
  );
  if (at !== Date.parse(facts.at)) wrong.push('at');
  const { eraseAt, isKept } = database.prepare<[number], Erasure>(erasureOf).get(id) ?? notToErase;
  const days = facts.keepDays ?? 0;
  const isDated = eraseAt !== null && days > 0 && eraseAt === at + days * dayMs;
  // The date goes with what was to be erased at it: what has none any more is kept for good.
  const isErased = eraseAt === null && (days === 0 || isKept === 0);
  if (!isDated && !isErased) wrong.push('eraseAt');
  if (wrong.length > 0) findings.add('altered', `record ${id}`, `Its ${wrong.join(', ')} were changed`);
}

async function checkContent(
  { database, findings, digestOfFile }: RecordsToCheck,
  row: ContentRow,
  facts: MessageFacts,
  bodies: readonly BodyRow[],
  periodKey: PeriodKeySource,
): Promise<void> {
  const place = `record ${row.id}`;
  const salts = saltsOf(row.salts);
  const content = findings.attempt('unsealed', place, () => openContent(database, row, periodKey));
  if (content === undefined) return;
  checkDocuments(database, row, facts, content, findings);
  const { head } = content;
  if ((row.isHeadWhole === 1) === (facts.keepDays === 0)) {
    findings.add('altered', `${place} head`, 'It is not kept as the policy of its service says');
  }
  if (
    head !== undefined &&
    row.isHeadWhole === 1 &&
    commitPart(salts.head, digestOf('sha512', head)) !== facts.head
  ) {
    findings.add('disagrees', `${place} head`, 'It is not the head that the leaf binds to');
  }
  for (const body of bodies) {
    const where = `${place} body ${body.position}`;
    if (body.sealed === null && body.isDeflated !== 0)
      findings.add('altered', where, 'It is nowhere, and deflated');
    const found = findings.attempt('unsealed', where, () => content.placeOf(body));
    if (found === undefined) continue;
    if (found.kind === 'memory' && found.bytes.length !== body.size)
      findings.add('altered', where, 'Its size was changed');
    try {
      const digest = found.kind === 'memory' ? digestOf('sha512', found.bytes) : await digestOfFile(found);
      if (!digest.equals(body.digest))
        findings.add('disagrees', where, 'It is not the body that was recorded');
    } catch (error) {
      findings.add('unsealed', where, error instanceof Error ? error.message : String(error));
    }
  }
}

function checkDocuments(
  database: Database.Database,
  { id, salts }: ContentRow,
  facts: MessageFacts,
  { signature }: OpenedContent,
  findings: Findings,
): void {
  const digest = digestOf('sha512', signature);
  if (commitPart(saltsOf(salts).signature, digest) !== facts.signature) {
    findings.add('disagrees', `record ${id} signature`, 'It is not the signature that the leaf binds to');
  }
  const stored = database
    .prepare<[number], { signatureHash: Buffer }>('SELECT signatureHash FROM record WHERE id = ?')
    .get(id);
  if (stored?.signatureHash.equals(digest) !== true) {
    findings.add('disagrees', `record ${id} signature`, 'Its stored digest is of another signature');
  }
}

function factsOf(bytes: Buffer, kind: Facts['kind'], place: string, findings: Findings): Facts | undefined {
  const facts = findings.attempt('altered', place, () => parseFacts(bytes));
  if (facts !== undefined && facts.kind !== kind) {
    findings.add('altered', place, `It is stored as a ${kind}, and its leaf says ${facts.kind}`);
    return undefined;
  }
  return facts;
}
