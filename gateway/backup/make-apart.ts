import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { MadeBackup } from './backup.ts';
import type { OrderAnswer, SentOrder } from './backup-process.ts';
import { BackupError } from './error.ts';

/**
 * Makes a backup of the folder of this very program, in a process of its own. Copying a large database takes seconds
 * in which this one has messages to answer; and were this one to open and close the file of a database that it uses,
 * it would give up its locks on it.
 * @param signal gives up, leaving files that `sweep` removes
 * @throws BackupError as `makeBackup`, stopped; Error of the disk
 * @see https://www.sqlite.org/howtocorrupt.html section 2.2
 */
export async function makeBackupApart(order: SentOrder, signal: AbortSignal): Promise<MadeBackup> {
  const isSource = import.meta.url.endsWith('.ts');
  const file = isSource ? './backup-process.ts' : './backup-process.js';
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
    // Run from source, as tests do, it needs a loader for TypeScript.
    execArgv: isSource ? ['--import', 'tsx'] : [],
    // It needs no secret of this one.
    env: { PATH: process.env['PATH'], TMPDIR: process.env['TMPDIR'] },
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    signal,
    killSignal: 'SIGKILL',
  });
  const said = await new Promise<OrderAnswer>((resolve, reject) => {
    child.once('message', resolve);
    child.once('error', (error) => reject(signal.aborted ? stopped(error) : error));
    child.once('exit', (code, by) => reject(stopped(`it ended with ${by ?? code}`)));
    child.send(order, (error) => error && reject(error));
  });
  if ('made' in said) return said.made;
  throw said.code === undefined ? new Error(said.error) : new BackupError(said.code, said.error);
}

function stopped(cause: unknown): BackupError {
  const text = 'The backup was not finished, for the program or the process that made it was stopped';
  return new BackupError('stopped', text, { cause });
}
