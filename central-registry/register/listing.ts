import type { ClientId, MemberId, ServerId, SubsystemId } from '../../gateway/identifier/index.ts';
import type { Book } from './book.ts';
import { clientOf } from './client-columns.ts';
import type { Member, SecurityServer, ServerEntry, Subsystem } from './model.ts';
import { maintenanceOf } from './servers.ts';

/**
 * Parts of lists, from any place on, for registers too large to be read whole for one page. The order is that of the
 * codes, one after the other, by their UTF-8 octets: the tables' own.
 */

/** Where a part begins, and how long it may be. */
interface Stretch<Id> {
  /** It begins behind this one, which need not be there any more; undefined: at the first. No code is empty. */
  readonly after: Id | undefined;
  readonly count: number;
}

export async function membersBehind(
  { db, instance }: Book,
  { after, count }: Stretch<MemberId>,
): Promise<Member[]> {
  const rows = await db
    .selectFrom('member')
    .selectAll()
    .where(({ eb, refTuple, tuple }) =>
      eb(
        refTuple('memberClass', 'memberCode'),
        '>',
        tuple(after?.memberClass ?? '', after?.memberCode ?? ''),
      ),
    )
    .orderBy('memberClass')
    .orderBy('memberCode')
    .limit(count)
    .execute();
  return rows.map(({ name, ...codes }) => ({ id: { kind: 'MEMBER', instance, ...codes }, name }));
}

/** @param of whose subsystems; everybody's when undefined */
export async function subsystemsBehind(
  { db, instance }: Book,
  { after, count }: Stretch<SubsystemId>,
  of?: MemberId,
): Promise<Subsystem[]> {
  if (of !== undefined && of.instance !== instance) return [];
  const rows = await db
    .selectFrom('subsystem')
    .selectAll()
    .$if(of !== undefined, (query) =>
      query.where('memberClass', '=', of?.memberClass ?? '').where('memberCode', '=', of?.memberCode ?? ''),
    )
    .where(({ eb, refTuple, tuple }) =>
      eb(
        refTuple('memberClass', 'memberCode', 'subsystemCode'),
        '>',
        tuple(after?.memberClass ?? '', after?.memberCode ?? '', after?.subsystemCode ?? ''),
      ),
    )
    .orderBy('memberClass')
    .orderBy('memberCode')
    .orderBy('subsystemCode')
    .limit(count)
    .execute();
  return rows.map(({ name, ...codes }) => ({
    id: { kind: 'SUBSYSTEM', instance, ...codes },
    ...(name !== null && { name }),
  }));
}

/** Servers without their certificates and clients. */
export async function serversBehind(
  { db, instance }: Book,
  { after, count }: Stretch<ServerId>,
): Promise<SecurityServer[]> {
  const rows = await db
    .selectFrom('server')
    .selectAll()
    .where(({ eb, refTuple, tuple }) =>
      eb(
        refTuple('memberClass', 'memberCode', 'serverCode'),
        '>',
        tuple(after?.memberClass ?? '', after?.memberCode ?? '', after?.serverCode ?? ''),
      ),
    )
    .orderBy('memberClass')
    .orderBy('memberCode')
    .orderBy('serverCode')
    .limit(count)
    .execute();
  return rows.map(({ memberClass, memberCode, serverCode, address, ...maintenance }) => ({
    id: { kind: 'SERVER', instance, memberClass, memberCode, serverCode },
    address,
    ...maintenanceOf(maintenance),
  }));
}

/** Servers with their certificates and clients, each asked for by itself. */
export async function withCertificatesAndClients(
  { db, instance }: Book,
  servers: readonly SecurityServer[],
): Promise<ServerEntry[]> {
  const entries: ServerEntry[] = [];
  for (const server of servers) {
    const { memberClass, memberCode, serverCode } = server.id;
    const certificates = await db
      .selectFrom('authenticationCertificate')
      .select('certificate')
      .where('ownerClass', '=', memberClass)
      .where('ownerCode', '=', memberCode)
      .where('serverCode', '=', serverCode)
      .orderBy('sha256')
      .execute();
    const rows = await db
      .selectFrom('serverClient')
      .select(['memberClass', 'memberCode', 'subsystemCode', 'isDisabled'])
      .where('ownerClass', '=', memberClass)
      .where('ownerCode', '=', memberCode)
      .where('serverCode', '=', serverCode)
      .orderBy('memberClass')
      .orderBy('memberCode')
      .orderBy('subsystemCode')
      .execute();
    const clients = (wanted: number): ClientId[] =>
      rows.filter(({ isDisabled }) => isDisabled === wanted).map((row) => clientOf(instance, row));
    entries.push({
      ...server,
      authenticationCertificates: certificates.map(({ certificate }) => certificate),
      clients: clients(0),
      disabledClients: clients(1),
    });
  }
  return entries;
}

/** How many there are of each. */
export interface RegisterCounts {
  readonly memberClasses: number;
  readonly members: number;
  readonly subsystems: number;
  readonly servers: number;
  readonly waitingRequests: number;
}

export async function countEntries({ db }: Book): Promise<RegisterCounts> {
  const count = async (table: 'memberClass' | 'member' | 'subsystem' | 'server') => {
    const row = await db
      .selectFrom(table)
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    return row.count;
  };
  const waiting = await db
    .selectFrom('managementRequest')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('status', '=', 'waiting')
    .executeTakeFirstOrThrow();
  return {
    memberClasses: await count('memberClass'),
    members: await count('member'),
    subsystems: await count('subsystem'),
    servers: await count('server'),
    waitingRequests: waiting.count,
  };
}

/** An authentication certificate, and whose it is. */
export interface ServerCertificate {
  readonly server: ServerId;
  /** Hex, of the DER. */
  readonly sha256: string;
  readonly certificate: Buffer;
}

export async function listServerCertificates({ db, instance }: Book): Promise<ServerCertificate[]> {
  const rows = await db.selectFrom('authenticationCertificate').selectAll().execute();
  return rows.map(({ sha256, certificate, ownerClass: memberClass, ownerCode: memberCode, serverCode }) => ({
    server: { kind: 'SERVER', instance, memberClass, memberCode, serverCode },
    ...{ sha256, certificate },
  }));
}
