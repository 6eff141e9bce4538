import { randomUUID } from 'node:crypto';
import type { SigningKey } from '../../../certs/key/index.ts';
import { type ClientId, memberOf, type SubsystemId } from '../../../gateway/identifier/index.ts';
import { type ManagementRequest, writeManagementBody } from '../../../gateway/management/index.ts';
import { composeEnvelope } from '../../../gateway/soap/index.ts';
import { management } from './small-register.ts';

/** Messages put together from the protocol, part by part, so that each can be made wrong on its own. */

export interface Part {
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

export interface HttpBody {
  readonly contentType: string;
  readonly bytes: Buffer;
}

export interface EnvelopeChanges {
  readonly sender?: ClientId;
  readonly provider?: SubsystemId;
  readonly serviceCode?: string;
  readonly id?: string;
  readonly body?: string;
}

export function envelopeOf(request: ManagementRequest, changes: EnvelopeChanges = {}): Buffer {
  const { sender = memberOf(request.server), provider = management, serviceCode = request.kind } = changes;
  return composeEnvelope(
    {
      client: sender,
      service: { ...provider, kind: 'SERVICE', serviceCode },
      id: changes.id ?? randomUUID(),
      protocolVersion: '4.0',
    },
    changes.body ?? writeManagementBody(request),
  );
}

export const soapPart = (envelope: Buffer): Part => ({
  headers: { 'content-type': 'text/xml; charset=UTF-8' },
  bytes: envelope,
});

export const binaryPart = (bytes: Buffer): Part => ({
  headers: { 'content-type': 'application/octet-stream' },
  bytes,
});

export async function signaturePart(key: SigningKey, signed: Buffer): Promise<Part> {
  const { headers, bytes } = binaryPart(await key.sign(signed));
  return { headers: { ...headers, 'signature-algorithm-id': key.algorithm.javaName }, bytes };
}

export function multipart(parts: readonly Part[]): HttpBody {
  const boundary = `jetty${randomUUID().replaceAll('-', '')}`;
  const written = parts.flatMap(({ headers, bytes }) => [
    Buffer.from(`--${boundary}\r\n`),
    ...Object.entries(headers).map(([name, value]) => Buffer.from(`${name}: ${value}\r\n`)),
    Buffer.from('\r\n'),
    bytes,
    Buffer.from('\r\n'),
  ]);
  return {
    contentType: `multipart/related; type="application/octet-stream"; charset=UTF-8; boundary=${boundary}`,
    bytes: Buffer.concat([...written, Buffer.from(`--${boundary}--\r\n`)]),
  };
}

export const plain = (envelope: Buffer): HttpBody => ({
  contentType: 'text/xml; charset=UTF-8',
  bytes: envelope,
});
