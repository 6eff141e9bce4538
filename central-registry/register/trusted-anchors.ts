import { CertificateError, parseCertificate } from '../../certs/x509/index.ts';
import { type Anchor, anchorFingerprint, parseAnchor } from '../../gateway/configuration/index.ts';
import { Fault } from '../../gateway/fault/index.ts';
import type { Book } from './book.ts';
import { RegisterError } from './error.ts';
import type { TrustedAnchor } from './model.ts';
import { checkCode, checkUrl } from './values.ts';

/** Far more than an instance needs that is moving to new addresses and keys at once. */
const maxSources = 20;
const maxCertificatesPerSource = 20;

/** Other instances whose configuration own servers may fetch, in the order of their codes. */
export async function listTrustedAnchors({ db }: Book): Promise<TrustedAnchor[]> {
  const rows = await db.selectFrom('trustedAnchor').select('file').orderBy('instance').execute();
  return rows.map(({ file }) => trustedAnchorOf(file, parseAnchor(file)));
}

/**
 * Trusts another instance: from the next publication on, own servers whose owners admit it fetch its configuration.
 * @param file the external configuration anchor, as that instance handed it out; takes the place of its former one
 * @throws RegisterError invalid
 */
export async function putTrustedAnchor({ db, instance: own }: Book, file: Buffer): Promise<TrustedAnchor> {
  const anchor = readAnchorFile(file);
  const { instance } = anchor;
  checkCode(instance);
  // Its own servers would take members and authorities from whoever controls that other place.
  if (instance === own) {
    throw new RegisterError(
      'invalid',
      `the anchor is of ${own} itself: the external anchor of another instance is expected`,
    );
  }
  await db
    .insertInto('trustedAnchor')
    .values({ instance, file })
    .onConflict((conflict) => conflict.column('instance').doUpdateSet({ file }))
    .execute();
  return trustedAnchorOf(file, anchor);
}

/** Own servers forget that instance with the next configuration they fetch. @throws RegisterError not-found */
export async function removeTrustedAnchor({ db }: Book, instance: string): Promise<void> {
  const { numDeletedRows } = await db
    .deleteFrom('trustedAnchor')
    .where('instance', '=', instance)
    .executeTakeFirst();
  if (numDeletedRows === 0n) {
    throw new RegisterError('not-found', `there is no trusted anchor of instance ${instance}`);
  }
}

function trustedAnchorOf(file: Buffer, anchor: Anchor): TrustedAnchor {
  return { ...anchor, sha224: anchorFingerprint(file) };
}

/** Servers stop at private parameters they cannot read, so an anchor is checked before it gets into them. */
function readAnchorFile(file: Buffer): Anchor {
  try {
    const anchor = parseAnchor(file);
    checkCount(anchor.sources.length, maxSources, 'sources');
    for (const { url, verificationCerts } of anchor.sources) {
      checkUrl(url, 'The download URL of an anchor');
      checkCount(
        verificationCerts.length,
        maxCertificatesPerSource,
        'verification certificates of one source',
      );
      for (const certificate of verificationCerts) parseCertificate(certificate);
    }
    return anchor;
  } catch (error) {
    if (!(error instanceof Fault) && !(error instanceof CertificateError)) throw error;
    throw new RegisterError('invalid', `the file is no configuration anchor: ${error.message}`, {
      cause: error,
    });
  }
}

function checkCount(count: number, most: number, what: string): void {
  if (count > most)
    throw new RegisterError('invalid', `the anchor has ${count} ${what}, at most ${most} are taken`);
}
