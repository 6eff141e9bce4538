import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

export interface SecretSources {
  /** What it is, for people: `PIN`. */
  readonly name: string;
  /** File that holds the secret alone; asked first. */
  readonly file: string | undefined;
  /** Name of the environment variable; asked second. */
  readonly variable: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * A secret from a file or the environment, should it be there.
 * @throws Error for a file that cannot be read
 */
export async function readGivenSecret({
  name,
  file,
  variable,
  environment,
}: SecretSources): Promise<string | undefined> {
  if (file === undefined) return environment[variable];
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new Error(`the ${name} file cannot be read: ${cause.message}`, { cause });
  });
  return text.replace(/\r?\n$/, '');
}

/**
 * A secret from a file, the environment, or whoever sits at the terminal. Never from the command line, which every
 * user of the machine can read.
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
