import { buildName } from '../../../certs/x509/index.ts';
import type { GlobalConfiguration } from '../../../gateway/configuration/index.ts';
import { readSoapFault } from '../../../gateway/fault/index.ts';
import { type Listening, listen } from '../../../gateway/http/index.ts';
import type { ManagementRequest } from '../../../gateway/management/index.ts';
import { parseSoapBody } from '../../../gateway/soap/index.ts';
import {
  approved,
  configurationOf,
  instance,
  issueAuthentication,
  issueAuthority,
  issueSigning,
  noon,
  type Party,
  statusOf,
} from '../../../gateway/trust/testing/small-world.ts';
import { child, textOf } from '../../../gateway/xml/index.ts';
import { listEntries, type ManagementEntry, type ManagementOrigin } from '../entries.ts';
import { createManagementListener } from '../listener.ts';
import {
  binaryPart,
  type EnvelopeChanges,
  envelopeOf,
  type HttpBody,
  multipart,
  type Part,
  signaturePart,
  soapPart,
} from './compose.ts';
import { certificateOf, openSmallRegister, type SmallRegister, server } from './small-register.ts';

/** A signing party with the good status of its certificate. */
export interface Signer extends Party {
  readonly status: Buffer;
}

/** An authority that the instance approves, and who it certified; nothing of it changes from test to test. */
export interface Trust {
  readonly ca: Party;
  /** Approved by another instance that is known here. */
  readonly otherCa: Party;
  readonly ministrySigner: Signer;
  readonly agencySigner: Signer;
  readonly authentication: Party;
  readonly configuration: GlobalConfiguration;
  /** DER of the certificate that is registered for `server`. */
  readonly registered: Buffer;
}

export async function issueTrust(): Promise<Trust> {
  const [ca, otherCa] = [await issueAuthority('CA'), await issueAuthority('Other CA')];
  const abroad = instance('ABROAD', [approved(otherCa)], []);
  return {
    ca,
    otherCa,
    ministrySigner: await issueSigner('1', ca),
    agencySigner: await issueSigner('2', ca),
    authentication: await issueAuthentication(ca),
    configuration: configurationOf(instance('DEV', [approved(ca)], []), abroad),
    registered: await certificateOf('registered'),
  };
}

/** @param status of its certificate; good and fresh unless told */
export async function issueSigner(
  memberCode: string,
  issuer: Party,
  status: Parameters<typeof statusOf>[2] = {},
): Promise<Signer> {
  const subject = buildName({ C: 'DEV', O: 'GOV', CN: memberCode });
  const party = await issueSigning(issuer, { subject });
  return { ...party, status: await statusOf(party.certificate, issuer, status) };
}

export interface Answer {
  readonly status: number;
  readonly bytes: Buffer;
}

/** Both services on sockets, around a small register. */
export interface Services {
  readonly small: SmallRegister;
  readonly reported: readonly unknown[];
  readonly urls: Readonly<Record<ManagementOrigin, string>>;
  setNow(now: Date): void;
  send(door: ManagementOrigin, body: HttpBody): Promise<Answer>;
  /** Code of the fault it is answered with, in the newer spelling; `done` and the request's id when there is none. */
  outcome(door: ManagementOrigin, body: HttpBody): Promise<string>;
  entries(): Promise<readonly ManagementEntry[]>;
  close(): Promise<void>;
}

export async function startServices({ configuration, registered }: Trust): Promise<Services> {
  const small = await openSmallRegister(registered);
  const reported: unknown[] = [];
  let now = noon;
  const context = {
    register: small.register,
    configuration: () => configuration.inForceAt(now),
    now: () => now,
    report: (error: unknown) => reported.push(error),
  };
  const open = (door: ManagementOrigin): Promise<Listening> =>
    listen(createManagementListener(context, door), '127.0.0.1', 0, door);
  const doors = { management: await open('management'), registration: await open('registration') };
  const urls = {
    management: `http://127.0.0.1:${doors.management.port}/managementservice/manage`,
    registration: `http://127.0.0.1:${doors.registration.port}/managementservice/`,
  };
  const send = async (door: ManagementOrigin, { contentType, bytes }: HttpBody) => {
    const headers = { 'content-type': contentType };
    const response = await fetch(urls[door], { method: 'POST', headers, body: new Uint8Array(bytes) });
    return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()) };
  };
  return {
    small,
    reported,
    urls,
    setNow: (at) => {
      now = at;
    },
    send,
    outcome: async (door, body) => {
      const { status, bytes } = await send(door, body);
      if (status !== 200) return readSoapFault(bytes)?.peerCode ?? `status ${status}`;
      const id = child(parseSoapBody(bytes), 'requestId');
      return `done ${id === undefined ? '' : textOf(id)}`;
    },
    entries: () => small.register.read((book) => listEntries(book, { limit: 100 })),
    close: async () => {
      await Promise.all([doors.management.close(0), doors.registration.close(0)]);
      small.close();
    },
  };
}

export interface SignedChanges extends EnvelopeChanges {
  /** What is signed, when not the envelope. */
  readonly signed?: Buffer;
  readonly parts?: (parts: readonly Part[]) => readonly Part[];
}

/** A request in multipart form. */
export async function signedBy(
  signer: Signer,
  request: ManagementRequest,
  changes: SignedChanges = {},
): Promise<HttpBody> {
  const parts = changes.parts ?? ((all: readonly Part[]) => all);
  const envelope = envelopeOf(request, changes);
  const usual = [
    soapPart(envelope),
    await signaturePart(signer.key, changes.signed ?? envelope),
    binaryPart(signer.certificate.der),
    binaryPart(signer.status),
  ];
  return multipart(parts(usual));
}

export interface RegistrationChanges extends EnvelopeChanges {
  /** Its body, when not the usual one. */
  readonly request?: Partial<Extract<ManagementRequest, { readonly kind: 'authCertReg' }>>;
  readonly envelope?: Buffer;
  readonly authentication?: Party;
  readonly owner?: Signer;
  /** What the one or the other key signed, when not the envelope. */
  readonly signed?: { readonly authentication?: Buffer; readonly owner?: Buffer };
  readonly keys?: { readonly authentication?: Party['key']; readonly owner?: Party['key'] };
  readonly parts?: (parts: readonly Part[]) => readonly Part[];
}

/** The registration of an authentication certificate for `server`. */
export async function registrationOf(trust: Trust, changes: RegistrationChanges = {}): Promise<HttpBody> {
  const { authentication = trust.authentication, owner = trust.ministrySigner, keys, signed } = changes;
  const { parts = (all: readonly Part[]) => all } = changes;
  const authCert = authentication.certificate.der;
  const request = { kind: 'authCertReg', server, authCert, ...changes.request } as const;
  const envelope = changes.envelope ?? envelopeOf(request, changes);
  const usual = [
    soapPart(envelope),
    await signaturePart(keys?.authentication ?? authentication.key, signed?.authentication ?? envelope),
    await signaturePart(keys?.owner ?? owner.key, signed?.owner ?? envelope),
    binaryPart(authCert),
    binaryPart(owner.certificate.der),
    binaryPart(owner.status),
  ];
  return multipart(parts(usual));
}
