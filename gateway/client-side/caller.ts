import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { Fault } from '../fault/index.ts';
import { type ClientId, printFull } from '../identifier/index.ts';
import type { ServerSettings } from '../road/index.ts';

/** How an information system reached us. */
export interface Caller {
  readonly isSecure: boolean;
  /** Certificate it proved to hold, when it showed one. */
  readonly certificate?: { readonly sha256: string; readonly notBefore: Date; readonly notAfter: Date };
}

/** Reads from the connection who is calling. */
export function callerOf(request: IncomingMessage): Caller {
  const { socket } = request;
  if (!(socket instanceof TLSSocket)) return { isSecure: false };
  const shown = socket.getPeerX509Certificate();
  if (shown === undefined) return { isSecure: true };
  const sha256 = shown.fingerprint256.replaceAll(':', '').toLowerCase();
  const certificate = { sha256, notBefore: new Date(shown.validFrom), notAfter: new Date(shown.validTo) };
  return { isSecure: true, certificate };
}

/**
 * Checks that the client is registered here and that its information system came the way its connection
 * type demands.
 * @throws Fault UnknownMember, SslAuthenticationFailed
 */
export function checkClient(client: ClientId, caller: Caller, settings: ServerSettings, now: Date): void {
  const known = settings.client(client);
  if (known === undefined) {
    throw new Fault(
      'UnknownMember',
      `Client '${printFull(client)}' is not registered at this security server`,
    );
  }
  if (known.connectionType === 'NOSSL') return;
  const name = `Client '${printFull(client)}'`;
  if (!caller.isSecure) {
    throw new Fault(
      'SslAuthenticationFailed',
      `${name} must connect with HTTPS, but the request came over HTTP`,
    );
  }
  if (known.connectionType === 'SSLNOAUTH') return;
  const { certificate } = caller;
  if (certificate === undefined) {
    throw new Fault('SslAuthenticationFailed', `${name} must show a client certificate, but none was shown`);
  }
  const isKnown =
    known.certificateHashes.has(certificate.sha256) ||
    certificate.sha256 === settings.internalCertificateHash;
  if (!isKnown) {
    throw new Fault('SslAuthenticationFailed', `${name} has not registered the certificate that was shown`);
  }
  if (now < certificate.notBefore || now > certificate.notAfter) {
    throw new Fault('SslAuthenticationFailed', `The certificate shown for ${name} is not valid at this time`);
  }
}
