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
 * A secret from a file, the environment, or whoever sits at the terminal. Never from the command line, which every
 * user of the machine can read.
 * @throws Error that names the ways to give it
 */
export async function readSecret({ name, file, variable, environment }: SecretSources): Promise<string> {
  if (file !== undefined) {
    const text = await readFile(file, 'utf8').catch((cause: Error) => {
      throw new Error(`the ${name} file cannot be read: ${cause.message}`, { cause });
    });
    return text.replace(/\r?\n$/, '');
  }
  const fromEnvironment = environment[variable];
  if (fromEnvironment !== undefined) return fromEnvironment;
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
