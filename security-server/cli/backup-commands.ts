import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { backupCommands } from '../../gateway/backup/index.ts';
import { printRest } from '../../gateway/identifier/index.ts';
import { SettingsStore } from '../settings/index.ts';

/** Bodies of exchanges under way, which end with the process, and the configuration, which is fetched at the start. */
const isMadeAnew = (path: string) => path === 'spool' || /^globalconf(\.[^/]+)?$/.test(path);

/** `waygate server backup`, `restore` and `backup-key`. */
export function serverBackupCommands(): Command[] {
  return backupCommands({ program: 'security-server', command: 'waygate server', nameOf, isMadeAnew });
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
