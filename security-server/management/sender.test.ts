import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseCertificate } from '../../certs/x509/index.ts';
import type { GlobalConfiguration, SharedParameters } from '../../gateway/configuration/index.ts';
import { asFault, Fault } from '../../gateway/fault/index.ts';
import { equal } from '../../gateway/identifier/index.ts';
import {
  carriageOf,
  type ManagementRequest,
  readManagementRequest,
  verifyDetached,
} from '../../gateway/management/index.ts';
import { parseSoapBody } from '../../gateway/soap/index.ts';
import {
  approved,
  configurationOf,
  instance,
  issueAuthentication,
  issueAuthority,
  issueSigning,
  member,
  noon,
  otherMember,
  type Party,
  server,
  statusOf,
  subsystem,
} from '../../gateway/trust/testing/small-world.ts';
import { SettingsStore } from '../settings/index.ts';
import { ManagementSender } from './sender.ts';
import { insertSending } from './sent-requests.ts';
import {
  faulty,
  type RegistryStub,
  type StubAnswer,
  startRegistryStub,
  taken,
  telling,
} from './testing/registry-stub.ts';

const provider = { ...member, kind: 'SUBSYSTEM', subsystemCode: 'management' } as const;
const newClient = { ...member, kind: 'SUBSYSTEM', subsystemCode: 'archive' } as const;
const registration = { kind: 'clientReg', server, client: newClient } as const;

