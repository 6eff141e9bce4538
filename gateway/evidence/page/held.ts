import {
  type ConfigurationFile,
  describeFile,
  directoryFile,
  instanceOfFolder,
  metadataEnding,
  ownerFile,
} from '../../configuration/index.ts';

/** What somebody pasted that is not what the field asks for; the message says what is. */
export class HeldError extends Error {
  override readonly name = 'HeldError';
}

const signatureLine = /^\u2014 /;

/**
 * Signed notes out of pasted text, one behind another. Blank lines around them and a lost last line end are forgiven.
 * @throws HeldError
 */
export function readHeldCheckpoints(pasted: string): readonly string[] {
  const lines = pasted.replaceAll('\r\n', '\n').trim().split('\n');
  if (lines.length === 1 && lines[0] === '') return [];
  const notes: string[] = [];
  let note: string[] = [];
  lines.forEach((line, at) => {
    if (note.length === 0 && line === '') return;
    note.push(line);
    const isEnd = signatureLine.test(line) && !signatureLine.test(lines[at + 1] ?? '');
    if (!isEnd) return;
    notes.push(`${note.join('\n')}\n`);
    note = [];
  });
  if (note.length > 0) {
    throw new HeldError(
      'The checkpoint is not whole: paste all of it, from the name of the log to the line that begins with a dash.',
    );
  }
  return notes;
}

/** SHA-224. */
const anchorHashOctets = 28;

/** Fingerprint as the judge compares it: upper case, with colons. @throws HeldError */
export function readAnchorHash(pasted: string): string | undefined {
  const hex = pasted.replaceAll(/[\s:]/g, '');
  if (hex === '') return undefined;
  const pairs = hex.match(/[0-9a-f]{2}/gi) ?? [];
  if (pairs.join('') !== hex || pairs.length !== anchorHashOctets) {
    throw new HeldError(
      `The fingerprint is not whole: it has ${anchorHashOctets} pairs of digits and letters A to F.`,
    );
  }
  return pairs.join(':').toUpperCase();
}

/** Own instance, and files of a configuration as of then. */
export interface HeldConfiguration {
  readonly own: string;
  readonly files: readonly ConfigurationFile[];
}

/**
 * A configuration out of the files of a folder, as X-Road lays it out on disk.
 * @param files paths begin with the name of the folder that was chosen
 * @throws HeldError, Fault MalformedGlobalConf
 */
export function readHeldConfiguration(
  files: readonly { readonly path: string; readonly bytes: Buffer }[],
): HeldConfiguration {
  const inside = new Map(files.map(({ path, bytes }) => [path.slice(path.indexOf('/') + 1), bytes]));
  const own = inside.get(ownerFile)?.toString('utf8').trim();
  if (own === undefined) {
    throw new HeldError(
      `This folder is no configuration: it has no file ${ownerFile}. Choose the folder with that file.`,
    );
  }
  const parts = [...inside].flatMap(([path, content]): ConfigurationFile[] => {
    const [folder = '', fileName, ...deeper] = path.split('/');
    const isPart = fileName !== undefined && deeper.length === 0;
    if (!isPart || fileName === directoryFile || fileName.endsWith(metadataEnding)) return [];
    return [
      describeFile(instanceOfFolder(folder), fileName, content, inside.get(`${path}${metadataEnding}`)),
    ];
  });
  return { own, files: parts };
}
