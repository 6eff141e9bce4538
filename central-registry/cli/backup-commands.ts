import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { backupCommands } from '../../gateway/backup/index.ts';
import { Register } from '../register/index.ts';

/** `waygate registry backup`, `restore` and `backup-key`. */
export function registryBackupCommands(): Command[] {
  return backupCommands({ program: 'central-registry', nameOf });
}

/** @throws Error when no registry was founded there */
async function nameOf(data: string): Promise<string> {
  const path = join(data, 'register.sqlite');
  await access(path).catch((cause: unknown) => {
    throw new Error(`${data} holds no registry: --data names the folder of one`, { cause });
  });
  const register = await Register.open(path);
  register.close();
  return register.instance;
}
