import { join } from 'node:path';
import { acmeSettingsSchema, CertificateOrders } from './acme/index.ts';
import { type AdminContext, type CertificateContext, takeInCertificate } from './admin/index.ts';
import { Renewals } from './renewal/index.ts';
import type { Closers, ServerSettings } from './running-server.ts';

type RenewalParts = CertificateContext &
  Pick<
    AdminContext,
    'settings' | 'token' | 'tokens' | 'signer' | 'management' | 'reloadCertificates' | 'now'
  >;

/** Starts what orders certificates over ACME, and renews those that are due. */
export async function startRenewals(
  options: ServerSettings,
  parts: RenewalParts,
  closers: Closers,
): Promise<{ readonly orders: CertificateOrders; readonly renewals: Renewals }> {
  const { data, onTrouble } = options;
  const acme = options.acme ?? acmeSettingsSchema.parse({});
  const orders = new CertificateOrders({
    ...{ dir: join(data, 'acme'), token: parts.token, now: parts.now },
    ...{ environment: process.env, settings: acme },
  });
  closers.push(() => orders.close());
  const renewals = await Renewals.open({
    ...{ ...parts, orders, random: Math.random, isAutomatic: acme.renew },
    ...{ file: join(data, 'renewals.json'), graceMs: 86_400_000, lookMs: 15_000, ...options.renewal },
    takeIn: (issued, above, use) =>
      takeInCertificate(
        parts,
        issued.pem,
        above.map(({ pem }) => pem),
        use,
        false,
      ),
    onTrouble,
  });
  closers.push(() => renewals.close());
  renewals.start();
  return { orders, renewals };
}
