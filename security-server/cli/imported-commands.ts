import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { readConfigurationFolder } from '../../gateway/configuration/index.ts';
import type { Trust } from '../../gateway/evidence/index.ts';
import { writeZip } from '../../gateway/signature/index.ts';
import {
  type FoundMessage,
  ImportError,
  type ImportedArchive,
  ImportedArchives,
  readForImport,
} from '../imported-archives/index.ts';
import { type Column, printable, printTable } from './print-table.ts';

interface ImportOptions {
  readonly into: string;
  readonly configuration?: string;
  readonly verifierKey?: string;
  readonly anchorFingerprint?: string;
  readonly json?: boolean;
}

/** `waygate audit import`: archives of X-Road and of Waygate, to be searched. */
export function auditImportCommand(): Command {
  return new Command('import')
    .description('verify archives of message logs, and keep them where they can be searched')
    .argument('<file...>', 'archives, in the order in which they were made')
    .requiredOption('--into <dir>', 'folder that keeps them; made if it is not there')
    .option('--configuration <dir>', 'configuration as of then, in the layout of X-Road on disk')
    .option('--verifier-key <key>', "for archives of Waygate: the log's key, as its owner publishes it")
    .option('--anchor-fingerprint <hash>', "for archives of Waygate: fingerprint of the instance's anchor")
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nArchives of X-Road need --configuration: take it from GET /verificationconf of a security server, or with' +
        '\n`waygate config verify --into DIR`. One that ends in .gpg is opened first: gpg --decrypt ARCHIVE.zip.gpg > ARCHIVE.zip' +
        '\n\nAn archive of which something was altered, added, left out or moved is not imported. A message in an archive of' +
        '\nX-Road whose signature is not good is, with what is wrong with it.' +
        '\n\nArchives of Waygate are held to each other by the numbers of their records, in whatever order they come: what is' +
        '\nneither in one nor in the next of its group that is here is named.' +
        '\n\nThen search: waygate audit imported DIR --party PILOT:GOV:1001 --from 2026-11-01' +
        '\n\nExit status: 0 all imported and good, 1 some not, or numbers between them are missing, 2 a file could not be read.',
    )
    .action(importArchives);
}

type Outcome = { readonly file: string } & (
  | { readonly imported: true; readonly isNew: boolean; readonly messages: number; readonly bad: number }
  | { readonly imported: false; readonly code: string; readonly reason: string }
);

async function importArchives(files: readonly string[], options: ImportOptions): Promise<void> {
  const trust = await readTrust(options);
  const imported = await ImportedArchives.create(options.into);
  try {
    const outcomes: Outcome[] = [];
    for (const file of files) {
      if (/\.gpg$/i.test(file)) {
        throw new Error(`${file} is encrypted: open it first, gpg --decrypt ${file} > ${file.slice(0, -4)}`);
      }
      const outcome = await importOne(imported, file, trust);
      outcomes.push(outcome);
      if (options.json !== true) process.stdout.write(`${describe(outcome)}\n`);
    }
    const archives = imported.archives();
    const unlinked = archives.filter(({ isLinked }) => !isLinked);
    const holes = archives.flatMap(({ name, hole }) => (hole === null ? [] : [{ archive: name, ...hole }]));
    if (options.json === true) {
      const missing = unlinked.map(({ name, follows }) => ({ archive: name, follows }));
      process.stdout.write(`${JSON.stringify({ archives: outcomes, missing, holes })}\n`);
    } else {
      process.stdout.write(unlinked.map(describeUnlinked).join(''));
      process.stdout.write(holes.map(({ code, reason }) => `${printable(`${code}: ${reason}`)}\n`).join(''));
    }
    const areGood = outcomes.every((one) => one.imported && one.bad === 0);
    process.exitCode = areGood && holes.length === 0 ? 0 : 1;
  } finally {
    imported.close();
  }
}

