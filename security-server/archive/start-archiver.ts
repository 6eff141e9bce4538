import { join } from 'node:path';
import { ArchivingError } from './archive-source.ts';
import { Archiver, type ArchiverOptions } from './archiver.ts';
import { type KeyWrapping, loadOrCreateSigningKey, readRecipients } from './open-pgp.ts';
import type { ArchiveSettings } from './settings.ts';
import { openTarget } from './target/index.ts';

export interface ArchivingHost extends Pick<ArchiverOptions, 'log' | 'configurations' | 'now' | 'onTrouble'> {
  /** Folder of the server. */
  readonly data: string;
  readonly token: KeyWrapping;
  /** Name in the server's OpenPGP key. */
  readonly name: string;
}

/** Archiving as the settings say; without settings its routes tell that it is off. */
export interface Archiving {
  /** Undefined where no archive is set up. */
  readonly current: Archiver | undefined;
  /** @throws ArchivingError archive-off */
  require(): Archiver;
  close(): Promise<void>;
}

/** @throws ArchivingError when the settings name files that are not there or not what they should be */
export async function startArchiving(
  settings: ArchiveSettings | undefined,
  { data, token, name, now, ...host }: ArchivingHost,
): Promise<Archiving> {
  if (settings === undefined) return { current: undefined, require: refuse, close: async () => undefined };
  const { grouping, maxBytes, intervalHours, keepDays, recipients: files } = settings;
  const dir = join(data, 'archive');
  const recipients = files === undefined ? undefined : await readRecipients(files);
  const key = { path: join(dir, 'openpgp-key'), token, name };
  const { target, close } = await openTarget(settings.target);
  const archiver = await Archiver.open({
    ...{ ...host, dir, token, now, target, grouping, maxBytes, intervalMs: intervalHours * 3_600_000 },
    ...(keepDays !== undefined && { keepMs: keepDays * 86_400_000 }),
    ...(recipients !== undefined && {
      encryption: { recipients, signingKey: () => loadOrCreateSigningKey({ ...key, now: now() }) },
    }),
  });
  return {
    current: archiver,
    require: () => archiver,
    close: async () => {
      await archiver.close();
      await close();
    },
  };
}

function refuse(): never {
  const remedy = 'write `archive` with a `target` into the settings file of the server';
  throw new ArchivingError('archive-off', `This server archives nothing: ${remedy}`);
}
