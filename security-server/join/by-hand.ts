import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CertificateError, parseCertificate, parseRequest } from '../../certs/x509/index.ts';
import type { JoinStep } from '../../gateway/joining/index.ts';
import { writeFileDurably } from '../../gateway/store/index.ts';
import type { CertificateUse } from './enrol.ts';
import { JoinError } from './error.ts';
import { isThere } from './prepare-steps.ts';
import type { JoinPlaces } from './step.ts';

const uses: readonly CertificateUse[] = ['signing', 'authentication'];

/** A certificate that no authority gives out by itself. */
export interface AwaitedCertificate {
  readonly use: CertificateUse;
  /** It lies in its place, and is looked at when the step is tried again. */
  readonly isBrought: boolean;
}

/** What somebody has to bring from the authority for a joining to go on. */
export async function awaitedCertificates(
  places: JoinPlaces,
  steps: readonly JoinStep[],
): Promise<AwaitedCertificate[]> {
  const state = steps.find(({ code }) => code === 'certificates')?.state;
  if (state !== 'waiting' && state !== 'failed') return [];
  const all = await Promise.all(
    uses.map(async (use) => ({
      ...{ use, isBrought: await isThere(certificatePath(places, use)) },
      isAsked: await isThere(requestPath(places, use)),
    })),
  );
  return all.filter(({ isAsked }) => isAsked).map(({ use, isBrought }) => ({ use, isBrought }));
}

/** @returns PEM; undefined while none was made */
export async function readRequest(places: JoinPlaces, use: CertificateUse): Promise<string | undefined> {
  const path = requestPath(places, use);
  return (await isThere(path)) ? readFile(path, 'utf8') : undefined;
}

/**
 * Puts a certificate where the joining looks for it, after a look at whether it is for the key that asked for it: a
 * wrong one would end the step.
 * @throws JoinError wrong-use
 */
export async function bringCertificate(places: JoinPlaces, use: CertificateUse, pem: string): Promise<void> {
  const request = await readRequest(places, use);
  if (request === undefined) {
    throw new JoinError('wrong-use', `no certificate for ${use} is waited for here`);
  }
  const { publicKeyInfo } = parseRequest(Buffer.from(request));
  if (!publicKeyInfo.equals(keyOf(pem))) {
    throw new JoinError('wrong-use', `the certificate is for another key than the request for ${use}`);
  }
  await mkdir(places.certificateFolder, { recursive: true, mode: 0o700 });
  await writeFileDurably(certificatePath(places, use), pem);
}

/** @throws JoinError wrong-use */
function keyOf(pem: string): Buffer {
  try {
    return parseCertificate(Buffer.from(pem)).publicKeyInfo;
  } catch (cause) {
    if (!(cause instanceof CertificateError)) throw cause;
    throw new JoinError('wrong-use', `this is no certificate: ${cause.message}`, { cause });
  }
}

export function requestPath({ requestFolder }: JoinPlaces, use: CertificateUse): string {
  return join(requestFolder, `${use}.csr.pem`);
}

export function certificatePath({ certificateFolder }: JoinPlaces, use: CertificateUse): string {
  return join(certificateFolder, `${use}.pem`);
}
