import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateKeyPair, softwareSigningKey } from '../certs/key/index.ts';
import { buildName, createCertificate } from '../certs/x509/index.ts';
import {
  type ConfigurationVersion,
  parseSharedParameters,
  versions,
} from '../gateway/configuration/index.ts';
import { AskedRegistry } from './testing/asked-registry.ts';

const acmeServer = {
  directoryUrl: 'https://acme.example/directory',
  ipAddress: '192.0.2.1, 2001:db8::1',
  authenticationCertificateProfileId: 'auth-7',
  signingCertificateProfileId: 'sign-7',
};

describe('the trust services of a registry', () => {
  let registry: AskedRegistry;
  beforeEach(async () => {
    registry = await AskedRegistry.found('TEST');
  });
  afterEach(async () => {
    await registry.close();
    expect(registry.reported).toEqual([]);
  });

  const pem = async (CN: string) => {
    const { privateKey, publicKey } = await generateKeyPair({ type: 'ec', curve: 'P-256' });
    const subject = buildName({ CN });
    const validity = { notBefore: new Date('2026-01-01'), notAfter: new Date('2036-01-01') };
    const wanted = { subject, issuer: subject, publicKey, serialNumber: 1n, ...validity };
    return (await createCertificate(wanted, softwareSigningKey(privateKey))).pem;
  };
  const certificationService = async (more: object, costType = 'PAID') => ({
    name: 'CA',
    profile: 'BasicCertificateProfileInfoProvider',
    top: {
      certificate: await pem('ca'),
      ocspResponders: [{ url: 'http://ocsp.example', costType }],
    },
    ...more,
  });
  /** Waits for a publication in which both services are. */
  const published = async (version: ConfigurationVersion) => {
    const base = registry.running.configurationUrl;
    for (;;) {
      const directory = await (await fetch(`${base}/internalconf?version=${version}`)).text();
      const location = /Content-location: (\S+shared-params\.xml)/i.exec(directory)?.[1] ?? '';
      const xml = Buffer.from(await (await fetch(`${base}${location}`)).arrayBuffer());
      const { approvedCas, approvedTsas } = parseSharedParameters(xml, version);
      const [ca, tsa] = [approvedCas[0], approvedTsas[0]];
      if (ca !== undefined && tsa !== undefined) return { ca, tsa };
    }
  };

  it('have costs, a form of requests and an ACME server, published in the versions that know them', async () => {
    const full = await certificationService({ defaultCsrFormat: 'DER', acmeServer });
    expect((await registry.ask('POST', '/certification-services', full)).status).toBe(201);
    const tsa = { name: 'TSA', url: 'http://tsa.example', certificate: await pem('tsa'), costType: 'FREE' };
    expect((await registry.ask('POST', '/timestamping-services', tsa)).status).toBe(201);
    expect((await registry.ask('GET', '/certification-services')).json).toMatchObject([full]);
    expect((await registry.ask('GET', '/timestamping-services')).json).toMatchObject([tsa]);
    const { directoryUrl, ipAddress } = acmeServer;
    for (const version of versions) {
      const read = await published(version);
      const known = version === 3 ? { directoryUrl, ipAddress } : acmeServer;
      expect(read.ca.acmeServer).toEqual(version < 3 ? undefined : known);
      expect(read.ca.defaultCsrFormat).toBe(version < 6 ? undefined : 'DER');
      expect(read.ca.top.ocsp[0]?.costType).toBe(version < 6 ? undefined : 'PAID');
      expect(read.tsa.costType).toBe(version < 6 ? undefined : 'FREE');
    }
  });

  it('need none of them, and lose them with the next change', async () => {
    const plain = await certificationService({});
    const full = { ...plain, defaultCsrFormat: 'PEM', acmeServer };
    const { json } = await registry.ask('POST', '/certification-services', full);
    const path = `/certification-services/${json.entryId}`;
    expect((await registry.ask('PUT', path, plain)).status).toBe(204);
    const [shown] = (await registry.ask('GET', '/certification-services')).json;
    expect(Object.keys(shown)).not.toContain('acmeServer');
    expect(Object.keys(shown)).not.toContain('defaultCsrFormat');
  });

  it.each([
    ['a cost that is none', {}, 'CHEAP'],
    ['a form that is none', { defaultCsrFormat: 'XML' }],
    ['an ACME server without address', { acmeServer: {} }],
    ['an ACME server of another protocol', { acmeServer: { directoryUrl: 'ftp://acme.example' } }],
    ['a name for an IP address', { acmeServer: { ...acmeServer, ipAddress: '192.0.2.1,acme.example' } }],
    [
      'a profile that XML cannot carry',
      { acmeServer: { ...acmeServer, signingCertificateProfileId: '\u0001' } },
    ],
  ])('are refused with %s', async (_name, more, costType?: string) => {
    const service = await certificationService(more, costType);
    expect((await registry.ask('POST', '/certification-services', service)).status).toBe(422);
    expect((await registry.ask('GET', '/certification-services')).json).toEqual([]);
  });

  it('are described with these values as optional', async () => {
    const { adminUrl } = registry.running;
    const { components } = JSON.parse(await (await fetch(`${adminUrl}/openapi.json`)).text());
    const { CertificationService, TimestampingService, AcmeServer } = components.schemas;
    expect(CertificationService.required).toEqual(['name', 'profile', 'top']);
    expect(TimestampingService.required).toEqual(['name', 'url', 'certificate']);
    expect(AcmeServer.required).toEqual(['directoryUrl']);
  });
});
