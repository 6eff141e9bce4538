import { join } from 'node:path';
import { lockFile } from '../../gateway/store/index.ts';
import { JoinError } from './error.ts';

/**
 * Keeps a folder for one joining at a time.
 * @returns gives it back
 * @throws JoinError wrong-use while another process has it
 */
export function lockFolder(data: string): () => void {
  const unlock = lockFile(join(data, 'joining.tmp'));
  if (unlock !== undefined) return unlock;
  throw new JoinError('wrong-use', `another process works on the joining in ${data}: wait for it, or end it`);
}
