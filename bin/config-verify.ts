import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { request } from 'undici';
import { digestOf } from '../certs/key/index.ts';
import {
  type Anchor,
  buildFromFiles,
  type ConfigurationFile,
  type Directory,
  type DirectoryPart,
  parseAnchor,
  parsePrivateParameters,
  parseSharedParameters,
  verifyDirectory,
  versions,
  writeConfigurationFolder,
} from '../gateway/configuration/index.ts';
import { asFault, Fault, spellCode } from '../gateway/fault/index.ts';

interface VerifyOptions {
  readonly anchor: string;
  readonly url?: string;
  readonly into?: string;
  readonly at?: Date;
  readonly json?: boolean;
}

interface Verdict {
  readonly valid: boolean;
  readonly code: string | null;
  readonly reason: string | null;
  readonly instance: string | null;
  readonly version: number | null;
  readonly expiresAt: string | null;
  readonly parts: readonly {
    readonly identifier: string;
    readonly instance: string;
    readonly location: string;
    readonly valid: boolean;
  }[];
}

/** `waygate config verify`: judges a signed configuration directory. */
export function configVerifyCommand(): Command {
  return new Command('verify')
    .description('verify a signed configuration directory, from a file or an address')
    .argument('[file]', 'directory as it was downloaded')
    .requiredOption('--anchor <file>', 'anchor that says who signs the configuration')
    .option('--url <url>', 'fetch the directory and its parts from there')
    .option('--into <dir>', 'write the parts, once checked, in the layout of X-Road on disk; needs --url')
    .option('--at <instant>', 'judge as of then, e.g. 2026-01-31T12:00:00Z; now unless told', readInstant)
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExit status: 0 valid, 1 not, 2 something could not be read.')
    .action(verify);
}

function readInstant(text: string): Date {
  const at = new Date(text);
  if (Number.isNaN(at.getTime()))
    throw new InvalidArgumentError('an instant such as 2026-01-31T12:00:00Z is expected.');
  return at;
}

async function verify(file: string | undefined, options: VerifyOptions): Promise<void> {
  const { url, into, json } = options;
  if ((file === undefined) === (url === undefined)) throw new Error('one of FILE and --url is expected');
  if (into !== undefined && url === undefined)
    throw new Error('--into needs --url: the parts are fetched from there');
  const anchorBytes = await readFile(options.anchor);
  const body = file === undefined ? await fetchNewest(new URL(url ?? '')) : await readFile(file);
  const verdict = await judge(anchorBytes, body, options);
  process.stdout.write(json === true ? `${JSON.stringify(verdict)}\n` : describe(verdict));
  process.exitCode = verdict.valid ? 0 : 1;
}

async function judge(
  anchorBytes: Buffer,
  body: Buffer,
  { url, into, at = new Date() }: VerifyOptions,
): Promise<Verdict> {
  const nothing = { instance: null, version: null, expiresAt: null, parts: [] } as const;
  let anchor: Anchor | undefined;
  let directory: Directory | undefined;
  let parts: Verdict['parts'] = [];
  try {
    anchor = parseAnchor(anchorBytes);
    const certificates = anchor.sources.flatMap(({ verificationCerts }) => verificationCerts);
    directory = verifyDirectory(body, certificates, at);
    const { instance } = anchor;
    if (directory.parts.some((part) => part.instance !== instance)) {
      throw new Fault(
        'MalformedGlobalConf',
        `the directory is of another instance than the anchor, ${instance}`,
      );
    }
    const files = url === undefined ? undefined : await fetchParts(directory, new URL(url));
    parts = directory.parts.map((part, index) => ({
      identifier: part.contentIdentifier,
      instance: part.instance,
      location: part.location,
      // Without an address only the directory is at hand; it is what was verified.
      valid: files === undefined || files[index] !== undefined,
    }));
    const missing = parts.find(({ valid }) => !valid);
    if (missing !== undefined) {
      throw new Fault(
        'MalformedGlobalConf',
        `${missing.location} is not the file that the directory was signed for`,
      );
    }
    if (into !== undefined && files !== undefined) {
      const whole = files.filter((one) => one !== undefined);
      buildFromFiles(instance, whole);
      await writeConfigurationFolder(into, instance, whole);
    }
    return { valid: true, code: null, reason: null, ...shown(anchor, directory), parts };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const fault = asFault(error);
    const known = anchor !== undefined && directory !== undefined ? shown(anchor, directory) : nothing;
    return { valid: false, code: spellCode(fault), reason: fault.message, ...known, parts };
  }
}

