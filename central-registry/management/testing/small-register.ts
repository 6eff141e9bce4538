import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPair, softwareSigningKey } from '../../../certs/key/index.ts';
import { buildName, createCertificate } from '../../../certs/x509/index.ts';
import {
  type MemberId,
  memberOf,
  type ServerId,
  type SubsystemId,
} from '../../../gateway/identifier/index.ts';
import type { ManagementRequest } from '../../../gateway/management/index.ts';
import {
  addAuthenticationCertificate,
  addMember,
  addServer,
  addServerClient,
  addSubsystem,
  putMemberClass,
  Register,
  readSettings,
  writeSettings,
} from '../../register/index.ts';
import { type Submission, type Submitted, submitRequest } from '../submit.ts';

export const ministry: MemberId = { kind: 'MEMBER', instance: 'DEV', memberClass: 'GOV', memberCode: '1' };
export const agency: MemberId = { ...ministry, memberCode: '2' };
/** Not registered. */
export const stranger: MemberId = { ...ministry, memberCode: '9' };
export const population: SubsystemId = { ...ministry, kind: 'SUBSYSTEM', subsystemCode: 'population' };
export const management: SubsystemId = { ...ministry, kind: 'SUBSYSTEM', subsystemCode: 'management' };
export const permits: SubsystemId = { ...agency, kind: 'SUBSYSTEM', subsystemCode: 'permits' };
/** Hosts the management service. */
export const server: ServerId = { ...ministry, kind: 'SERVER', serverCode: 'ss1' };
export const agencyServer: ServerId = { ...agency, kind: 'SERVER', serverCode: 'ss2' };
export const at = new Date('2026-06-01T12:00:00Z');

/** DER of a certificate of nobody; the decisions look at its days and its bytes alone. */
export async function certificateOf(CN: string, notAfter = new Date('2027-01-01')): Promise<Buffer> {
  const { privateKey, publicKey } = await generateKeyPair({ type: 'ec', curve: 'P-256' });
  const subject = buildName({ CN });
  const { der } = await createCertificate(
    { subject, issuer: subject, publicKey, serialNumber: 1n, notBefore: new Date('2026-01-01'), notAfter },
    softwareSigningKey(privateKey),
  );
  return der;
}

export interface SmallRegister {
  readonly register: Register;
  /** Submits as the owner of the server named, under a new message identifier, unless told otherwise. */
  submit(request: ManagementRequest, more?: Partial<Submission>): Promise<Submitted>;
  close(): void;
}

/** Two owners with a server each; `population` and `agency` are clients of the first one. */
export async function openSmallRegister(certificate: Buffer): Promise<SmallRegister> {
  const dir = mkdtempSync(join(tmpdir(), 'waygate-management-'));
  const path = join(dir, 'register.sqlite');
  await Register.create(path, 'DEV', 'registry.example');
  const register = await Register.open(path);
  await register.change({ by: 'system' }, async (book) => {
    await putMemberClass(book, { code: 'GOV', description: 'Government' });
    await addMember(book, { id: ministry, name: 'Ministry' });
    await addMember(book, { id: agency, name: 'Agency' });
    for (const id of [population, management]) await addSubsystem(book, { id });
    await addServer(book, { id: server, address: 'ss1.example' });
    await addServer(book, { id: agencyServer, address: 'ss2.example' });
    await addAuthenticationCertificate(book, server, certificate);
    for (const client of [population, management, agency]) await addServerClient(book, server, client);
    await writeSettings(book, { ...(await readSettings(book)), managementServiceProvider: management });
  });
  return {
    register,
    submit: (request, more = {}) => {
      const messageId = randomUUID();
      const sender = memberOf(request.server);
      const origin = request.kind === 'authCertReg' ? 'registration' : 'management';
      const message = { origin, sender, messageId, digest: messageId, request, evidence: [] } as const;
      const submission = { ...message, ...more };
      return register.change(
        { by: 'system' },
        (book) => submitRequest(book, submission, at),
        ({ isPublished }) => isPublished,
      );
    },
    close: () => {
      register.close();
      rmSync(dir, { recursive: true });
    },
  };
}
