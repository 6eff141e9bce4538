import { roles } from '../gateway/http/index.ts';
import { adminClient } from './admin-client.ts';
import type { PilotNetwork } from './network.ts';

/** Who signs in to the consoles of a pilot: everybody at once, for it is one person who tries things out. */
export const consoleUser = 'pilot';

/** Lets the same person into the console of each part, unless they may come in already. */
export async function letIntoConsoles(
  { registry, ministry, city }: PilotNetwork,
  password: string,
): Promise<void> {
  for (const { adminUrl, apiKey } of [registry, ministry, city]) {
    const admin = adminClient(adminUrl, apiKey);
    const users = await admin.get<readonly { readonly name: string }[]>('/users?limit=1000');
    if (users.some(({ name }) => name === consoleUser)) continue;
    await admin.post('/users', { name: consoleUser, password, roles });
  }
}
