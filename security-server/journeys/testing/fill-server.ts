import type { TestNetwork } from '../../../gateway/journeys/network.ts';

/** Gives the ministry's server something of everything that its console shows. */
export async function fillServer({ ministryAdmin, city }: TestNetwork): Promise<void> {
  const recipient = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
  await ministryAdmin.put('/backup-settings', { recipients: [recipient], keepLast: 7, madeElsewhere: false });
  await ministryAdmin.post('/backups', {});
  const exchange = await fetch(`${city.clientUrl}/r1/PILOT/GOV/1001/population/register/persons/P-1001`, {
    headers: { 'x-road-client': 'PILOT/MUN/2001/portal', 'x-road-id': 'first-1', 'x-road-issue': 'case-1' },
  });
  if (!exchange.ok) throw new Error(`the first exchange: ${await exchange.text()}`);
  const expiresAt = new Date(Date.now() + 90 * 86_400_000).toISOString();
  await ministryAdmin.post('/api-keys', { label: 'monitoring', roles: ['auditor'], expiresAt });
}
