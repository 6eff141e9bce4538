import { randomUUID } from 'node:crypto';
import { acmeColumns, acmeServerOf } from './acme-server.ts';
import type { Book } from './book.ts';
import { RegisterError } from './error.ts';
import type { Authority, CertificationService, Kept, OcspResponder, TimestampingService } from './model.ts';
import { checkName, checkUrl, readCertificate } from './values.ts';

export async function listCertificationServices({ db }: Book): Promise<Kept<CertificationService>[]> {
  const responders = new Map<string, OcspResponder[]>();
  const responderRows = await db.selectFrom('ocspResponder').selectAll().orderBy('ordinal').execute();
  for (const { service, position, url, certificate, costType } of responderRows) {
    const key = `${service} ${position}`;
    const list = responders.get(key) ?? [];
    list.push({
      url,
      ...(certificate !== null && { certificate }),
      ...(costType !== null && { costType }),
    });
    responders.set(key, list);
  }
  const authorities = new Map<string, Authority[]>();
  const authorityRows = await db.selectFrom('authority').selectAll().orderBy('position').execute();
  for (const { service, position, certificate } of authorityRows) {
    const list = authorities.get(service) ?? [];
    list.push({ certificate, ocspResponders: responders.get(`${service} ${position}`) ?? [] });
    authorities.set(service, list);
  }
  const rows = await db
    .selectFrom('certificationService')
    .selectAll()
    .orderBy('name')
    .orderBy('entryId')
    .execute();
  return rows.map(({ entryId, name, profile, authenticationOnly, defaultCsrFormat, ...acme }) => {
    const [top, ...intermediates] = authorities.get(entryId) ?? [];
    if (top === undefined) throw new Error(`certification service ${entryId} lacks its top authority`);
    return {
      entryId,
      name,
      profile,
      authenticationOnly: authenticationOnly === 1,
      ...(defaultCsrFormat !== null && { defaultCsrFormat }),
      ...acmeServerOf(acme),
      top,
      intermediates,
    };
  });
}

/** @returns the name of the new entry @throws RegisterError invalid; exists for a top certificate registered already */
export async function addCertificationService(book: Book, service: CertificationService): Promise<string> {
  const entryId = randomUUID();
  await writeCertificationService(book, entryId, service);
  return entryId;
}

/** @throws RegisterError not-found, invalid, exists */
export async function changeCertificationService(
  book: Book,
  { entryId, ...service }: Kept<CertificationService>,
): Promise<void> {
  await removeCertificationService(book, entryId);
  await writeCertificationService(book, entryId, service);
}

/** Certificates it issued are trusted no more. @throws RegisterError not-found */
export async function removeCertificationService({ db }: Book, entryId: string): Promise<void> {
  const { numDeletedRows } = await db
    .deleteFrom('certificationService')
    .where('entryId', '=', entryId)
    .executeTakeFirst();
  if (numDeletedRows === 0n) {
    throw new RegisterError('not-found', `there is no certification service ${entryId}`);
  }
}

async function writeCertificationService(
  { db }: Book,
  entryId: string,
  service: CertificationService,
): Promise<void> {
  const { name, profile, authenticationOnly, defaultCsrFormat = null, top, intermediates } = service;
  checkName(name, 'The name of a certification service');
  checkName(profile, 'The certificate profile');
  await db
    .insertInto('certificationService')
    .values({
      entryId,
      name,
      profile,
      authenticationOnly: authenticationOnly ? 1 : 0,
      defaultCsrFormat,
      ...acmeColumns(service.acmeServer),
    })
    .execute();
  for (const [position, { certificate, ocspResponders }] of [top, ...intermediates].entries()) {
    const { der } = readCertificate(certificate, 'The certificate of a certification authority');
    const taken = await db
      .selectFrom('authority')
      .select('service')
      .where('certificate', '=', der)
      .executeTakeFirst();
    if (taken !== undefined) {
      throw new RegisterError(
        'exists',
        'the certificate of the certification authority is registered already',
      );
    }
    await db.insertInto('authority').values({ service: entryId, position, certificate: der }).execute();
    for (const [ordinal, responder] of ocspResponders.entries()) {
      checkUrl(responder.url, 'The address of an OCSP responder');
      const own =
        responder.certificate &&
        readCertificate(responder.certificate, 'The certificate of an OCSP responder');
      await db
        .insertInto('ocspResponder')
        .values({
          service: entryId,
          position,
          ordinal,
          url: responder.url,
          certificate: own?.der ?? null,
          costType: responder.costType ?? null,
        })
        .execute();
    }
  }
}

export async function listTimestampingServices({ db }: Book): Promise<Kept<TimestampingService>[]> {
  const rows = await db
    .selectFrom('timestampingService')
    .selectAll()
    .orderBy('name')
    .orderBy('entryId')
    .execute();
  return rows.map(({ costType, ...service }) => ({ ...service, ...(costType !== null && { costType }) }));
}

/** @returns the name of the new entry @throws RegisterError invalid, exists */
export async function addTimestampingService(book: Book, service: TimestampingService): Promise<string> {
  const entryId = randomUUID();
  await writeTimestampingService(book, { entryId, ...service });
  return entryId;
}

/** @throws RegisterError not-found, invalid, exists */
export async function changeTimestampingService(
  book: Book,
  service: Kept<TimestampingService>,
): Promise<void> {
  await removeTimestampingService(book, service.entryId);
  await writeTimestampingService(book, service);
}

/** @throws RegisterError not-found */
export async function removeTimestampingService({ db }: Book, entryId: string): Promise<void> {
  const { numDeletedRows } = await db
    .deleteFrom('timestampingService')
    .where('entryId', '=', entryId)
    .executeTakeFirst();
  if (numDeletedRows === 0n) {
    throw new RegisterError('not-found', `there is no timestamping service ${entryId}`);
  }
}

async function writeTimestampingService(
  { db }: Book,
  { entryId, name, url, certificate, costType }: Kept<TimestampingService>,
): Promise<void> {
  checkName(name, 'The name of a timestamping service');
  checkUrl(url, 'The address of a timestamping service');
  const { der } = readCertificate(certificate, 'The certificate of a timestamping service');
  const taken = await db
    .selectFrom('timestampingService')
    .select('entryId')
    .where('url', '=', url)
    .where('certificate', '=', der)
    .executeTakeFirst();
  if (taken !== undefined) {
    throw new RegisterError('exists', `the timestamping service at ${url} is registered already`);
  }
  await db
    .insertInto('timestampingService')
    .values({ entryId, name, url, certificate: der, costType: costType ?? null })
    .execute();
}
