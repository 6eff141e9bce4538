import { randomBytes } from 'node:crypto';
import { digestOf } from '../../../certs/key/index.ts';
import {
  parseEncodedClient,
  printEncoded,
  printRest,
  providerOf,
  restServiceOf,
  type ServiceId,
} from '../../identifier/index.ts';
import { composeRestRequest, composeRestResponse, requestHash } from '../../message/index.ts';
import { buildHashChains, type SigningMaterial, signMessage, writeContainer } from '../../signature/index.ts';
import { type Pki, partsOf, signedAt } from '../../signature/testing/pki.ts';
import { composeEnvelope, soapRequestHash } from '../../soap/index.ts';
import {
  type HashReader,
  hashBytes,
  hashChildren,
  hashLeaf,
  proveConsistency,
  proveInclusion,
  rootOf,
  writeCheckpoint,
} from '../../transparency/index.ts';
import { describeContents } from '../contents.ts';
import {
  commitPart,
  commitTally,
  entryOf,
  type Facts,
  type MessageFacts,
  pairOf,
  type RecordSalts,
  tallyText,
  writeFacts,
} from '../facts.ts';
import type {
  BundleConfiguration,
  BundleContent,
  BundleScope,
  BundleTally,
  BundleTimestamp,
  BundleWitness,
} from '../model.ts';
import { namingOf } from '../under-stamp.ts';
import { origin, type World } from './world.ts';

/** A message of the exchanges of tests. */
export interface TestMessage {
  readonly queryId: string;
  /** Subsystem of Alice's that asks. */
  readonly subsystem?: string;
  /** Of REST the body of the request, of SOAP an attachment beside its envelope. */
  readonly body?: string;
  readonly protocol?: 'rest' | 'soap';
  readonly userId?: string;
  /** When it is recorded; each second by default. */
  readonly at?: Date;
  readonly signer?: SigningMaterial;
  readonly configuration?: BundleConfiguration;
  /** Changes facts after they were read from the message, as a lying log could. */
  readonly lie?: (facts: MessageFacts) => MessageFacts;
}

interface Entry {
  readonly facts: Buffer;
  readonly salts: RecordSalts;
  readonly message?: LoggedMessage;
  readonly pairs?: BundleTally['pairs'];
}

interface LoggedMessage {
  readonly facts: MessageFacts;
  readonly head: Buffer;
  readonly bodies: readonly Buffer[];
  readonly documents: Awaited<ReturnType<typeof signMessage>>;
  readonly stamp?: { readonly place: number; readonly chain: Buffer };
}

const salt = () => randomBytes(16);
const service: ServiceId = restServiceOf(
  ['DEV', 'COM', '222', 'register', 'person'],
  'DEV/COM/222/register/person',
);

/** A log in memory, of one server that asks for Alice's subsystems. */
export class TestLog implements HashReader {
  readonly #world: World;
  readonly #snapshot: BundleConfiguration;
  readonly #entries: Entry[] = [];
  readonly #leaves: Buffer[] = [];
  readonly #counts = new Map<string, number>();
  readonly #stamps: BundleTimestamp[] = [];
  readonly #snapshots = new Map<string, BundleConfiguration>();
  #stampedTo = 0;

  private constructor(world: World, snapshot: BundleConfiguration) {
    this.#world = world;
    this.#snapshot = snapshot;
  }

  static async create(world: World): Promise<TestLog> {
    return new TestLog(world, await world.snapshot());
  }

  get size(): number {
    return this.#leaves.length;
  }

