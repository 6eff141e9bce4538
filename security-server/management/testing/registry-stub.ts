import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { createSecureContext, type SecureContext } from 'node:tls';
import { generateKeyPair, softwareSigningKey } from '../../../certs/key/index.ts';
import { buildName, createCertificate } from '../../../certs/x509/index.ts';
import { type Fault, renderSoap } from '../../../gateway/fault/index.ts';
import {
  readManagementMessage,
  readManagementRequest,
  type SignedManagementMessage,
  writeManagementResponse,
} from '../../../gateway/management/index.ts';
import {
  composeEnvelope,
  parseEnvelope,
  parseSoapBody,
  type SoapHeader,
} from '../../../gateway/soap/index.ts';

/** One message that a registry received. */
export interface Received {
  readonly path: string;
  readonly header: SoapHeader;
  readonly message: SignedManagementMessage;
}

export interface StubAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Buffer;
}

/** Stands for the server's own client side, under `/`, and for the registration service, under `/registration`. */
export interface RegistryStub {
  readonly url: URL;
  /** DER. */
  readonly certificate: Buffer;
  /** Shows the same certificate. */
  readonly context: SecureContext;
  readonly received: Received[];
  /** Answers in place of the usual; undefined breaks the connection off. */
  answer: (received: Received) => StubAnswer | undefined;
  close(): Promise<void>;
}

const xml = 'text/xml; charset=UTF-8';

/** The usual answer: the request was taken under number 7, and waits. */
export function taken(received: Received): StubAnswer {
  const { header, message } = received;
  if (asksStatus(received)) {
    return statusAnswer(received, '<xr:requestId>7</xr:requestId><xr:status>waiting</xr:status>');
  }
  const request = readManagementRequest(parseSoapBody(message.envelope));
  const requestId = request.kind === 'authCertReg' && request.dryRun === true ? 0 : 7;
  const body = composeEnvelope(header, writeManagementResponse(request, requestId));
  return { status: 200, contentType: xml, body };
}

function asksStatus({ header }: Received): boolean {
  return header.service.serviceCode === 'requestStatus';
}

/** Takes requests as usual, and answers questions after their status with these fields, or with something else. */
export function telling(told: string | (() => StubAnswer | undefined)) {
  return (received: Received): StubAnswer | undefined => {
    if (!asksStatus(received)) return taken(received);
    return typeof told === 'string' ? statusAnswer(received, told) : told();
  };
}

export function faulty(fault: Fault, status = 200): StubAnswer {
  return { status, contentType: xml, body: renderSoap(fault, 'reference') };
}

function statusAnswer({ header }: Received, fields: string): StubAnswer {
  const body = `<xr:requestStatusResponse xmlns:xr="http://x-road.eu/xsd/xroad.xsd">${fields}</xr:requestStatusResponse>`;
  return { status: 200, contentType: xml, body: composeEnvelope(header, body) };
}

export async function startRegistryStub(): Promise<RegistryStub> {
  const { privateKey } = await generateKeyPair({ type: 'ec', curve: 'P-256' });
  const key = softwareSigningKey(privateKey);
  const subject = buildName({ CN: 'internal' });
  const certificate = await createCertificate(
    {
      ...{ subject, issuer: subject, publicKey: key.publicKey, serialNumber: 1n },
      // Over: what counts is that it is the very certificate.
      ...{ notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2021-01-01T00:00:00Z') },
    },
    key,
  );
  const keyAndCertificate = {
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }),
    cert: certificate.pem,
  };
  const server = createServer(keyAndCertificate, async (incoming, outgoing) => {
    const path = incoming.url ?? '';
    const carriage = path === '/registration' ? 'registration' : 'service';
    const contentType = incoming.headers['content-type'] ?? '';
    const message = readManagementMessage(await buffer(incoming), contentType, carriage);
    const received = { path, header: parseEnvelope(message.envelope).header, message };
    stub.received.push(received);
    const answer = stub.answer(received);
    if (answer === undefined) {
      outgoing.destroy();
      return;
    }
    outgoing.writeHead(answer.status, { 'content-type': answer.contentType }).end(answer.body);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const stub: RegistryStub = {
    url: new URL(`https://127.0.0.1:${port}/`),
    certificate: certificate.der,
    context: createSecureContext(keyAndCertificate),
    received: [],
    answer: taken,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return stub;
}
