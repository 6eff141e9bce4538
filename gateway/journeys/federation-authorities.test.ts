import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CertificateKind } from '../../certs/authority/index.ts';
import { createOcspRequest } from '../../certs/ocsp/index.ts';
import { createSoftwareToken, type Token } from '../../certs/token/index.ts';
import { buildName, type Certificate, createRequest } from '../../certs/x509/index.ts';
import { freePorts } from '../http/testing/free-ports.ts';
import {
  boundary,
  evidenceParts,
  ocspPart,
  sendRaw,
  signedParts,
  signParts,
  writeMessage,
} from './testing/hostile-peer.ts';
import { SmallInstance } from './testing/small-instance.ts';

const pin = 'Correct-Horse-7';

/**
 * Both authorities bear one name, and both instances know a member of one class and code: what an authority of one
 * instance certifies can be told from the other's by its key alone.
 */
describe('an authority of another instance', () => {
  let data: string;
  let home: SmallInstance;
  let abroad: SmallInstance;
  let token: Token;

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'waygate-authorities-'));
    const common = {
      peerPort: await freePorts(1),
      allowedFederations: 'all',
      onTrouble: () => undefined,
    } as const;
    home = await SmallInstance.start({
      ...common,
      code: 'HOME',
      data: join(data, 'home'),
      host: '127.0.0.1',
    });
    abroad = await SmallInstance.start({
      ...common,
      code: 'ABROAD',
      data: join(data, 'abroad'),
      host: '127.0.0.2',
    });
    for (const [one, other] of [
      [home, abroad],
      [abroad, home],
    ] as const) {
      await one.trust(other);
      await one.until((known) => known.includes(other.code));
    }
    token = await createSoftwareToken(join(data, 'token'), { pin, label: 'hostile' });
    await token.activate(pin);
  });
  afterAll(async () => {
    await home?.close();
    await abroad?.close();
    await rm(data, { recursive: true, force: true });
  });

  /** A certificate of the member that both instances know, for a new key. */
  const issue = async (by: SmallInstance, kind: CertificateKind) => {
    const { id } = await token.generateKey({ type: 'ec', curve: 'P-256' }, kind);
    const request = await createRequest({ subject: buildName({ CN: 'x' }) }, token.signingKey(id));
    const applicant = {
      instance: 'ABROAD',
      memberClass: 'GOV',
      memberCode: '1',
      memberName: 'Office',
      serverCode: 'ss1',
      dnsName: '127.0.0.2',
    };
    const certificate = await by.authority.issue({ request, kind, profile: 'basic', applicant });
    const status = await by.authority.answerOcsp(createOcspRequest(certificate, by.authority.caCertificate));
    return { id, certificate, status };
  };
  type Issued = Awaited<ReturnType<typeof issue>>;

  /** Enters an authentication certificate for the server of an instance, and waits until Abroad's server knows it. */
  const register = async (instance: SmallInstance, { certificate }: Issued) => {
    const path = `/servers/${encodeURIComponent(`${instance.member}:ss1`)}/authentication-certificates`;
    await instance.registryAdmin.post(path, { certificate: certificate.pem });
    await abroad.until(() => isKnown(certificate));
  };
  const isKnown = (certificate: Certificate) =>
    abroad.server.configuration().serverByAuthCertificate(certificate) !== undefined;

  /** Asks Abroad's server, in the name of a client, for the services of its office. */
  const ask = async (client: string, authentication: Issued, signing: Issued): Promise<string> => {
    const requestId = randomUUID();
    const lines = [
      'GET',
      '/r1/ABROAD/GOV/1/office/listMethods',
      `X-Road-Client:${client}`,
      `X-Road-Id:${requestId}`,
      `x-road-request-id:${requestId}`,
    ];
    const head = Buffer.from(lines.map((line) => `${line}\r\n`).join(''));
    const signer = { key: token.signingKey(signing.id), certificate: signing.certificate };
    const documents = await signParts(signedParts(head), signer, signing.status);
    const chain = [authentication.certificate];
    return sendRaw({
      ...abroad.server.peerAddress,
      identity: { context: token.secureContext(authentication.id, chain, { minVersion: 'TLSv1.3' }), chain },
      headers: {
        'content-type': `multipart/mixed; charset=UTF-8; boundary=${boundary}`,
        'x-hash-algorithm': 'SHA-512',
        'x-proxy-version': '7.8.0',
        'x-road-message-type': 'REST',
        'x-road-request-id': requestId,
      },
      body: writeMessage([
        ocspPart(authentication.status),
        { type: 'application/x-road-rest-request', body: head },
        ...evidenceParts(documents),
      ]),
    });
  };

  it('vouches for its own members', async () => {
    const authentication = await issue(home, 'authentication');
    await register(home, authentication);
    expect(await ask('HOME/GOV/1/office', authentication, await issue(home, 'signing'))).toBe('accepted');
  });

  it('vouches for no server, although the certificate was entered in the other instance', async () => {
    const authentication = await issue(home, 'authentication');
    await register(abroad, authentication);
    const signing = await issue(abroad, 'signing');
    expect(await ask('ABROAD/GOV/1/office', authentication, signing)).toBe(
      'server.serverproxy.ssl_authentication_failed.cannot_create_cert_path',
    );
  });

  it('vouches for no signature of a member of the other instance', async () => {
    const authentication = await issue(abroad, 'authentication');
    await register(abroad, authentication);
    const own = await issue(abroad, 'signing');
    expect(await ask('ABROAD/GOV/1/office', authentication, own)).toBe('accepted');
    expect(await ask('ABROAD/GOV/1/office', authentication, await issue(home, 'signing'))).toBe(
      'server.serverproxy.signature_verification.cannot_create_cert_path',
    );
  });

  it('gives its servers no say for members of the other instance', async () => {
    const authentication = await issue(home, 'authentication');
    await register(home, authentication);
    for (const by of [home, abroad]) {
      expect(await ask('ABROAD/GOV/1/office', authentication, await issue(by, 'signing'))).toBe(
        'server.serverproxy.ssl_authentication_failed.cannot_create_cert_path',
      );
    }
    const signing = await issue(abroad, 'signing');
    expect(await ask('HOME/GOV/1/office', authentication, signing)).toBe(
      'server.serverproxy.signature_verification.cannot_create_cert_path',
    );
  });
});
