import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { authorityAddresses, foundAuthority, isAuthority, profileClasses } from '../certs/authority/index.ts';
import { parseCertificate } from '../certs/x509/index.ts';
import {
  addCertificationService,
  addTimestampingService,
  type Book,
  listCertificationServices,
} from './register/index.ts';

/** The small authority of an instance that has no other. */
export interface OwnAuthority {
  /** Of the authority alone. One that is there already is trusted as it is; else it is founded. */
  readonly folder: string;
  /** At which servers will reach it, without a slash at its end. */
  readonly url: string;
  /** Of its keys; asked for only when it is founded. */
  readonly askPin: () => Promise<string>;
}

/** Founds the authority of an instance, unless it is there. @throws TokenError pin-policy */
export async function ensureOwnAuthority(instance: string, { folder, askPin }: OwnAuthority): Promise<void> {
  if (await isAuthority(folder)) return;
  await foundAuthority(folder, { name: `Authority of ${instance}`, pin: await askPin() });
}

/** Writes into the register of a new instance that it trusts its own authority, once. */
export async function trustOwnAuthority(book: Book, { folder, url }: OwnAuthority): Promise<void> {
  if ((await listCertificationServices(book)).length > 0) return;
  const read = async (role: 'ca' | 'ocsp' | 'tsa') =>
    parseCertificate(await readFile(join(folder, `${role}.pem`))).der;
  const { ocspUrl, tsaUrl } = authorityAddresses(url);
  const name = `Authority of ${book.instance}`;
  await addCertificationService(book, {
    name,
    profile: profileClasses.basic,
    authenticationOnly: false,
    top: {
      certificate: await read('ca'),
      ocspResponders: [{ url: ocspUrl, certificate: await read('ocsp') }],
    },
    intermediates: [],
  });
  await addTimestampingService(book, { name, url: tsaUrl, certificate: await read('tsa') });
}
