import {
  type CertificateProfile,
  certificateProfileSchema,
  shippedProfile,
} from '../../gateway/certificate-profile/index.ts';
import type { Book } from './book.ts';
import { RegisterError } from './error.ts';

/** A certificate profile of the instance's own, for authorities that write subjects as no shipped profile reads them. */
export interface OwnProfile extends CertificateProfile {
  /**
   * Class name that the shared parameters give in its place. Programs of other makers do not get the definition: they
   * read subjects by that class, and refuse the authority's certificates when they do not know it or the subject does
   * not follow it. It should be one by which these subjects name the same member, or none at all: a class by which
   * they name another would have peers of other makers take messages of one member for those of another.
   */
  readonly publishedAs: string;
}

/** Far more than one instance has authorities. */
const maxProfiles = 50;
const maxDefinitionLength = 32 * 1024;

/** In the order of their names. */
export async function listOwnProfiles({ db }: Book): Promise<OwnProfile[]> {
  const rows = await db.selectFrom('certificateProfile').selectAll().orderBy('name').execute();
  return rows.map(({ publishedAs, forms, ...rest }) => ({
    ...certificateProfileSchema.parse({ ...rest, forms: JSON.parse(forms) }),
    publishedAs,
  }));
}

/**
 * Adds a profile, or takes it in place of the one of that name: services that name it are read by it from the next
 * publication on.
 * @throws RegisterError invalid, exists when a shipped profile has the name
 */
export async function putOwnProfile({ db }: Book, profile: OwnProfile): Promise<void> {
  const { name, description, publishedAs } = profile;
  if (shippedProfile(name) !== undefined) {
    throw new RegisterError('exists', `${name} is a profile of X-Road, which cannot be changed`);
  }
  const forms = JSON.stringify(profile.forms);
  if (forms.length > maxDefinitionLength) {
    throw new RegisterError('invalid', `a definition may have ${maxDefinitionLength} characters`);
  }
  if (publishedAs.length > 255 || !/^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*$/.test(publishedAs)) {
    throw new RegisterError('invalid', `'${publishedAs}' is not the name of a Java class`);
  }
  const { total } = await db
    .selectFrom('certificateProfile')
    .select(({ fn }) => fn.countAll<number>().as('total'))
    .where('name', '!=', name)
    .executeTakeFirstOrThrow();
  if (total >= maxProfiles) {
    throw new RegisterError('invalid', `there are ${maxProfiles} profiles already: remove one first`);
  }
  const values = { description, publishedAs, forms };
  await db
    .insertInto('certificateProfile')
    .values({ name, ...values })
    .onConflict((conflict) => conflict.column('name').doUpdateSet(values))
    .execute();
}

/** @throws RegisterError not-found; in-use while a certification service names it */
export async function removeOwnProfile({ db }: Book, name: string): Promise<void> {
  const service = await db
    .selectFrom('certificationService')
    .select('name')
    .where('profile', '=', name)
    .executeTakeFirst();
  const { numDeletedRows } = await db
    .deleteFrom('certificateProfile')
    .where('name', '=', name)
    .executeTakeFirst();
  if (numDeletedRows === 0n) {
    throw new RegisterError('not-found', `the instance has no certificate profile ${name} of its own`);
  }
  // What was deleted above comes back with the transaction.
  if (service !== undefined) {
    const message = `certification service '${service.name}' goes by profile ${name}: give it another first`;
    throw new RegisterError('in-use', message);
  }
}
