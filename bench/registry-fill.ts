import { join } from 'node:path';
import {
  addAuthenticationCertificate,
  addMember,
  addServer,
  addServerClient,
  addSubsystem,
  type Book,
  putMemberClass,
  Register,
  registerFile,
} from '../central-registry/register/index.ts';
import { generateKeyPair, softwareSigningKey } from '../certs/key/index.ts';
import { buildName, createCertificate } from '../certs/x509/index.ts';
import type { MemberId, ServerId } from '../gateway/identifier/index.ts';

/** How large the registry is made. */
export interface RegistrySize {
  readonly members: number;
  readonly subsystemsEach: number;
  /** The first members own one each; the subsystems of all are spread over them as clients. */
  readonly servers: number;
  /** Management requests that were decided long ago. */
  readonly requests: number;
}

/** The first member; they are numbered from there. */
export const firstCode = 10_000;

/** Fills a founded register in few changes: that of all members and subsystems is as large as an entry gets. */
export async function fillRegister(data: string, instance: string, size: RegistrySize): Promise<void> {
  const register = await Register.open(join(data, registerFile));
  try {
    await register.change({ by: 'system' }, (book) =>
      putMemberClass(book, { code: 'GOV', description: 'Administrations' }),
    );
    await register.change({ by: 'system', why: 'taken over' }, (book) => addMembers(book, instance, size));
    await register.change({ by: 'system', why: 'taken over' }, (book) => addServers(book, instance, size));
    await register.change({ by: 'system', why: 'taken over' }, (book) => addRequests(book, size));
  } finally {
    register.close();
  }
}

async function addMembers(book: Book, instance: string, size: RegistrySize): Promise<void> {
  for (let number = 0; number < size.members; number += 1) {
    const id = memberOf(instance, number);
    await addMember(book, { id, name: `Administration number ${number}` });
    for (let at = 0; at < size.subsystemsEach; at += 1) {
      await addSubsystem(book, { id: subsystemOf(id, at), name: `System ${at} of ${number}` });
    }
  }
}

async function addServers(book: Book, instance: string, size: RegistrySize): Promise<void> {
  const { publicKey, privateKey } = await generateKeyPair({ type: 'ec', curve: 'P-256' });
  const key = softwareSigningKey(privateKey);
  const servers: ServerId[] = [];
  for (let number = 0; number < size.servers; number += 1) {
    const id: ServerId = { ...memberOf(instance, number), kind: 'SERVER', serverCode: 'ss1' };
    servers.push(id);
    await addServer(book, { id, address: `ss${number}.example` });
    const certificate = await createCertificate(
      {
        ...{ subject: buildName({ CN: `ss${number}.example` }), issuer: buildName({ CN: 'Bench CA' }) },
        ...{ publicKey, serialNumber: BigInt(number + 1), notBefore: new Date() },
        notAfter: new Date(Date.now() + 300 * 86_400_000),
      },
      key,
    );
    await addAuthenticationCertificate(book, id, certificate.der);
  }
  for (let number = 0; number < size.members; number += 1) {
    const server = servers[number % servers.length];
    if (server === undefined) return;
    for (let at = 0; at < size.subsystemsEach; at += 1) {
      await addServerClient(book, server, subsystemOf(memberOf(instance, number), at));
    }
  }
}

async function addRequests({ db }: Book, { requests, members }: RegistrySize): Promise<void> {
  const [ownerClass, at] = ['GOV', '2026-01-01T00:00:00.000Z'];
  for (let number = 0; number < requests; number += 1) {
    const ownerCode = String(firstCode + (number % members));
    await db
      .insertInto('managementRequest')
      .values({
        ...{ kind: 'clientReg', origin: 'management', status: 'approved', createdAt: at, decidedAt: at },
        ...{ senderClass: ownerClass, senderCode: ownerCode, ownerClass, ownerCode, serverCode: 'ss1' },
        ...{ clientClass: ownerClass, clientCode: ownerCode, subsystemCode: 'system-0', subsystemName: null },
        ...{ messageId: `bench-${number}`, digest: '', address: null, certificate: null },
        ...{ maintenanceMessage: null, reason: null },
      })
      .execute();
  }
}

function memberOf(instance: string, number: number): MemberId {
  return { kind: 'MEMBER', instance, memberClass: 'GOV', memberCode: String(firstCode + number) };
}

function subsystemOf(member: MemberId, at: number) {
  return { ...member, kind: 'SUBSYSTEM', subsystemCode: `system-${at}` } as const;
}
