import { randomUUID } from 'node:crypto';
import type { SigningKey } from '../../certs/key/index.ts';
import { type ClientId, type MemberId, memberOf } from '../../gateway/identifier/index.ts';
import {
  composeMultipart,
  composePlain,
  composeRegistration,
  type ManagementRequest,
  signDetached,
  signerOf,
  writeManagementBody,
} from '../../gateway/management/index.ts';
import type { SigningIdentity } from '../../gateway/road/index.ts';
import { composeEnvelope, type SoapHeader } from '../../gateway/soap/index.ts';

/** Whose keys a management message is signed with. */
export interface ManagementSigners {
  /** @throws Fault CannotCreateSignature */
  signingIdentity(member: MemberId): Promise<SigningIdentity>;
  /**
   * Key of an authentication certificate of this server, which need not be registered yet.
   * @param certificate DER
   * @throws Fault CertNotFound, TokenError
   */
  authenticationKey(certificate: Buffer): Promise<SigningKey>;
}

export interface HttpMessage {
  readonly contentType: string;
  readonly bytes: Buffer;
}

/** Header of a message to the management service from the owner of a server. */
export function managementHeader(
  owner: MemberId,
  provider: ClientId,
  serviceCode: string,
  id: string,
): SoapHeader {
  return {
    client: owner,
    service: { ...provider, kind: 'SERVICE', serviceCode },
    id,
    protocolVersion: '4.0',
  };
}

/**
 * Writes a request as it is sent: alone, or with the signatures of those it concerns over its very bytes.
 * @param id of the message
 * @throws Fault CannotCreateSignature, CertNotFound; TokenError
 * @see X-Road management services protocol
 */
export async function signedMessage(
  request: ManagementRequest,
  provider: ClientId,
  id: string,
  signers: ManagementSigners,
): Promise<HttpMessage> {
  const header = managementHeader(memberOf(request.server), provider, request.kind, id);
  const envelope = composeEnvelope(header, writeManagementBody(request));
  const signer = signerOf(request);
  if (signer === undefined) return composePlain(envelope);
  const { key, certificate, ocspResponses } = await signers.signingIdentity(signer);
  const proof = { signature: await signDetached(key, envelope), certificate: certificate.der };
  const status = ocspResponses[0];
  if (status === undefined) throw new Error('a signing identity comes with the status of its certificate');
  const boundary = `waygate-${randomUUID()}`;
  if (request.kind !== 'authCertReg') return composeMultipart(envelope, proof, status, boundary);
  const authenticationKey = await signers.authenticationKey(request.authCert);
  const authentication = {
    signature: await signDetached(authenticationKey, envelope),
    certificate: request.authCert,
  };
  return composeRegistration(envelope, { authentication, owner: proof }, status, boundary);
}
