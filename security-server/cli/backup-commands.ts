import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { backupCommands } from '../../gateway/backup/index.ts';
import { printRest } from '../../gateway/identifier/index.ts';
import { SettingsStore } from '../settings/index.ts';

/** `waygate server backup`, `restore` and `backup-key`. */
export function serverBackupCommands(): Command[] {
  return backupCommands({ program: 'security-server', nameOf });
}

/** @throws Error when no server was set up there */
async function nameOf(data: string): Promise<string> {
  const path = join(data, 'settings.sqlite');
  await access(path).catch((cause: unknown) => {
    throw new Error(`${data} holds no security server: --data names the folder of one`, { cause });
  });
  const settings = await SettingsStore.open(path);
  settings.close();
  return printRest(settings.serverId);
}
