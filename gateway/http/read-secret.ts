import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

/** Where a program finds a secret by itself; at most one of them. */
export interface SecretPlaces {
  /** File that holds the secret alone. */
  readonly file?: string | undefined;
  /** Number of a file descriptor that whoever starts the program has opened: read to its end, and closed. */
  readonly fd?: number | undefined;
  /** Program, and what it is called with: what it writes is the secret. No shell reads it. */
  readonly command?: string | readonly string[] | undefined;
}

export interface SecretSources extends SecretPlaces {
  /** What it is, for people: `PIN`. */
  readonly name: string;
  /** Name of the environment variable; asked when no place is named. */
  readonly variable: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const maxOctets = 4096;
const commandDeadlineMs = 60_000;

/**
 * A secret from a file, a file descriptor, a command or the environment, should it be there.
 * @throws Error for a place that cannot be read
 */
export async function readGivenSecret(sources: SecretSources): Promise<string | undefined> {
  const { name, variable, environment, ...places } = sources;
  return (await readSecretPlace(name, places)) ?? environment[variable];
}

/**
 * A secret from a file, a file descriptor, a command, the environment, or whoever sits at the terminal. Never from
 * the command line, which every user of the machine can read.
 * @throws Error that names the ways to give it
 */
export async function readSecret(sources: SecretSources): Promise<string> {
  const given = await readGivenSecret(sources);
  if (given !== undefined) return given;
  const { name, variable } = sources;
  if (!process.stdin.isTTY) {
    const ways = `put it into a file and name that with --${name.toLowerCase().replaceAll(' ', '-')}-file, set ${variable}, or start from a terminal`;
    throw new Error(`the ${name} is expected: ${ways}`);
  }
  return ask(name);
}

/** @param name for people @returns undefined when no place is named @throws Error, without anything of the secret */
export async function readSecretPlace(
  name: string,
  { file, fd, command }: SecretPlaces,
): Promise<string | undefined> {
  const named = [file, fd, command].filter((place) => place !== undefined).length;
  if (named > 1) throw new Error(`the ${name} is expected from one place, and ${named} are named`);
  if (named === 0) return undefined;
  try {
    const octets =
      file !== undefined
        ? await readFile(file)
        : fd !== undefined
          ? await readDescriptor(fd)
          : await readCommand([command ?? []].flat());
    if (octets.length > maxOctets) throw new Error(`more than ${maxOctets} octets`);
    return octets.toString('utf8').replace(/\r?\n$/, '');
  } catch (cause) {
    const place = file !== undefined ? 'file' : fd !== undefined ? `descriptor ${fd}` : 'command';
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`the ${name} ${place} cannot be read: ${why}`, { cause });
  }
}

async function readDescriptor(fd: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of createReadStream('', { fd })) {
    size += chunk.length;
    if (size > maxOctets) break;
    chunks.push(chunk);
  }
  return size > maxOctets ? Buffer.alloc(size) : Buffer.concat(chunks);
}

function readCommand([program = '', ...args]: readonly string[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { encoding: 'buffer', timeout: commandDeadlineMs, maxBuffer: maxOctets } as const;
    const child = execFile(program, args, options, (error, stdout) => {
      if (error === null) return resolve(stdout);
      // Of what it wrote nothing is told, and Node's own message has its arguments: they may say too much.
      const { code, signal } = error;
      reject(new Error(`${basename(program)} ended with ${signal ?? code ?? 'an error'}`));
    });
    child.stdin?.end();
    child.stderr?.pipe(process.stderr, { end: false });
  });
}

/** Asks without showing what is typed. */
function ask(name: string): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  process.stderr.write(`${name}: `);
  return new Promise((resolve, reject) => {
    terminal.once('SIGINT', () => {
      process.stderr.write('\n');
      terminal.close();
      reject(new Error(`no ${name} was given`));
    });
    terminal.question('', (answer) => {
      process.stderr.write('\n');
      terminal.close();
      resolve(answer);
    });
  });
}
