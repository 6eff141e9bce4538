import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildName } from '../../certs/x509/index.ts';
import { readSoapFault } from '../../gateway/fault/index.ts';
import { type ManagementRequest, managementKinds } from '../../gateway/management/index.ts';
import { parseSoapBody } from '../../gateway/soap/index.ts';
import {
  issueAuthentication,
  issueAuthority,
  minute,
  noon,
  statusOf,
} from '../../gateway/trust/testing/small-world.ts';
import { child, textOf } from '../../gateway/xml/index.ts';
import { importWsdl } from '../../security-server/wsdl/index.ts';
import { readSettings, writeSettings } from '../register/index.ts';
import { declineRequest } from './decide.ts';
import { envelopeOf, type HttpBody, type Part, plain } from './testing/compose.ts';
import {
  issueSigner,
  issueTrust,
  registrationOf,
  type Services,
  type SignedChanges,
  type Signer,
  signedBy,
  startServices,
  type Trust,
} from './testing/services.ts';
import { agency, agencyServer, ministry, permits, population, server } from './testing/small-register.ts';

let trust: Trust;
let services: Services;
beforeAll(async () => {
  trust = await issueTrust();
});
beforeEach(async () => {
  services = await startServices(trust);
});
afterEach(async () => {
  await services.close();
  expect(services.reported).toEqual([]);
});

const manage = (body: HttpBody) => services.outcome('management', body);

interface Changes extends SignedChanges {
  /** The ministry unless told. */
  readonly signer?: Signer;
}

const signed = (request: ManagementRequest, { signer = trust.ministrySigner, ...changes }: Changes = {}) =>
  signedBy(signer, request, changes);

const rename = {
  kind: 'clientRename',
  server,
  client: population,
  subsystemName: 'Population register',
} as const;

/** Requests in multipart form, and who must sign them. */
const multiparts = (): readonly (readonly [ManagementRequest, 'ministry' | 'agency'])[] => [
  [{ kind: 'clientReg', server, client: permits }, 'agency'],
  [{ kind: 'clientDisable', server, client: population }, 'ministry'],
  [{ kind: 'clientEnable', server, client: population }, 'ministry'],
  [rename, 'ministry'],
  [{ kind: 'ownerChange', server, client: agency }, 'agency'],
  [{ kind: 'addressChange', server, address: 'new.example' }, 'ministry'],
  [{ kind: 'maintenanceModeEnable', server: agencyServer }, 'agency'],
  [{ kind: 'maintenanceModeDisable', server: agencyServer }, 'agency'],
];
const named = (who: 'ministry' | 'agency') =>
  who === 'ministry' ? trust.ministrySigner : trust.agencySigner;