async function importOne(imported: ImportedArchives, file: string, trust: Trust): Promise<Outcome> {
  try {
    const archive = await readForImport(basename(file), await readFile(file), trust);
    const isNew = await imported.add(archive);
    const bad = archive.messages.filter(({ code }) => code !== null).length;
    return { file, imported: true, isNew, messages: archive.messages.length, bad };
  } catch (error) {
    if (!(error instanceof ImportError)) throw error;
    return { file, imported: false, code: error.code, reason: error.message };
  }
}

async function readTrust({ configuration, verifierKey, anchorFingerprint }: ImportOptions): Promise<Trust> {
  return {
    ...(configuration !== undefined && { configuration: await readConfigurationFolder(configuration) }),
    ...(verifierKey !== undefined && { verifierKey }),
    ...(anchorFingerprint !== undefined && { anchorHash: anchorFingerprint }),
  };
}

function describe(outcome: Outcome): string {
  if (!outcome.imported) {
    return printable(`${outcome.file}: NOT imported: ${outcome.code}: ${outcome.reason}`);
  }
  const { file, isNew, messages, bad } = outcome;
  const notGood = bad === 0 ? '' : `, ${bad} of them NOT good: search with --bad`;
  return printable(`${file}: ${isNew ? 'imported' : 'was here already'}, ${messages} messages${notGood}`);
}

function describeUnlinked({ name, follows }: ImportedArchive): string {
  return `${printable(`note: ${name} follows ${follows}, which is not here`)}\n`;
}

interface ImportedOptions {
  readonly from?: string;
  readonly to?: string;
  readonly party?: string;
  readonly client?: string;
  readonly service?: string;
  readonly id?: string;
  readonly user?: string;
  readonly issue?: string;
  readonly direction?: string;
  readonly bad?: boolean;
  readonly archives?: boolean;
  readonly save?: string;
  readonly cursor?: string;
  readonly limit: number;
  readonly json?: boolean;
}

/** `waygate audit imported`: search in archives that were imported, and take containers out of them. */
export function auditImportedCommand(): Command {
  return new Command('imported')
    .description('find messages in imported archives, newest first, and save their containers')
    .argument('<dir>', 'folder that waygate audit import made')
    .option('--from <time>', 'begin of the period')
    .option('--to <time>', 'its end')
    .option('--party <id>', 'encoded member or subsystem, as client or as provider, with all under it')
    .option('--client <id>', 'encoded; who asked')
    .option('--service <id>', 'encoded; what was asked for')
    .option('--id <text>', 'message id, X-Road-Id')
    .option('--user <text>', 'X-Road-UserId')
    .option('--issue <text>', 'X-Road-Issue')
    .option('--direction <which>', 'request or response')
    .option('--bad', 'only messages whose signature or timestamp is not good')
    .option(
      '--archives',
      'list the archives instead, which of them follow none that is here, and where numbers are missing',
    )
    .option('--save <file>', 'with --id: zip file to write its containers to, which must not be there yet')
    .option('--cursor <text>', 'go on where an earlier page ended')
    .option('--limit <count>', 'messages on a page, up to 1000', readCount, 50)
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nTimes are days or instants in UTC: 2026-11-23, 2026-11-23T14:05:00Z. Messages are sorted by their timestamps.' +
        '\n\nSaved containers are what was archived, octet for octet: waygate audit verify judges them.' +
        '\n\nExit status: 0 found or not, 1 an archive was altered since, 2 wrong usage or unreadable.',
    )
    .action(find);
}

const messageColumns: readonly Column<FoundMessage>[] = [
  { title: 'at', value: ({ at }) => (at === null ? null : new Date(at).toISOString()) },
  { title: 'direction', value: ({ direction }) => direction },
  { title: 'status', value: ({ status }) => status },
  { title: 'client', value: ({ client }) => client },
  { title: 'service', value: ({ service }) => service },
  { title: 'user', value: ({ userId }) => userId },
  { title: 'message id', value: ({ queryId }) => queryId },
  { title: 'evidence', value: ({ code }) => code ?? 'good' },
];

