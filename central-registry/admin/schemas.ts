import { z } from '@hono/zod-openapi';
import { parseCertificate } from '../../certs/x509/index.ts';
import { cursorUnreadable, Problem } from '../../gateway/http/index.ts';
import {
  type ClientId,
  IdentifierError,
  type MemberId,
  parseEncodedClient,
  parseEncodedServer,
  type ServerId,
  type SubsystemId,
} from '../../gateway/identifier/index.ts';

/** Form of requests and answers. Identifiers are in encoded form, as X-Road's own administration APIs write them. */

export const memberIdSchema = z
  .string()
  .describe('member in encoded form')
  .openapi({ example: 'PILOT:GOV:1001' });
export const subsystemIdSchema = z
  .string()
  .describe('subsystem in encoded form')
  .openapi({ example: 'PILOT:GOV:1001:population' });
export const clientIdSchema = z
  .string()
  .describe('member or subsystem in encoded form')
  .openapi({ example: 'PILOT:GOV:1001:population' });
export const serverIdSchema = z
  .string()
  .describe('security server in encoded form')
  .openapi({ example: 'PILOT:GOV:1001:ss1' });
export const codeSchema = z.string().openapi({ example: 'GOV' });
export const certificateSchema = z
  .string()
  .max(64 * 1024)
  .describe('PEM certificate');

/** @throws IdentifierError */
export function readMemberId(text: string): MemberId {
  const id = parseEncodedClient(text);
  if (id.kind !== 'MEMBER') throw new IdentifierError(`'${text}' is a subsystem, where a member is expected`);
  return id;
}

/** @throws IdentifierError */
export function readSubsystemId(text: string): SubsystemId {
  const id = parseEncodedClient(text);
  if (id.kind !== 'SUBSYSTEM')
    throw new IdentifierError(`'${text}' is a member, where a subsystem is expected`);
  return id;
}

/** @throws IdentifierError */
export function readClientId(text: string): ClientId {
  return parseEncodedClient(text);
}

/** @throws IdentifierError */
export function readServerId(text: string): ServerId {
  return parseEncodedServer(text);
}

/** A place in a list of identifiers. @throws Problem cursor-unreadable */
export function readPlace<Id>(read: (text: string) => Id, place: string | undefined): Id | undefined {
  if (place === undefined) return undefined;
  try {
    return read(place);
  } catch (cause) {
    if (cause instanceof IdentifierError) throw cursorUnreadable(cause);
    throw cause;
  }
}

/** The register checks what it is given; here only the form changes. */
export function readPem(text: string): Buffer {
  return Buffer.from(text, 'utf8');
}

export function showCertificate(der: Buffer): string {
  return parseCertificate(der).pem;
}

/** Fields that were not sent are absent, as the register has them, and not there with nothing in them. */
export function withoutUndefined<Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]: Exclude<Fields[Name], undefined> } {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as { [Name in keyof Fields]: Exclude<Fields[Name], undefined> };
}

/** @throws Problem not-found */
export function requireOne<Entry>(
  all: readonly Entry[],
  isIt: (entry: Entry) => boolean,
  name: string,
): Entry {
  return requireFound(all.find(isIt), name);
}

/** @throws Problem not-found */
export function requireFound<Entry>(found: Entry | undefined, name: string): Entry {
  if (found === undefined) throw new Problem(404, 'not-found', `'${name}' is not in the register`);
  return found;
}

/** A JSON body, or a JSON answer. */
export function json<Schema extends z.ZodType>(schema: Schema) {
  return { content: { 'application/json': { schema } } };
}

/** A body that must be there. */
export function jsonBody<Schema extends z.ZodType>(schema: Schema) {
  return { required: true, ...json(schema) };
}

export const done = { 204: { description: 'done; published at once' } } as const;
