import { createHash } from 'node:crypto';
import { EvidenceError } from './error.ts';

/** What the log knows of one message, without the message. */
export interface MessageFacts {
  readonly kind: 'message';
  /** Dense from 1 for each client, provider, direction and side: a record that is missing leaves a gap. */
  readonly sequence: number;
  /** ISO 8601 in UTC, with milliseconds. */
  readonly at: string;
  readonly direction: 'request' | 'response';
  /** Which role the server that keeps this log had. */
  readonly side: 'client' | 'provider';
  readonly protocol: 'rest' | 'soap';
  /** Encoded identifiers: of the client, of the service's owner, of the service. */
  readonly client: string;
  readonly provider: string;
  readonly service: string;
  readonly queryId: string;
  readonly requestId: string;
  readonly userId?: string | undefined;
  readonly issue?: string | undefined;
  /** HTTP status of a response; 500 for a SOAP fault. */
  readonly status?: number | undefined;
  /** Days that head and bodies are kept by the policy of their service: 0 for none at all, absent for as long as the record. */
  readonly keepDays?: number | undefined;
  /** Id of the configuration snapshot that was in force, SHA-256 in hex. */
  readonly configuration: string;
  /**
   * Whether the log signs for what each of its exports holds: then one without that was stripped of it. Absent in
   * records from before it did.
   */
  readonly signedExports?: true | undefined;
  /** Commitments to the parts, as `commitPart` makes them. */
  readonly head: string;
  readonly signature: string;
  readonly bodies: readonly string[];
}

/**
 * How far each pair had come: appended when a partition of the log begins, each day, and before an export. It shows
 * that nothing is missing at the end of a stretch, where a gap would not.
 */
export interface TallyFacts {
  readonly kind: 'tally';
  readonly at: string;
  /** Id of the configuration snapshot that was in force; absent where none was, and in tallies from before they told. */
  readonly configuration?: string | undefined;
  /** Commitments to the texts of `tallyText`, in the order of those texts; each with a salt of its own. */
  readonly pairs: readonly string[];
}

export type Facts = MessageFacts | TallyFacts;

/** 16 random octets each: without them a commitment tells nothing, even of a content that is easily guessed. */
export interface RecordSalts {
  readonly facts: Buffer;
  readonly head: Buffer;
  readonly signature: Buffer;
  readonly bodies: readonly Buffer[];
}

export const saltBytes = 16;
const maxFactsOctets = 64 * 1024 * 1024;
const entryStart = 'waygate.record.v1\n';

/**
 * Binds to a content without telling it: base64 of SHA-256 over salt and digest.
 * @param sha512 digest of the content, so that it still can be checked when the content itself was erased
 */
export function commitPart(salt: Buffer, sha512: Buffer): string {
  return createHash('sha256').update(salt).update(sha512).digest('base64');
}

/** One line of a tally. */
export function tallyText(pair: string, sequence: number): string {
  return `${pair}|${sequence}`;
}

export function commitTally(salt: Buffer, text: string): string {
  return createHash('sha256').update(salt).update(text).digest('base64');
}

/** Names what is numbered together. Encoded identifiers have no bar in them. */
export function pairOf({
  client,
  provider,
  direction,
  side,
}: Pick<MessageFacts, 'client' | 'provider' | 'direction' | 'side'>): string {
  return `${client}|${provider}|${direction}|${side}`;
}

/** The one form of facts: compact JSON with its keys in this order. */
export function writeFacts(facts: Facts): Buffer {
  if (facts.kind === 'tally') {
    const { kind, at, configuration, pairs } = facts;
    return Buffer.from(JSON.stringify({ kind, at, configuration, pairs }));
  }
  return Buffer.from(
    JSON.stringify({
      kind: facts.kind,
      sequence: facts.sequence,
      at: facts.at,
      direction: facts.direction,
      side: facts.side,
      protocol: facts.protocol,
      client: facts.client,
      provider: facts.provider,
      service: facts.service,
      queryId: facts.queryId,
      requestId: facts.requestId,
      userId: facts.userId,
      issue: facts.issue,
      status: facts.status,
      keepDays: facts.keepDays,
      configuration: facts.configuration,
      signedExports: facts.signedExports,
      head: facts.head,
      signature: facts.signature,
      bodies: facts.bodies,
    }),
  );
}

