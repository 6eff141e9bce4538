import { expect, it } from 'vitest';
import { generateKeyPair, softwareSigningKey } from '../../certs/key/index.ts';
import { buildName, createCertificate } from '../../certs/x509/index.ts';
import { testVisit } from '../../gateway/console/testing/visit.ts';
import { expiring } from './expiring.ts';

const day = 24 * 3_600_000;

/** A visit in a registry whose servers have nothing that ends. */
const visit = () => testVisit('', () => Response.json([]));

async function certificate(days: number): Promise<string> {
  const { privateKey, publicKey } = await generateKeyPair({ type: 'ec', curve: 'P-256' });
  const subject = buildName({ CN: 'x' });
  const { now } = visit();
  const [notBefore, notAfter] = [new Date(now.getTime() - 90 * day), new Date(now.getTime() + days * day)];
  const wanted = { subject, issuer: subject, publicKey, serialNumber: 1n, notBefore, notAfter };
  return (await createCertificate(wanted, softwareSigningKey(privateKey))).pem;
}

it('tells of the registry’s own certificate, before it ends and after', async () => {
  const nothing = { certification: [], timestamping: [] };
  for (const [days, isTold] of [
    [-1, true],
    [29, true],
    [31, false],
  ] as const) {
    const todos = await expiring(visit(), { ...nothing, registration: await certificate(days) });
    expect([days, todos.map(({ href }) => href)]).toEqual([days, isTold ? ['/settings'] : []]);
  }
  expect(await expiring(visit(), { ...nothing, registration: undefined })).toEqual([]);
});

it('tells of an intermediate authority and of its responder, the one that ends first before the other', async () => {
  const [late, below] = [await certificate(900), await certificate(20)];
  const responder = { url: 'http://ocsp.example/', certificate: await certificate(5) };
  const service = {
    ...{ entryId: 'one', name: 'Authority', profile: 'p', authenticationOnly: false },
    top: { certificate: late, ocspResponders: [] },
    intermediates: [{ certificate: below, ocspResponders: [responder] }],
  };
  const known = { certification: [service], timestamping: [], registration: late };
  const todos = await expiring(visit(), known);
  expect(todos.map(({ text, href }) => [text, href])).toEqual([
    ['The certificate of an OCSP responder of Authority expires', '/trust-services/certification/one'],
    ['A certificate of the certification service Authority expires', '/trust-services/certification/one'],
  ]);
});