  read(level: number, first: number, count: number): Buffer {
    const unit = 256 ** level;
    if ((first + count) * unit > this.size) throw new RangeError('not there');
    if (level === 0) return Buffer.concat(this.#leaves.slice(first, first + count));
    return Buffer.concat(
      Array.from({ length: count }, (_, at) => fold(this.read(level - 1, (first + at) * 256, 256))),
    );
  }

  /** Records a request of Alice's and the answer of Bob's. @returns their indices */
  async exchange(message: TestMessage): Promise<[request: number, response: number]> {
    const { bob } = this.#world;
    const { sent, answer, answered } = this.#compose(message);
    const asked = await sent();
    return [asked, await this.#record(message, 'response', answer, answered, bob)];
  }

  /** Records a request of Alice's to which no answer comes. @returns its index */
  ask(message: TestMessage): Promise<number> {
    return this.#compose(message).sent();
  }

  #compose(message: TestMessage) {
    const signer = message.signer ?? this.#world.alice;
    const { head, bodies, ...answer } =
      message.protocol === 'soap' ? composeSoap(message) : composeRest(message);
    return { sent: () => this.#record(message, 'request', head, bodies, signer), ...answer };
  }

  async #record(
    message: TestMessage,
    direction: 'request' | 'response',
    head: Buffer,
    bodies: readonly Buffer[],
    signer: SigningMaterial,
  ): Promise<number> {
    const { queryId, subsystem = 'permits', userId, lie = (facts) => facts } = message;
    const snapshot = message.configuration ?? this.#snapshot;
    this.#snapshots.set(snapshot.id, snapshot);
    const documents = await signMessage({
      ...signer,
      parts: partsOf(head, bodies),
      digest: 'sha512',
      signedAt,
    });
    const salts = { facts: salt(), head: salt(), signature: salt(), bodies: bodies.map(salt) };
    const numbered = {
      ...{ direction, side: 'client' as const, client: `DEV:COM:111:${subsystem}` },
      provider: printEncoded(providerOf(service)),
    };
    const pair = pairOf(numbered);
    const sequence = (this.#counts.get(pair) ?? 0) + 1;
    this.#counts.set(pair, sequence);
    const commit = (one: Buffer | undefined, bytes: Buffer) =>
      commitPart(one ?? salt(), digestOf('sha512', bytes));
    const facts = lie({
      ...{ kind: 'message', sequence, at: (message.at ?? this.now()).toISOString() },
      ...{
        ...numbered,
        protocol: message.protocol ?? 'rest',
        service: printEncoded(service),
        queryId,
        requestId: `r-${queryId}`,
      },
      ...(userId !== undefined && { userId }),
      ...(direction === 'response' && { status: 200 }),
      configuration: snapshot.id,
      signedExports: true as const,
      head: commit(salts.head, head),
      signature: commit(salts.signature, documents.signature),
      bodies: bodies.map((bytes, at) => commit(salts.bodies[at], bytes)),
    });
    return this.#append({ facts: writeFacts(facts), salts, message: { facts, head, bodies, documents } });
  }

  /** A second later with each record. */
  now(): Date {
    return new Date(signedAt.getTime() + this.size * 1000);
  }

  /** @param configuration that it names; the log's first one unless told, none when null */
  tally(at: Date = this.now(), configuration: BundleConfiguration | null = this.#snapshot): number {
    if (configuration !== null) this.#snapshots.set(configuration.id, configuration);
    const lines = [...this.#counts].map(([pair, count]) => ({ text: tallyText(pair, count), salt: salt() }));
    const sorted = lines.sort((a, b) => (a.text < b.text ? -1 : 1));
    const facts: Facts = {
      kind: 'tally',
      at: at.toISOString(),
      configuration: configuration?.id,
      pairs: sorted.map((line) => commitTally(line.salt, line.text)),
    };
    const salts = { facts: salt(), head: salt(), signature: salt(), bodies: [] };
    const pairs = sorted.map((line, position) => ({ position, ...line }));
    return this.#append({ facts: writeFacts(facts), salts, pairs });
  }

  #append(entry: Entry): number {
    this.#entries.push(entry);
    return this.#leaves.push(hashLeaf(entryOf(entry.salts.facts, entry.facts))) - 1;
  }

  checkpoint(size = this.size): string {
    return this.#world.note.sign(writeCheckpoint({ origin, size, root: rootOf(this, size) }));
  }

  /** Signs for an export, as a log does that leaves out or puts in what it likes. */
  sign(content: BundleContent): BundleContent {
    return { ...content, contents: this.#world.note.sign(describeContents(content)) };
  }

  /** Stamps all that was not stamped yet, with a checkpoint beside it; by another authority where told. */
  async stamp(at: Date = this.now(), pki: Pick<Pki, 'stamp'> = this.#world.pki): Promise<void> {
    const from = this.#stampedTo;
    this.#stampedTo = this.size;
    const checkpoint = this.checkpoint();
    const waiting = this.#entries
      .slice(from)
      .flatMap(({ message }, offset) => (message === undefined ? [] : [{ index: from + offset, message }]));
    const { result, chains } = buildHashChains(
      [
        ...waiting.map(({ message: { documents } }) => [
          { name: '/META-INF/signatures.xml', digest: digestOf('sha512', documents.signature) },
        ]),
        [{ name: '/checkpoint', digest: digestOf('sha512', Buffer.from(checkpoint)) }],
      ],
      'sha512',
      '/ts-hashchain.xml',
    );
    const token = await pki.stamp(result, at);
    const last = chains.at(-1);
    if (last === undefined) throw new Error('a batch has a chain for its checkpoint');
    const place = this.#stamps.push({ checkpoint, token, result, chain: last }) - 1;
    for (const [position, { index, message }] of waiting.entries()) {
      const entry = this.#entries[index];
      const chain = chains[position];
      if (entry === undefined || chain === undefined) continue;
      this.#entries[index] = { ...entry, message: { ...message, stamp: { place, chain } } };
    }
  }

  /**
   * Exports records, with tallies and all proofs.
   * @param asked of a case the message ids may be left out: they are those of its records
   * @param indices of records
   * @param options.tallies their indices
   * @param options.erased parts that are left out, of every record that has them
   * @param options.bare records whose messages are left out
   * @param options.witnesses leaves, and their configurations, that come along to say whose timestamps counted
   * @param options.beside configurations that come along besides
   * @param options.isUnsigned as version 1 was, without the log's word on what it holds
   */
  bundle(
    asked: BundleScope,
    indices: readonly number[],
    {
      tallies = [],
      erased = [],
      bare = [],
      oldSizes = [],
      witnesses = [],
      beside = [],
      isUnsigned = false,
    }: {
      readonly tallies?: readonly number[];
      readonly erased?: readonly string[];
      readonly bare?: readonly number[];
      readonly oldSizes?: readonly number[];
      readonly witnesses?: readonly number[];
      readonly beside?: readonly BundleConfiguration[];
      readonly isUnsigned?: boolean;
    } = {},
  ): BundleContent {
    const scope = isUnsigned ? asked : this.#tellIds(asked, indices);
    const used = new Map<number, number>();
    const records = indices.map((index) => {
      const { facts, salts, message } = this.#entry(index);
      if (message === undefined) throw new Error(`${index} is a tally`);
      const inclusion = proveInclusion(this, index, this.size);
      if (bare.includes(index)) {
        return { index, facts, salts, inclusion, container: null, erased: [], timestamp: null };
      }
      const names = ['message.xml', ...message.bodies.map((_, at) => `attachment${at + 1}`)];
      const gone = names.filter((name) => erased.includes(name));
      const { stamp } = message;
      if (stamp !== undefined && !used.has(stamp.place)) used.set(stamp.place, used.size);
      const timestamp = stamp === undefined ? null : (used.get(stamp.place) ?? null);
      return {
        index,
        facts,
        salts,
        inclusion,
        container: this.#container(message, gone),
        erased: gone,
        timestamp,
      };
    });
    const ids = new Set([
      ...records.flatMap(({ index }) => this.#entry(index).message?.facts.configuration ?? []),
      ...witnesses.flatMap((index) => namingOf({ index, ...this.#entry(index) })?.configuration ?? []),
      ...beside.map(({ id }) => id),
    ]);
    for (const one of beside) this.#snapshots.set(one.id, one);
    const timestamps = [...used.keys()].flatMap((place) => this.#stamps[place] ?? []);
    const sizes = new Set([
      ...timestamps.map(({ checkpoint }) => Number(checkpoint.split('\n')[1])),
      ...oldSizes,
    ]);
    const content: BundleContent = {
      ...{ scope, origin, verifierKey: this.#world.note.verifierKey, createdAt: '2026-04-01T00:00:00.000Z' },
      checkpoint: this.checkpoint(),
      records,
      tallies: tallies.map((index) => {
        const { facts, salts, pairs = [] } = this.#entry(index);
        return { index, facts, salt: salts.facts, inclusion: proveInclusion(this, index, this.size), pairs };
      }),
      timestamps,
      configurations: [...this.#snapshots.values()]
        .filter(({ id }) => ids.has(id))
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
      consistency: [...sizes]
        .filter((oldSize) => oldSize < this.size)
        .sort((a, b) => a - b)
        .map((oldSize) => ({
          oldSize,
          oldRoot: rootOf(this, oldSize),
          proof: proveConsistency(this, oldSize, this.size),
        })),
      ...(witnesses.length > 0 && { witnesses: witnesses.map((index) => this.#witness(index)) }),
    };
    return isUnsigned ? content : this.sign(content);
  }

  #witness(index: number): BundleWitness {
    const { facts, salts } = this.#entry(index);
    return { index, facts, salt: salts.facts, inclusion: proveInclusion(this, index, this.size) };
  }

  #tellIds(scope: BundleScope, indices: readonly number[]): BundleScope {
    if (scope.kind !== 'case' || scope.queryIds !== undefined) return scope;
    const ids = indices.flatMap((index) => this.#entry(index).message?.facts.queryId ?? []);
    return { ...scope, queryIds: [...new Set(ids)].sort() };
  }

  #entry(index: number): Entry {
    const entry = this.#entries[index];
    if (entry === undefined) throw new RangeError(`the log has no ${index}`);
    return entry;
  }

  #container({ head, bodies, documents, stamp }: LoggedMessage, gone: readonly string[]): Buffer {
    const timestamp = stamp && this.#stamps[stamp.place];
    return writeContainer({
      ...(!gone.includes('message.xml') && { head }),
      attachments: bodies.map((bytes, at) => (gone.includes(`attachment${at + 1}`) ? undefined : bytes)),
      documents,
      ...(timestamp !== undefined &&
        stamp !== undefined && {
          timestamp: { hashChainResult: timestamp.result, hashChain: stamp.chain, token: timestamp.token },
        }),
    });
  }
}

/** A request of Alice's, and the answer of Bob's to it. */
function composeRest({ queryId, subsystem = 'permits', body, userId }: TestMessage) {
  const client = parseEncodedClient(`DEV:COM:111:${subsystem}`);
  const { request, head } = composeRestRequest({
    verb: body === undefined ? 'GET' : 'POST',
    target: `/r1/${printRest(service)}/1`,
    rawHeaders: [
      ...['X-Road-Client', printRest(client), 'X-Road-Id', queryId],
      ...(userId === undefined ? [] : ['X-Road-UserId', userId]),
    ],
    instance: 'DEV',
    requestId: `r-${queryId}`,
    newMessageId: () => queryId,
  });
  const bodies = body === undefined ? [] : [Buffer.from(body)];
  const [headDigest, bodyDigest] = [head, ...bodies].map((bytes) => digestOf('sha512', bytes));
  const answer = composeRestResponse({
    ...{ status: 200, reason: 'OK', headers: [['Content-Type', 'application/json']] },
    ...{ request, requestHash: requestHash(headDigest, bodyDigest) },
  });
  const answered = [Buffer.from(`{"answer":"${queryId}"}`)];
  return { head, bodies, answer, answered };
}

function composeSoap({ queryId, subsystem = 'permits', body, userId }: TestMessage) {
  const header = {
    client: parseEncodedClient(`DEV:COM:111:${subsystem}`),
    ...{ service, id: queryId, protocolVersion: '4.0' },
    ...(userId !== undefined && { userId }),
  };
  const head = Buffer.from(composeEnvelope(header, '<person/>'));
  const answer = composeEnvelope({ ...header, requestHash: soapRequestHash(head) }, '<personResponse/>');
  const bodies = body === undefined ? [] : [Buffer.from(body)];
  return { head, bodies, answer: Buffer.from(answer), answered: [] };
}

/** Root of 256 hashes. */
function fold(hashes: Buffer): Buffer {
  if (hashes.length === hashBytes) return hashes;
  const middle = hashes.length / 2;
  return hashChildren(fold(hashes.subarray(0, middle)), fold(hashes.subarray(middle)));
}
