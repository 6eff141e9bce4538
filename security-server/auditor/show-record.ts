import { OcspError, parseOcspResponse } from '../../certs/ocsp/index.ts';
import { checkTimestamp, TimestampError } from '../../certs/timestamp/index.ts';
import { type Certificate, CertificateError, parseCertificate } from '../../certs/x509/index.ts';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { Fault } from '../../gateway/fault/index.ts';
import { readSignature } from '../../gateway/signature/index.ts';
import { TransparencyError } from '../../gateway/transparency/index.ts';
import type { FoundRecord, StoredTimestamp } from '../message-log/index.ts';
import { checkpointSize } from './checkpoint-size.ts';

export interface ShownCertificate {
  readonly subject: string;
  readonly issuer: string;
  readonly serialNumber: string;
  readonly validFrom: string;
  readonly validTo: string;
  /** Hex. */
  readonly sha256: string;
}

/** What the evidence of one message says of itself; whether it is good the verdict tells. */
export interface ShownRecord {
  readonly index: number;
  readonly sequence: number;
  readonly at: string;
  readonly direction: 'request' | 'response';
  readonly side: 'client' | 'provider';
  readonly status: number | null;
  /** Id of the configuration that was in force. */
  readonly configuration: string;
  /** Null when the signature document cannot be read. */
  readonly signature: {
    readonly certificate: ShownCertificate;
    /** As the signer says. */
    readonly signedAt: string | null;
    /** When the authority said that the certificate was good. */
    readonly ocspProducedAt: string | null;
  } | null;
  readonly timestamp: {
    readonly at: string;
    /** Subject of its certificate; null when no configuration that counted then knows it. */
    readonly authority: string | null;
    /** Records that the stamped checkpoint covers. */
    readonly checkpointSize: number | null;
  } | null;
  /** The message itself: of REST its head, of SOAP its envelope. */
  readonly head: { readonly octets: number | null; readonly isErased: boolean };
  readonly bodies: readonly {
    readonly position: number;
    readonly octets: number;
    /** Hex. */
    readonly sha512: string;
    readonly isErased: boolean;
  }[];
}

/**
 * @param configuration as of then
 * @param told by the judge: who stamped, where that was found good
 */
export function showRecord(
  record: FoundRecord,
  configurationId: string,
  configuration: GlobalConfiguration,
  told: { readonly verifierKey: string; readonly authority: string | undefined },
): ShownRecord {
  const { index, sequence, at, direction, side, status, timestamp, head, keptHead, bodies } = record;
  return {
    ...{ index, sequence, at: new Date(at).toISOString(), direction, side, status },
    configuration: configurationId,
    signature: showSignature(record.signature),
    timestamp: timestamp === undefined ? null : showTimestamp(timestamp, configuration, told),
    head: { octets: (head ?? keptHead)?.length ?? null, isErased: head === undefined },
    bodies: bodies.map(({ position, size, digest, isErased }) => ({
      ...{ position, octets: size, sha512: digest.toString('hex'), isErased },
    })),
  };
}

function showSignature(document: Buffer): ShownRecord['signature'] {
  try {
    const { certificateDer, signedAt, ocspResponses } = readSignature(document, 'container');
    const [status] = ocspResponses;
    return {
      certificate: showCertificate(parseCertificate(certificateDer)),
      signedAt: signedAt?.toISOString() ?? null,
      ocspProducedAt: status === undefined ? null : parseOcspResponse(status).producedAt.toISOString(),
    };
  } catch (error) {
    // The verdict, which is always shown beside this, tells what is wrong with it.
    const isKnown = error instanceof Fault || error instanceof CertificateError || error instanceof OcspError;
    if (isKnown) return null;
    throw error;
  }
}

function showTimestamp(
  { at, token, result, checkpoint }: StoredTimestamp,
  configuration: GlobalConfiguration,
  { verifierKey, authority }: Parameters<typeof showRecord>[3],
): ShownRecord['timestamp'] {
  return {
    at: new Date(at).toISOString(),
    authority: authority ?? authorityOf(token, result, configuration),
    checkpointSize: sizeOf(checkpoint, verifierKey),
  };
}

function authorityOf(token: Buffer, stamped: Buffer, configuration: GlobalConfiguration): string | null {
  try {
    const { certificate } = checkTimestamp({ token, stamped, certificates: configuration.tsaCertificates() });
    return certificate.subject.describe();
  } catch (error) {
    if (error instanceof TimestampError) return null;
    throw error;
  }
}

function sizeOf(note: string, verifierKey: string): number | null {
  try {
    return checkpointSize(note, verifierKey);
  } catch (error) {
    if (error instanceof TransparencyError) return null;
    throw error;
  }
}

function showCertificate(certificate: Certificate): ShownCertificate {
  const { subject, issuer, serialNumber, notBefore, notAfter, sha256 } = certificate;
  return {
    subject: subject.describe(),
    issuer: issuer.describe(),
    serialNumber: serialNumber.toString(),
    validFrom: notBefore.toISOString(),
    validTo: notAfter.toISOString(),
    sha256: sha256.toString('hex'),
  };
}