describe('the management service', () => {
  it.each(multiparts().map(([request, signer]) => [request.kind, request, signer] as const))(
    'takes %s when the right member signed it, and from no other',
    async (_kind, request, who) => {
      const signer = named(who);
      expect(await manage(await signed(request, { signer }))).toBe('done 1');
      const other = named(who === 'ministry' ? 'agency' : 'ministry');
      expect(await manage(await signed(request, { signer: other }))).toBe('incorrect_certificate');
      expect(await manage(plain(envelopeOf(request)))).toBe('invalid_request');
      expect(await services.entries()).toHaveLength(1);
    },
  );

  it.each([
    { kind: 'authCertDeletion', server, authCert: Buffer.alloc(0) },
    { kind: 'clientDeletion', server, client: population },
  ] as const)('takes $kind without a signature, and not with one', async (request) => {
    const full = request.kind === 'authCertDeletion' ? { ...request, authCert: trust.registered } : request;
    expect(await manage(await signed(full))).toBe('invalid_request');
    expect(await manage(plain(envelopeOf(full)))).toBe('done 1');
  });

  it('answers with the fields of the request and the header of the message', async () => {
    const { status, bytes } = await services.send('management', await signed(rename, { id: 'message-1' }));
    expect(status).toBe(200);
    const text = bytes.toString('utf8');
    expect(text).toContain('message-1');
    const body = parseSoapBody(bytes);
    expect(body.localName).toBe('clientRenameResponse');
    expect(textOf(child(body, 'subsystemName') ?? body)).toBe(rename.subsystemName);
  });

  it('changes nothing when the same message comes again', async () => {
    const message = await signed(rename);
    expect(await manage(message)).toBe('done 1');
    expect(await manage(message)).toBe('done 1');
    expect(await services.entries()).toHaveLength(1);
  });

  it('refuses another message under the same identifier', async () => {
    expect(await manage(await signed(rename, { id: 'm' }))).toBe('done 1');
    const other = { ...rename, subsystemName: 'Other' };
    expect(await manage(await signed(other, { id: 'm' }))).toBe('invalid_request');
  });

  it('sender not the owner: is refused, whoever signed', async () => {
    expect(await manage(await signed(rename, { sender: agency }))).toBe('access_denied');
    expect(await manage(await signed(rename, { sender: population }))).toBe('access_denied');
    const deletion = envelopeOf({ kind: 'clientDeletion', server, client: population }, { sender: agency });
    expect(await manage(plain(deletion))).toBe('access_denied');
    expect(await services.entries()).toEqual([]);
  });

  it.each<[string, string, () => Promise<Changes> | Changes]>([
    ['a signature over other bytes', 'invalid_signature_value', () => ({ signed: Buffer.from('other') })],
    [
      'another algorithm than the key has',
      'invalid_signature_value',
      () => ({
        parts: ([soap, signature, ...rest]) => [
          soap as Part,
          {
            ...(signature as Part),
            headers: { ...signature?.headers, 'signature-algorithm-id': 'SHA512withRSA' },
          },
          ...rest,
        ],
      }),
    ],
    [
      'the key of another certificate',
      'invalid_signature_value',
      () => ({ signer: { ...trust.ministrySigner, key: trust.agencySigner.key } }),
    ],
    [
      'a certificate for authentication',
      'malformed_signature',
      async () => {
        const subject = buildName({ C: 'DEV', O: 'GOV', CN: '1' });
        const party = await issueAuthentication(trust.ca, { subject });
        return { signer: { ...party, status: await statusOf(party.certificate, trust.ca) } };
      },
    ],
    [
      'an authority that is not approved',
      'cannot_create_cert_path',
      async () => ({ signer: await issueSigner('1', await issueAuthority('Unknown')) }),
    ],
    [
      "another instance's authority",
      'cannot_create_cert_path',
      async () => ({ signer: await issueSigner('1', trust.otherCa) }),
    ],
    [
      'a revoked certificate',
      'cert_validation',
      async () => ({ signer: await issueSigner('1', trust.ca, { status: { kind: 'revoked', at: noon } }) }),
    ],
    [
      'a stale status',
      'incorrect_validation_info',
      async () => ({
        signer: await issueSigner('1', trust.ca, { thisUpdate: new Date(noon.getTime() - 61 * minute) }),
      }),
    ],
    [
      'the status of another certificate',
      'incorrect_validation_info',
      () => ({ signer: { ...trust.ministrySigner, status: trust.agencySigner.status } }),
    ],
  ])('refuses %s', async (_what, code, changes) => {
    expect(await manage(await signed(rename, await changes()))).toBe(code);
    expect(await services.entries()).toEqual([]);
  });

  it.each([0, 1, 2, 3])('refuses a message without part %d, or with it twice', async (index) => {
    const without = await signed(rename, { parts: (all) => all.filter((_part, at) => at !== index) });
    expect(await manage(without)).not.toMatch(/^done|^status/);
    const twice = await signed(rename, {
      parts: (all) => [...all.slice(0, index + 1), ...all.slice(index)],
    });
    expect(await manage(twice)).not.toMatch(/^done|^status/);
    expect(await services.entries()).toEqual([]);
  });

  it('refuses everything once what it published has expired', async () => {
    services.setNow(new Date('2026-06-02T00:00:01Z'));
    expect(await manage(await signed(rename))).toBe('global_conf_outdated');
  });

  it('refuses what is for another provider, or another service than the body says', async () => {
    expect(await manage(await signed(rename, { provider: population }))).toBe('invalid_request');
    const abroad = { ...population, instance: 'ABROAD', subsystemCode: 'management' };
    expect(await manage(await signed(rename, { provider: abroad }))).toBe('invalid_request');
    expect(await manage(await signed(rename, { serviceCode: 'client' }))).toBe('inconsistent_headers');
    expect(await manage(await signed(rename, { serviceCode: 'clientReg' }))).toBe('inconsistent_headers');
    const unknown = '<x:clientRename xmlns:x="urn:x"/>';
    expect(await manage(await signed(rename, { body: unknown }))).not.toMatch(/^done|^status/);
  });

  it('refuses everything while no provider is set', async () => {
    await services.small.register.change({ by: 'system' }, async (book) => {
      const { managementServiceProvider: _former, ...settings } = await readSettings(book);
      await writeSettings(book, settings);
    });
    expect(await manage(await signed(rename))).toBe('invalid_request');
  });

  it('refuses what belongs to the registration service', async () => {
    const body = await registrationOf(trust);
    expect(await manage(body)).not.toMatch(/^done|^status/);
    expect(await services.entries()).toEqual([]);
  });
});

