import type { Token } from '../../certs/token/index.ts';
import type { Certificate } from '../../certs/x509/index.ts';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { equal } from '../../gateway/identifier/index.ts';
import { issuersOf } from '../../gateway/trust/index.ts';
import { acmeAuthorities, type CertificateOrders } from '../acme/index.ts';
import type { ManagementSender } from '../management/index.ts';
import type { SettingsStore } from '../settings/index.ts';
import {
  type OwnCertificate,
  ownCertificates,
  putOwnCertificate,
  type ServerSigner,
} from '../signer/index.ts';

/** The parts of a running server that a renewal acts on. */
export interface RenewalParts {
  readonly settings: SettingsStore;
  /** The software token, in which keys for authentication lie. */
  readonly token: Token;
  readonly tokens: { get(tokenId: string): Token | undefined };
  readonly signer: Pick<ServerSigner, 'askStatus' | 'explain'>;
  readonly orders: Pick<CertificateOrders, 'order' | 'renewalInfo'>;
  readonly management: Pick<ManagementSender, 'send' | 'list'>;
  /** @throws Fault OutdatedGlobalConf */
  readonly configuration: () => GlobalConfiguration;
  /** Makes the signer use the certificates as they are now. */
  readonly reloadCertificates: () => Promise<void>;
  /**
   * Takes in what was issued, switched off.
   * @throws Error when it does not fit this server
   */
  readonly takeIn: (
    certificate: Certificate,
    intermediates: readonly Certificate[],
    use: OwnCertificate['use'],
  ) => Promise<OwnCertificate>;
  readonly now: () => Date;
  /** How long the old certificate is kept when the new one serves. */
  readonly graceMs: number;
  /** How long a new registration takes at most until all know it; absent: as the configuration says. */
  readonly spreadMs?: number;
}

export function idOf({ certificate }: Pick<OwnCertificate, 'certificate'>): string {
  return certificate.sha256.toString('hex');
}

export async function findOwn(
  { settings }: Pick<RenewalParts, 'settings'>,
  sha256: string | undefined,
): Promise<OwnCertificate | undefined> {
  return (await ownCertificates(settings.db)).find((own) => idOf(own) === sha256);
}

export async function switchTo(parts: RenewalParts, own: OwnCertificate, isActive: boolean): Promise<void> {
  await putOwnCertificate(parts.settings.db, { ...own, isActive });
  await parts.reloadCertificates();
}

/** The service that issued a certificate, when it takes orders over ACME. */
export function acmeAuthorityOf(
  { certificate, use }: Pick<OwnCertificate, 'certificate' | 'use'>,
  configuration: GlobalConfiguration,
) {
  const { instance } = configuration;
  const names = issuersOf(certificate, instance, configuration).map(({ caName }) => caName);
  return acmeAuthorities(configuration.shared(instance), use).find(({ name }) => names.includes(name));
}

/** Whether the configuration names a certificate for this server. */
export function isRegistered({ settings, configuration }: RenewalParts, certificate: Certificate): boolean {
  const { serverId } = settings;
  const holder = configuration().serverByAuthCertificate(certificate, serverId.instance);
  return holder !== undefined && equal(holder.id, serverId);
}