function shown({ instance }: Anchor, { version, expiresAt }: Directory) {
  return { instance, version, expiresAt: expiresAt.toISOString() };
}

/** @returns per part its file, undefined where it is absent or another than was signed for */
async function fetchParts(directory: Directory, base: URL): Promise<(ConfigurationFile | undefined)[]> {
  const found: (ConfigurationFile | undefined)[] = [];
  for (const part of directory.parts) {
    const content = await fetchBytes(new URL(part.location, base)).catch((error: unknown) => {
      if (error instanceof HttpStatusError) return undefined;
      throw error;
    });
    const isGood =
      content !== undefined &&
      digestOf(part.digest.name, content).equals(part.hash) &&
      reads(part, content, directory);
    found.push(isGood && content !== undefined ? fileOf(part, content, directory) : undefined);
  }
  return found;
}

/** Whether a file can be read as what it should be. */
function reads({ contentIdentifier }: DirectoryPart, content: Buffer, { version }: Directory): boolean {
  try {
    if (contentIdentifier === 'SHARED-PARAMETERS') parseSharedParameters(content, version);
    if (contentIdentifier === 'PRIVATE-PARAMETERS') parsePrivateParameters(content);
    return true;
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}

function fileOf(part: DirectoryPart, content: Buffer, { expiresAt, version }: Directory): ConfigurationFile {
  const { contentIdentifier, instance, location } = part;
  const fileName = part.fileName ?? location.slice(location.lastIndexOf('/') + 1);
  return { contentIdentifier, instance, location, fileName, content, expiresAt, version };
}

class HttpStatusError extends Error {
  readonly status: number;

  constructor(url: URL, status: number) {
    super(`${url} was answered with HTTP status ${status}`);
    this.status = status;
  }
}

/** The newest version that is served, unless the address names one. */
async function fetchNewest(url: URL): Promise<Buffer> {
  if (url.searchParams.has('version')) return fetchBytes(url);
  for (const version of [...versions].sort((a, b) => b - a)) {
    const versioned = new URL(url);
    versioned.searchParams.set('version', String(version));
    try {
      return await fetchBytes(versioned);
    } catch (error) {
      if (!(error instanceof HttpStatusError) || error.status !== 404) throw error;
    }
  }
  throw new Error(`${url} serves no configuration of a version that is known here`);
}

async function fetchBytes(url: URL): Promise<Buffer> {
  const response = await request(url, { headersTimeout: 30_000, bodyTimeout: 30_000 });
  const bytes = Buffer.from(await response.body.arrayBuffer());
  if (response.statusCode !== 200) throw new HttpStatusError(url, response.statusCode);
  return bytes;
}

function describe({ valid, code, reason, instance, version, expiresAt, parts }: Verdict): string {
  const head = valid
    ? 'The configuration is valid.'
    : `The configuration is NOT valid.\n  ${code}: ${reason}`;
  const lines = [head];
  if (instance !== null) lines.push(`  instance ${instance}, version ${version}, expires ${expiresAt}`);
  for (const part of parts)
    lines.push(`  ${part.valid ? 'good' : 'BAD '}  ${part.identifier.padEnd(20)} ${part.location}`);
  return `${lines.join('\n')}\n`;
}
