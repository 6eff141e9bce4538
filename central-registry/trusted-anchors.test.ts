import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateKeyPair, softwareSigningKey } from '../certs/key/index.ts';
import { buildName, createCertificate } from '../certs/x509/index.ts';
import {
  type Anchor,
  parseAnchor,
  parsePrivateParameters,
  writeAnchor,
} from '../gateway/configuration/index.ts';
import type { RunningRegistry } from './index.ts';
import { AskedRegistry } from './testing/asked-registry.ts';

describe('the trusted anchors of a registry', () => {
  let registry: AskedRegistry;
  let home: RunningRegistry;
  let other: AskedRegistry;
  let abroad: RunningRegistry;

  beforeEach(async () => {
    registry = await AskedRegistry.found('HOME');
    home = registry.running;
    other = await AskedRegistry.found('ABROAD');
    abroad = other.running;
  });
  afterEach(async () => {
    await registry.close();
    await other.close();
    expect([...registry.reported, ...other.reported]).toEqual([]);
  });

  const ask = (method: string, path: string, body?: unknown) => registry.ask(method, path, body);
  const upload = (xml: Buffer | string) => ask('POST', '/trusted-anchors', { file: String(xml) });
  /** What security servers of the own instance are told, once `fits`. */
  const published = async (fits: (xml: string) => boolean) => {
    const base = home.configurationUrl;
    for (let attempt = 0; attempt < 200; attempt++) {
      const directory = await (await fetch(`${base}/internalconf?version=6`)).text();
      const location = /Content-location: (\S+private-params\.xml)/i.exec(directory)?.[1] ?? '';
      const xml = await (await fetch(`${base}${location}`)).text();
      if (fits(xml)) return xml;
    }
    throw new Error('the registry did not publish what was waited for');
  };

  it('are published in the order of their codes, before the management service, as they were uploaded', async () => {
    const { xml, sha224 } = await abroad.anchor('external');
    const earlier = writeAnchor({ ...parseAnchor(xml), instance: 'AARHUS' });
    expect(await upload(xml)).toMatchObject({ status: 201, json: { instance: 'ABROAD', sha224 } });
    expect(await upload(earlier)).toMatchObject({ status: 201 });
    const text = await published((xml) => xml.includes('AARHUS'));
    expect(parsePrivateParameters(Buffer.from(text)).federatedAnchors).toEqual([
      parseAnchor(earlier),
      parseAnchor(xml),
    ]);
    const names = [
      ...text.matchAll(/<(instanceIdentifier|configurationAnchor|generatedAt|source|managementService)>/g),
    ];
    expect(names.map(([, name]) => name).join(' ')).toBe(
      'instanceIdentifier' +
        ' configurationAnchor generatedAt instanceIdentifier source'.repeat(2) +
        ' managementService',
    );
  });

  it('are shown with the hash that people compare', async () => {
    const { xml } = await abroad.anchor('external');
    await upload(xml);
    const hex = createHash('sha224').update(xml).digest('hex').toUpperCase();
    const { json } = await ask('GET', '/trusted-anchors');
    expect(json).toEqual([
      {
        instance: 'ABROAD',
        generatedAt: parseAnchor(xml).generatedAt?.toISOString(),
        sha224: hex.match(/../g)?.join(':'),
        downloadUrls: [`${abroad.configurationUrl}/externalconf`],
      },
    ]);
  });

  it('are replaced by a later upload, and removed', async () => {
    const { xml } = await abroad.anchor('external');
    const moved: Anchor = {
      ...parseAnchor(xml),
      sources: parseAnchor(xml).sources.map((source) => ({
        ...source,
        url: 'http://moved.example/externalconf',
      })),
    };
    await upload(xml);
    expect(await upload(writeAnchor(moved))).toMatchObject({ status: 201 });
    expect((await ask('GET', '/trusted-anchors')).json).toHaveLength(1);
    const text = await published((xml) => xml.includes('moved.example'));
    expect(parsePrivateParameters(Buffer.from(text)).federatedAnchors).toEqual([moved]);
    expect((await ask('DELETE', '/trusted-anchors/ABROAD')).status).toBe(204);
    await published((xml) => !xml.includes('<configurationAnchor>'));
    expect(await ask('DELETE', '/trusted-anchors/ABROAD')).toMatchObject({
      status: 404,
      json: { code: 'not-found' },
    });
  });

  it('are of other instances, well formed, with addresses and certificates that can be used', async () => {
    const { xml } = await abroad.anchor('external');
    const text = String(xml);
    const twentyOne = `${/<source>.*<\/source>/s.exec(text)?.[0]}`.repeat(21);
    const wrong: Record<string, string | Buffer> = {
      'the own instance': (await home.anchor('external')).xml,
      'not XML': 'anchor',
      'another document': text.replaceAll('configurationAnchor', 'conf'),
      'a document type': text.replace('<ns2:', '<!DOCTYPE x><ns2:'),
      'no source': text.replace(/<source>.*<\/source>/s, ''),
      'no certificate': text.replace(/<verificationCert>.*<\/verificationCert>/s, ''),
      'a certificate that is none': text.replace(/(<verificationCert>).*(<\/verificationCert>)/s, '$1AAAA$2'),
      'a file as its address': text.replace(/(<downloadURL>).*(<\/downloadURL>)/s, '$1file:///etc/passwd$2'),
      'a code that no identifier can carry': text.replace('>ABROAD<', '>A:B<'),
      'too many sources': text.replace(/<source>.*<\/source>/s, twentyOne),
    };
    for (const [what, file] of Object.entries(wrong)) {
      const { status, json } = await upload(file);
      expect([what, status, json?.code]).toEqual([what, 422, 'invalid']);
    }
    expect((await upload('x'.repeat(600 * 1024))).status).toBe(422);
    expect((await ask('GET', '/trusted-anchors')).json).toEqual([]);
  });

  it('hold a certificate that expired: its key alone counts', async () => {
    const { xml } = await abroad.anchor('external');
    const { privateKey, publicKey } = await generateKeyPair({ type: 'ec', curve: 'P-256' });
    const subject = buildName({ CN: 'signs configuration' });
    const { der } = await createCertificate(
      {
        subject,
        issuer: subject,
        publicKey,
        serialNumber: 1n,
        notBefore: new Date('2020-01-01'),
        notAfter: new Date('2021-01-01'),
      },
      softwareSigningKey(privateKey),
    );
    const sources = parseAnchor(xml).sources.map(({ url }) => ({ url, verificationCerts: [der] }));
    expect((await upload(writeAnchor({ ...parseAnchor(xml), sources }))).status).toBe(201);
  });
});
