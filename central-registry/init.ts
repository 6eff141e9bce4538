import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeySpec } from '../certs/key/index.ts';
import { createSoftwareToken, openSoftwareToken, type Token, TokenError } from '../certs/token/index.ts';
import { encodeSegment } from '../gateway/identifier/index.ts';
import {
  checkFirstPerson,
  createFirstPerson,
  type FirstPerson,
  forgetPeople,
} from '../gateway/people/index.ts';
import { lockFile } from '../gateway/store/index.ts';
import { ensureRegistrationCertificate } from './management/index.ts';
import { ensureOwnAuthority, type OwnAuthority, trustOwnAuthority } from './own-authority.ts';
import { createConfigurationKey } from './publication/index.ts';
import {
  type ConfigurationSource,
  checkMemberClass,
  listKeys,
  type MemberClass,
  putMemberClass,
  Register,
  RegisterError,
  registerFile,
} from './register/index.ts';

const sources: readonly ConfigurationSource[] = ['internal', 'external'];

export interface FoundingSettings {
  /** Folder of this registry alone; made if need be, readable by its owner only. */
  readonly data: string;
  /** Code of the new instance; can never be changed. */
  readonly instance: string;
  /** Host name or IP address at which security servers will reach the registry. */
  readonly address: string;
  /** Opens the token with the configuration keys. */
  readonly pin: string;
  /** Whom members are sorted into; more can be added at any time. */
  readonly memberClasses?: readonly MemberClass[];
  /** Of the configuration keys; P-256 unless told. */
  readonly keySpec?: KeySpec;
  /** The first person who may sign in, a system administrator; absent: added later, with the API key. */
  readonly administrator?: FirstPerson;
  /** Trusted from the first configuration on; absent: authorities are approved later. */
  readonly authority?: OwnAuthority;
  readonly now?: () => Date;
}

/**
 * Founds an instance: its register, a token, the first person, the first key of either configuration, and the
 * certificate of the registration service. Run again after a crash, it finishes what is missing. Two programs at once
 * found one instance: the register is the one place where it is decided.
 * @throws RegisterError exists when the instance was founded, invalid; TokenError pin-policy, pin-incorrect; Problem
 *   of the first person
 */
export async function initRegistry(settings: FoundingSettings): Promise<void> {
  const { data, administrator, memberClasses = [] } = settings;
  const now = settings.now ?? (() => new Date());
  if (administrator !== undefined) checkFirstPerson(administrator);
  for (const one of memberClasses) checkMemberClass(one);
  await mkdir(data, { recursive: true, mode: 0o700 });
  const unlock = lockFile(join(data, 'founding.tmp'));
  if (unlock === undefined) {
    throw new RegisterError(
      'exists',
      `another process founds an instance in ${data}: wait for it, or end it`,
    );
  }
  try {
    await foundAlone({ ...settings, memberClasses, now });
  } finally {
    unlock();
  }
}

type Founding = FoundingSettings & Required<Pick<FoundingSettings, 'memberClasses' | 'now'>>;

async function foundAlone(founding: Founding): Promise<void> {
  const { data, instance, address, pin, keySpec, administrator, memberClasses, authority, now } = founding;
  const path = registerPath(data);
  const former = await openIfFounded(path, now);
  const keyless = former === undefined ? sources : await lacking(former);
  if (former !== undefined && (former.instance !== instance || keyless.length === 0)) {
    former.close();
    throw new RegisterError('exists', `${data} holds the registry of instance ${former.instance} already`);
  }
  let register = former;
  try {
    // Founding was cut short before anything used a key of that token: its PIN need not be remembered.
    if (keyless.length === sources.length) await rm(join(data, 'token'), { recursive: true, force: true });
    const token = await openOrCreateToken(data, pin);
    if (register === undefined) {
      await Register.create(path, instance, address, now);
      register = await Register.open(path, now);
    }
    if (authority !== undefined) await ensureOwnAuthority(instance, authority);
    const act = { by: 'system', why: 'the instance is founded' };
    await register.change(act, async (book) => {
      for (const one of memberClasses) await putMemberClass(book, one);
      if (authority !== undefined) await trustOwnAuthority(book, authority);
    });
    if (administrator !== undefined) {
      await forgetPeople(data);
      await createFirstPerson(data, auditLogOrigin(register.instance), now, administrator);
    }
    // Last: with a key for either source, the instance is founded.
    for (const source of await lacking(register)) {
      const why = `the ${source} configuration needs a key`;
      await createConfigurationKey(register, token, { by: 'system', why }, source, now(), keySpec);
    }
    await ensureRegistrationCertificate(register, token, now());
  } finally {
    register?.close();
  }
}

/** The instance whose founding was cut short in a folder, or that was founded there. */
export interface FoundInFolder {
  readonly instance: string;
  readonly isFounded: boolean;
}

/** @returns undefined for a folder in which nobody began to found one */
export async function lookForInstance(data: string): Promise<FoundInFolder | undefined> {
  const path = registerPath(data);
  // Opening makes the file: an empty folder stays empty.
  if (!existsSync(path)) return undefined;
  const register = await openIfFounded(path, () => new Date());
  if (register === undefined) return undefined;
  try {
    return { instance: register.instance, isFounded: (await lacking(register)).length === 0 };
  } finally {
    register.close();
  }
}

export function auditLogOrigin(instance: string): string {
  return `${encodeSegment(instance)}/registry/audit-log`;
}

export function registerPath(data: string): string {
  return join(data, registerFile);
}

async function openIfFounded(path: string, now: () => Date): Promise<Register | undefined> {
  try {
    return await Register.open(path, now);
  } catch (error) {
    if (error instanceof RegisterError && error.code === 'not-found') return undefined;
    throw error;
  }
}

/** Sources without a key: founding was cut short. */
async function lacking(register: Register): Promise<ConfigurationSource[]> {
  const keys = await register.read(listKeys);
  return sources.filter((source) => !keys.some((key) => key.source === source));
}

async function openOrCreateToken(data: string, pin: string): Promise<Token> {
  const folder = join(data, 'token');
  try {
    const token = await openSoftwareToken(folder);
    await token.activate(pin);
    return token;
  } catch (error) {
    if (!(error instanceof TokenError) || error.code !== 'not-initialized') throw error;
  }
  const token = await createSoftwareToken(folder, { pin, label: 'configuration keys' });
  if (!token.isActive()) await token.activate(pin);
  return token;
}