const archiveColumns: readonly Column<ImportedArchive>[] = [
  { title: 'archive', value: ({ name }) => name },
  { title: 'made by', value: ({ maker }) => maker },
  { title: 'messages', value: ({ messages }) => messages },
  { title: 'not good', value: ({ bad }) => bad },
  { title: 'numbers', value: ({ hole }) => (hole === null ? '-' : `${hole.code}: ${hole.reason}`) },
  { title: 'follows', value: ({ follows, isLinked }) => `${follows ?? '-'}${isLinked ? '' : ' (not here)'}` },
];

async function find(dir: string, options: ImportedOptions): Promise<void> {
  const imported = ImportedArchives.open(dir);
  try {
    if (options.save !== undefined) return await save(imported, options.save, options);
    if (options.archives === true) {
      const archives = imported.archives();
      process.stdout.write(
        options.json === true ? `${JSON.stringify({ archives })}\n` : printTable(archiveColumns, archives),
      );
      return;
    }
    const { messages, next } = imported.search(queryOf(options));
    if (options.json === true) {
      const shown = messages.map(({ at, ...message }) => ({
        ...message,
        at: at === null ? null : new Date(at).toISOString(),
      }));
      process.stdout.write(`${JSON.stringify({ messages: shown, next })}\n`);
      return;
    }
    process.stdout.write(messages.length === 0 ? 'No message fits.\n' : printTable(messageColumns, messages));
    if (next !== null) process.stdout.write(`\nThere is more: the same again with --cursor ${next}\n`);
  } finally {
    imported.close();
  }
}

async function save(imported: ImportedArchives, file: string, { id, json }: ImportedOptions): Promise<void> {
  if (id === undefined) throw new Error('what to save is expected: --id, a message id');
  const containers = await containersOf(imported, id);
  if (containers === undefined) return;
  if (containers.length === 0) throw new Error(`no message here has the id ${printable(id)}`);
  const entries = containers.map(({ name, bytes }) => ({ name, data: bytes }));
  // Evidence that was saved before is never written over.
  await writeFile(file, writeZip(entries, { isStored: true }), { flag: 'wx', mode: 0o600 });
  const names = containers.map(({ name }) => name);
  process.stdout.write(
    json === true
      ? `${JSON.stringify({ file, containers: names })}\n`
      : `${file}: ${names.map(printable).join(', ')}\n`,
  );
}

async function containersOf(imported: ImportedArchives, id: string) {
  try {
    return await imported.containers(id);
  } catch (error) {
    if (!(error instanceof ImportError)) throw error;
    process.exitCode = 1;
    process.stderr.write(`waygate: ${error.code}: ${error.message}\n`);
    return undefined;
  }
}

function queryOf(options: ImportedOptions): Parameters<ImportedArchives['search']>[0] {
  const { from, to, party, client, service, id, user, issue, direction, bad, cursor, limit } = options;
  if (direction !== undefined && direction !== 'request' && direction !== 'response') {
    throw new Error('--direction is request or response');
  }
  return {
    ...(from !== undefined && { from: readTime('--from', from) }),
    ...(to !== undefined && { to: readTime('--to', to) }),
    ...(party !== undefined && { party }),
    ...(client !== undefined && { client }),
    ...(service !== undefined && { service }),
    ...(id !== undefined && { queryId: id }),
    ...(user !== undefined && { userId: user }),
    ...(issue !== undefined && { issue }),
    ...(direction !== undefined && { direction }),
    ...(bad === true && { onlyBad: true }),
    ...(cursor !== undefined && { cursor }),
    limit,
  };
}

function readTime(option: string, text: string): number {
  const at = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z)?$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (Number.isNaN(at)) throw new Error(`${option} is a day or an instant in UTC: 2026-11-23T14:05:00Z`);
  return at;
}

function readCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0 && count <= 1_000) return count;
  throw new InvalidArgumentError('a number from 1 to 1000 is expected.');
}
