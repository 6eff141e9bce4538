import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

export interface PinSources {
  /** File that holds the PIN alone; asked first. */
  readonly file: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const variable = 'WAYGATE_REGISTRY_PIN';

/**
 * The PIN of the token: from a file, the environment, or whoever sits at the terminal. Never from the command line,
 * which every user of the machine can read.
 * @throws Error that names the ways to give it
 */
export async function readPin({ file, environment }: PinSources): Promise<string> {
  if (file !== undefined) return stripLineEnd(await readFile(file, 'utf8'));
  const fromEnvironment = environment[variable];
  if (fromEnvironment !== undefined) return fromEnvironment;
  if (!process.stdin.isTTY) {
    throw new Error(`the PIN is expected: give --pin-file FILE, set ${variable}, or start from a terminal`);
  }
  return ask('PIN: ');
}

/** Asks without showing what is typed. */
function ask(question: string): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  process.stderr.write(question);
  return new Promise((resolve, reject) => {
    terminal.once('SIGINT', () => {
      process.stderr.write('\n');
      terminal.close();
      reject(new Error('no PIN was given'));
    });
    terminal.question('', (answer) => {
      process.stderr.write('\n');
      terminal.close();
      resolve(answer);
    });
  });
}

function stripLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '');
}