describe('management requests that a server sends', () => {
  let ca: Party;
  let signing: Party;
  let otherSigning: Party;
  let authentication: Party;
  let statuses: ReadonlyMap<Party, Buffer>;
  let stub: RegistryStub;
  beforeAll(async () => {
    ca = await issueAuthority('CA');
    [signing, otherSigning] = [await issueSigning(ca), await issueSigning(ca)];
    authentication = await issueAuthentication(ca);
    statuses = new Map([
      [signing, await statusOf(signing.certificate, ca)],
      [otherSigning, await statusOf(otherSigning.certificate, ca)],
    ]);
    stub = await startRegistryStub();
  });
  afterAll(() => stub.close());

  let dir: string;
  let settings: SettingsStore;
  let configuration: GlobalConfiguration;
  let sender: ManagementSender;
  let failures: unknown[];
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'waygate-management-'));
    await SettingsStore.create(join(dir, 'settings.sqlite'), server);
    settings = await SettingsStore.open(join(dir, 'settings.sqlite'));
    for (const [id, status] of [
      [subsystem, 'registered'],
      [newClient, 'saved'],
    ] as const) {
      await settings.putClient({ id, status, connectionType: 'NOSSL', certificates: [] });
    }
    stub.received.splice(0);
    stub.answer = taken;
    failures = [];
    publish();
    sender = await start();
  });
  afterEach(async () => {
    await sender.close();
    settings.close();
    rmSync(dir, { recursive: true });
  });

  /** @param registrationAddress of the registration service @param pinned DER: its certificate */
  const publish = (
    change: Partial<SharedParameters> = {},
    registrationAddress = `${stub.url.href}registration`,
    pinned: Buffer | undefined = stub.certificate,
  ) => {
    const shared = { ...instance('DEV', [approved(ca)], []), ...change };
    configuration = {
      ...configurationOf(shared),
      private: {
        instance: 'DEV',
        federatedAnchors: [],
        managementService: {
          authCertRegServiceAddress: registrationAddress,
          ...(pinned !== undefined && { authCertRegServiceCert: pinned }),
          providerId: provider,
        },
        timeStampingIntervalSeconds: 60,
      },
    };
  };
  const start = (pinned = stub.certificate) => {
    let messages = 0;
    return ManagementSender.start({
      settings,
      configuration: { current: () => configuration },
      signers: {
        signingIdentity: async (signer) => {
          const { key, certificate } = equal(signer, member) ? signing : otherSigning;
          const status = statuses.get(equal(signer, member) ? signing : otherSigning);
          const ocspResponses = status === undefined ? [] : [status];
          return { key, certificate, intermediates: [], ocspResponses };
        },
        authenticationKey: async () => authentication.key,
      },
      loopback: () => ({ url: stub.url, certificate: pinned, context: stub.context }),
      now: () => noon,
      newId: () => {
        messages += 1;
        return `message-${messages}`;
      },
      onFailure: (_sent, error) => failures.push(error),
    });
  };
  const codeOf = async (sending: Promise<unknown>) =>
    sending.then(
      () => 'sent',
      (error: unknown) => asFault(error).code,
    );
  const clientStatus = () =>
    settings.current().content.clients.find(({ id }) => equal(id, newClient))?.status;

  const requests: readonly ManagementRequest[] = [
    { kind: 'authCertDeletion', server, authCert: Buffer.from('any') },
    registration,
    { kind: 'clientDeletion', server, client: newClient },
    { kind: 'clientDisable', server, client: newClient },
    { kind: 'clientEnable', server, client: newClient },
    { kind: 'clientRename', server, client: newClient, subsystemName: 'Archive' },
    { kind: 'ownerChange', server, client: otherMember },
    { kind: 'addressChange', server, address: 'ss1.example' },
    { kind: 'maintenanceModeEnable', server, message: 'soon' },
    { kind: 'maintenanceModeDisable', server },
  ];

  it.each(requests.map((request) => [request.kind, request] as const))(
    '%s comes from the owner, with the signature that its kind needs',
    async (kind, request) => {
      await sender.send(request);
      const [received] = stub.received;
      if (received === undefined) throw new Error('nothing came');
      const { header, message, path } = received;
      expect(path).toBe('/');
      expect(header).toMatchObject({ client: member, protocolVersion: '4.0' });
      expect(header.service).toEqual({ ...provider, kind: 'SERVICE', serviceCode: kind });
      expect(readManagementRequest(parseSoapBody(message.envelope))).toEqual(request);
      if (carriageOf(kind) === 'plain') {
        expect(message.signatures).toEqual([]);
        return;
      }
      const signer = kind === 'ownerChange' ? otherSigning : signing;
      const [signature] = message.signatures;
      if (signature === undefined) throw new Error('nobody signed');
      expect(verifyDetached(signature, signer.certificate, message.envelope)).toBe(true);
      expect(message.certificates).toEqual([signer.certificate.der]);
      expect(message.ocspResponse).toEqual(statuses.get(signer));
    },
  );

  it('authCertReg goes straight to the registry, signed with both keys', async () => {
    const authCert = authentication.certificate.der;
    const { status } = await sender.send({ kind: 'authCertReg', server, authCert, address: 'ss1.example' });
    expect(status).toBe('waiting');
    const [received] = stub.received;
    expect(received?.path).toBe('/registration');
    const { certificates = [], signatures = [], envelope = Buffer.alloc(0) } = received?.message ?? {};
    expect(certificates).toEqual([authCert, signing.certificate.der]);
    const verdicts = signatures.map((signature, index) =>
      verifyDetached(signature, parseCertificate(certificates[index] ?? Buffer.alloc(0)), envelope),
    );
    expect(verdicts).toEqual([true, true]);
    const checked = await sender.send({ kind: 'authCertReg', server, authCert, dryRun: true });
    expect(checked).toMatchObject({ status: 'checked', requestId: 0 });
  });

  it('go nowhere but to who is known by its certificate', async () => {
    await sender.close();
    sender = await start(signing.certificate.der);
    expect(await codeOf(sender.send(registration))).toBe('SslAuthenticationFailed');
    const authCert = authentication.certificate.der;
    publish({}, `${stub.url.href}registration`, ca.certificate.der);
    expect(await codeOf(sender.send({ kind: 'authCertReg', server, authCert }))).toBe(
      'SslAuthenticationFailed',
    );
    publish({}, 'http://127.0.0.1/');
    expect(await codeOf(sender.send({ kind: 'authCertReg', server, authCert }))).toBe('MalformedGlobalConf');
    expect(stub.received).toEqual([]);
    expect((await sender.list()).map(({ status }) => status)).toEqual(['failed', 'failed', 'failed']);
  });

  const answers: readonly (readonly [string, () => StubAnswer | undefined, string])[] = [
    ['a fault with status 200', () => faulty(new Fault('AccessDenied', 'not you')), 'AccessDenied'],
    ['a fault with status 500', () => faulty(new Fault('InvalidRequest', 'exists'), 500), 'InvalidRequest'],
    ['another status', () => ({ status: 502, contentType: 'text/html', body: 'no' }), 'HttpError'],
    ['no XML', () => ({ status: 200, contentType: 'text/xml', body: 'no' }), 'InvalidXml'],
    [
      'too much',
      () => ({ status: 200, contentType: 'text/xml', body: Buffer.alloc(1_100_000) }),
      'InvalidMessage',
    ],
    ['nothing', () => undefined, 'NetworkError'],
  ];
  it.each(answers)(
    'that are answered with %s have failed, and the record says why',
    async (_, answer, code) => {
      stub.answer = answer;
      expect(await codeOf(sender.send(registration))).toBe(code);
      const [record] = await sender.list();
      expect(record?.status).toBe('failed');
      expect(record?.reason).toMatch(/^[a-z_.]+: ./i);
      expect(clientStatus()).toBe('saved');
    },
  );

  it('that are answered as another message have failed', async () => {
    const { header, message, path } = await received();
    stub.answer = () => taken({ header: { ...header, id: 'another' }, message, path });
    expect(await codeOf(sender.send(registration))).toBe('InconsistentResponse');
  });
  const received = async () => {
    await sender.send({ kind: 'maintenanceModeDisable', server });
    const [first] = stub.received;
    if (first === undefined) throw new Error('nothing came');
    return first;
  };

  it.each([
    ['declined', '<xr:reason>no such register</xr:reason>', 'no such register'],
    ['revoked', '', undefined],
    ['approved', '', undefined],
  ] as const)('learn that they were %s, from a registry that tells', async (status, more, reason) => {
    stub.answer = telling(`<xr:requestId>7</xr:requestId><xr:status>${status}</xr:status>${more}`);
    const sent = await sender.send(registration);
    expect([sent.status, sent.reason]).toEqual([status, reason]);
    expect(clientStatus()).toBe(status === 'approved' ? 'registered' : 'saved');
  });

  const tales: readonly (readonly [string, string | (() => StubAnswer | undefined), number])[] = [
    ['has no such service', () => faulty(new Fault('UnknownService', 'none')), 0],
    ['is silent', () => undefined, 1],
    ['tells of another request', '<xr:requestId>8</xr:requestId><xr:status>approved</xr:status>', 1],
    ['tells nonsense', '<xr:requestId>7</xr:requestId><xr:status>fine</xr:status>', 1],
  ];
  it.each(tales)(
    'wait on while a registry %s, until the configuration shows them',
    async (_, told, troubles) => {
      stub.answer = telling(told);
      const { id, status } = await sender.send(registration);
      expect([status, failures.length]).toEqual(['waiting', troubles]);
      const shared = instance('DEV', [approved(ca)], []);
      publish({
        securityServers: shared.securityServers.map((one) => ({
          ...one,
          clients: [...one.clients, newClient],
        })),
      });
      stub.received.splice(0);
      await sender.refresh();
      expect((await sender.find(id))?.status).toBe('approved');
      expect(clientStatus()).toBe('registered');
      expect(stub.received).toEqual([]);
    },
  );

  it('do not ask over X-Road for a server that nobody knows yet', async () => {
    publish({ securityServers: [] });
    const authCert = authentication.certificate.der;
    expect((await sender.send({ kind: 'authCertReg', server, authCert })).status).toBe('waiting');
    expect(stub.received.map(({ path }) => path)).toEqual(['/registration']);
    const shared = instance('DEV', [approved(ca)], [authentication.certificate]);
    publish({ securityServers: shared.securityServers });
    await sender.refresh();
    expect((await sender.list('approved')).length).toBe(1);
  });

  it('change the settings as they take effect', async () => {
    const client = newClient;
    await sender.send({ kind: 'clientEnable', server, client });
    expect(clientStatus()).toBe('registered');
    await sender.send({ kind: 'clientDisable', server, client });
    expect(clientStatus()).toBe('disabled');
    await sender.send({ kind: 'clientDeletion', server, client });
    expect(clientStatus()).toBe('saved');
    stub.answer = telling('<xr:requestId>7</xr:requestId><xr:status>approved</xr:status>');
    await sender.send({ kind: 'ownerChange', server, client: otherMember });
    expect(settings.serverId).toEqual({ ...server, memberCode: otherMember.memberCode });
  });

  it('that a crash cut off have failed when the server starts again', async () => {
    const id = await insertSending(settings.db, registration, 'cut-off', noon);
    await sender.close();
    sender = await start();
    expect(await sender.find(id)).toMatchObject({
      status: 'failed',
      messageId: 'cut-off',
      request: registration,
    });
  });
});