/**
 * Reads facts in their one form.
 * @throws EvidenceError facts-malformed
 */
export function parseFacts(bytes: Buffer): Facts {
  if (bytes.length > maxFactsOctets) throw malformed('they are too long');
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw malformed('they are not JSON', cause);
  }
  if (typeof value !== 'object' || value === null) throw malformed('they are not a JSON object');
  const fields = value as Record<string, unknown>;
  const facts = fields['kind'] === 'tally' ? readTally(fields) : readMessage(fields);
  if (!writeFacts(facts).equals(bytes)) throw malformed('they are not in their one form');
  return facts;
}

/** The leaf of the log: it tells nothing to whom the facts are not shown. */
export function entryOf(factsSalt: Buffer, facts: Buffer): Buffer {
  const commitment = createHash('sha256').update(factsSalt).update(facts).digest('base64');
  return Buffer.from(`${entryStart}${commitment}\n`);
}

function readTally(fields: Record<string, unknown>): TallyFacts {
  const configuration = optionalTextIn(fields, 'configuration');
  return {
    ...{ kind: 'tally', at: instantIn(fields, 'at'), pairs: commitmentsIn(fields, 'pairs') },
    ...(configuration !== undefined && { configuration }),
  };
}

function readMessage(fields: Record<string, unknown>): MessageFacts {
  const userId = optionalTextIn(fields, 'userId');
  const issue = optionalTextIn(fields, 'issue');
  const { status, keepDays, signedExports } = fields;
  if (status !== undefined && !isWhole(status)) throw malformed('status is not a number');
  if (keepDays !== undefined && !isWhole(keepDays)) throw malformed('keepDays is not a number');
  if (signedExports !== undefined && signedExports !== true) throw malformed('signedExports is not true');
  return {
    kind: oneOf(fields, 'kind', ['message']),
    sequence: countIn(fields, 'sequence'),
    at: instantIn(fields, 'at'),
    direction: oneOf(fields, 'direction', ['request', 'response']),
    side: oneOf(fields, 'side', ['client', 'provider']),
    protocol: oneOf(fields, 'protocol', ['rest', 'soap']),
    client: textIn(fields, 'client'),
    provider: textIn(fields, 'provider'),
    service: textIn(fields, 'service'),
    queryId: textIn(fields, 'queryId'),
    requestId: textIn(fields, 'requestId'),
    ...(userId !== undefined && { userId }),
    ...(issue !== undefined && { issue }),
    ...(status !== undefined && { status }),
    ...(keepDays !== undefined && { keepDays }),
    configuration: textIn(fields, 'configuration'),
    ...(signedExports !== undefined && { signedExports }),
    head: commitmentIn(fields['head']),
    signature: commitmentIn(fields['signature']),
    bodies: commitmentsIn(fields, 'bodies'),
  };
}

function textIn(fields: Record<string, unknown>, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw malformed(`${name} is not a text`);
  return value;
}

function optionalTextIn(fields: Record<string, unknown>, name: string): string | undefined {
  return fields[name] === undefined ? undefined : textIn(fields, name);
}

function oneOf<Value extends string>(
  fields: Record<string, unknown>,
  name: string,
  values: readonly Value[],
): Value {
  const found = values.find((value) => value === fields[name]);
  if (found === undefined) throw malformed(`${name} is not one of ${values.join(', ')}`);
  return found;
}

function countIn(fields: Record<string, unknown>, name: string): number {
  const value = fields[name];
  if (!isWhole(value) || value < 1) throw malformed(`${name} is not a number from 1 on`);
  return value;
}

function instantIn(fields: Record<string, unknown>, name: string): string {
  const text = textIn(fields, name);
  const at = new Date(text);
  if (Number.isNaN(at.getTime()) || at.toISOString() !== text) throw malformed(`${name} is not an instant`);
  return text;
}

function commitmentsIn(fields: Record<string, unknown>, name: string): string[] {
  const value = fields[name];
  if (!Array.isArray(value)) throw malformed(`${name} is not a list`);
  return value.map(commitmentIn);
}

function commitmentIn(value: unknown): string {
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/]{43}=$/.test(value)) {
    throw malformed('a commitment is 32 octets in base64');
  }
  return value;
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function malformed(why: string, cause?: unknown): EvidenceError {
  return new EvidenceError('facts-malformed', `These are not the facts of a record: ${why}`, { cause });
}