describe('the description of the management service', () => {
  it('is a WSDL of every service there, at the address where it was asked for', async () => {
    const url = services.urls.management.replace(/manage$/, 'managementservices.wsdl');
    const { services: described } = await importWsdl({ kind: 'url', url, certificates: [] });
    const expected = [...managementKinds.filter((kind) => kind !== 'authCertReg'), 'requestStatus'];
    expect(described.map(({ serviceCode }) => serviceCode)).toEqual(expected);
    expect(new Set(described.map((one) => one.url))).toEqual(new Set([services.urls.management]));
    const registration = services.urls.registration.replace(/$/, 'managementservices.wsdl');
    expect((await fetch(registration)).status).toBe(404);
  });
});

describe('the answer about a request', () => {
  const ask = (requestId: number | string, sender = ministry) => {
    const body = `<xr:requestStatus xmlns:xr="http://x-road.eu/xsd/xroad.xsd"><xr:requestId>${requestId}</xr:requestId></xr:requestStatus>`;
    const request = { kind: 'clientDeletion', server, client: population } as const;
    return services.send(
      'management',
      plain(envelopeOf(request, { serviceCode: 'requestStatus', body, sender })),
    );
  };
  const fields = (bytes: Buffer) => {
    const body = parseSoapBody(bytes);
    return ['requestId', 'status', 'reason'].map((name) => {
      const element = child(body, name);
      return element && textOf(element);
    });
  };

  it('tells its sender the outcome and the reason', async () => {
    await manage(
      await signed({ kind: 'clientReg', server, client: permits }, { signer: trust.agencySigner }),
    );
    expect(fields((await ask(1)).bytes)).toEqual(['1', 'waiting', undefined]);
    await services.small.register.change({ by: 'system' }, (book) =>
      declineRequest(book, 1, 'not <this> & year', noon),
    );
    expect(fields((await ask(1)).bytes)).toEqual(['1', 'declined', 'not <this> & year']);
  });

  it('tells nobody else, and not whether there is one', async () => {
    await manage(await signed(rename));
    for (const { status, bytes } of [await ask(1, agency), await ask(2)]) {
      expect(status).toBe(500);
      expect(readSoapFault(bytes)?.peerCode).toBe('access_denied');
    }
    for (const id of ['', '-1', '1e3', '0', '9'.repeat(30)]) {
      expect(readSoapFault((await ask(id)).bytes)?.peerCode).toBe('invalid_body');
    }
  });
});
