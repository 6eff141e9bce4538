import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Authority, type CertificateOrder, createAuthority } from '../../certs/authority/index.ts';
import { createSoftwareToken, type Token } from '../../certs/token/index.ts';
import { buildName, type Certificate, createRequest } from '../../certs/x509/index.ts';
import { buildConfiguration, type GlobalConfiguration } from '../../gateway/configuration/index.ts';
import type { MemberId } from '../../gateway/identifier/index.ts';

export const pin = 'Correct-Horse-7';
export const member: MemberId = { kind: 'MEMBER', instance: 'DEV', memberClass: 'GOV', memberCode: '1' };

/** A real authority behind one HTTP server that tests can take down, with a clock they set. */
export interface TrustServices {
  readonly authority: Authority;
  readonly token: Token;
  readonly configuration: GlobalConfiguration;
  readonly tsaUrl: string;
  /** Milliseconds since the epoch; for the authority and for whoever is tested. */
  at: number;
  /** Answers everything with status 503. */
  isDown: boolean;
  /** Requests so far, those that were refused too. */
  readonly asked: { ocsp: number; tsa: number };
  now(): Date;
  /** A new key in the token, with a certificate for it. */
  issue(
    owner: MemberId,
    kind?: CertificateOrder['kind'],
    days?: number,
  ): Promise<{ keyId: string; certificate: Certificate }>;
  close(): Promise<void>;
}

/** @param dir a folder for the keys of the authority and of the token */
export async function startTrustServices(dir: string): Promise<TrustServices> {
  const clock = { at: Date.now() };
  const now = () => new Date(clock.at);
  const authority = await createAuthority(join(dir, 'authority'), { name: 'Test', pin, now });
  const token = await createSoftwareToken(join(dir, 'token'), { pin, label: 'test' });
  const asked = { ocsp: 0, tsa: 0 };
  let isDown = false;
  const server = createServer((incoming, outgoing) => {
    const isOcsp = incoming.url === '/ocsp';
    asked[isOcsp ? 'ocsp' : 'tsa'] += 1;
    if (isDown) {
      incoming.resume();
      outgoing.writeHead(503).end();
      return;
    }
    bodyOf(incoming)
      .then((body) => (isOcsp ? authority.answerOcsp(body) : authority.answerTimestamp(body)))
      .then((answer) => outgoing.end(answer))
      .catch((error: unknown) => outgoing.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    authority,
    token,
    configuration: configurationOf(authority, url),
    tsaUrl: `${url}/tsa`,
    get at() {
      return clock.at;
    },
    set at(value) {
      clock.at = value;
    },
    get isDown() {
      return isDown;
    },
    set isDown(value) {
      isDown = value;
    },
    asked,
    now,
    issue: async ({ instance, memberClass, memberCode }, kind = 'signing', days = 730) => {
      const { id: keyId } = await token.generateKey({ type: 'ec', curve: 'P-256' }, kind);
      const request = await createRequest({ subject: buildName({ CN: 'any' }) }, token.signingKey(keyId));
      const applicant = { instance, memberClass, memberCode, memberName: 'Member', serverCode: 'ss1' };
      const order = { request, kind, profile: 'ejbca', applicant, days } as const;
      return { keyId, certificate: await authority.issue(order) };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** An instance that approves of the authority. Statuses count for an hour. */
function configurationOf(authority: Authority, url: string): GlobalConfiguration {
  const ocsp = [{ url: `${url}/ocsp`, certificate: authority.ocspCertificate }];
  return buildConfiguration({
    id: 'test',
    instance: 'DEV',
    optional: {},
    instances: [
      {
        expiresAt: new Date('2040-01-01T00:00:00Z'),
        shared: {
          instance: 'DEV',
          sources: [],
          approvedCas: [
            {
              name: 'Test',
              authenticationOnly: false,
              top: { certificate: authority.caCertificate, ocsp },
              intermediates: [],
              profile: 'ee.ria.xroad.common.certificateprofile.impl.EjbcaCertificateProfileInfoProvider',
            },
          ],
          approvedTsas: [{ name: 'Test', url: `${url}/tsa`, certificate: authority.tsaCertificate }],
          members: [],
          securityServers: [],
          globalGroups: [],
          memberClasses: [],
          ocspFreshnessSeconds: 3600,
        },
      },
    ],
  });
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
