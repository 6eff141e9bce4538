import { z } from '@hono/zod-openapi';
import { type ClientId, equal, memberOf, printEncoded } from '../../gateway/identifier/index.ts';
import type { AccessRight, LocalGroup, ServiceRecord, SettingsStore } from '../settings/index.ts';
import { ownCertificates } from '../signer/index.ts';
import { endpointSchema } from './schemas.ts';

/** What a client has here, and what would be left of it. */
interface Orphans {
  readonly services: readonly ServiceRecord[];
  /** Rights that others have on its services. */
  readonly rightsOnThem: readonly AccessRight[];
  readonly groups: readonly LocalGroup[];
  /** Rights that other clients here gave to it. */
  readonly rightsGivenToIt: readonly AccessRight[];
  /** Groups of other clients here that it is in. */
  readonly placesInGroups: readonly LocalGroup[];
  /** SHA-256 of signing certificates of its member, when it is the member's last client here. */
  readonly signingCertificates: readonly string[];
}

export const orphansSchema = z
  .object({
    services: z.array(z.string()).describe('its services, which go with it'),
    rightsOnThem: z.number().int().describe('rights that others have on them, which go too'),
    groups: z.array(z.string()).describe('groups it keeps, which go too'),
    rightsGivenToIt: z
      .array(endpointSchema.extend({ provider: z.string(), serviceCode: z.string() }))
      .describe('on services of other clients here; they stay unless told'),
    placesInGroups: z.array(z.object({ owner: z.string(), code: z.string() })),
    signingCertificates: z
      .array(z.string())
      .describe('SHA-256; of its member, which has no other client here: they and their keys stay, unused'),
  })
  .openapi('ClientOrphans');

export async function orphansOf(id: ClientId, settings: SettingsStore): Promise<Orphans> {
  const { services, rights, localGroups, clients, serverId } = settings.current().content;
  const member = memberOf(id);
  const isLast =
    !equal(member, memberOf(serverId)) &&
    !clients.some((one) => !equal(one.id, id) && equal(memberOf(one.id), member));
  const certificates = isLast ? await ownCertificates(settings.db) : [];
  return {
    services: services.filter(({ provider }) => equal(provider, id)),
    rightsOnThem: rights.filter(({ provider }) => equal(provider, id)),
    groups: localGroups.filter(({ owner }) => equal(owner, id)),
    rightsGivenToIt: rights.filter(
      ({ provider, subject }) =>
        !equal(provider, id) &&
        (subject.kind === 'MEMBER' || subject.kind === 'SUBSYSTEM') &&
        equal(subject, id),
    ),
    placesInGroups: localGroups.filter(
      ({ owner, members }) => !equal(owner, id) && members.some((one) => equal(one, id)),
    ),
    signingCertificates: certificates
      .filter((one) => one.use === 'signing' && one.member !== undefined && equal(one.member, member))
      .map(({ certificate }) => certificate.sha256.toString('hex')),
  };
}

export function showOrphans(orphans: Orphans): z.infer<typeof orphansSchema> {
  return {
    services: [...new Set(orphans.services.map(({ serviceCode }) => serviceCode))],
    rightsOnThem: orphans.rightsOnThem.length,
    groups: orphans.groups.map(({ groupCode }) => groupCode),
    rightsGivenToIt: orphans.rightsGivenToIt.map(({ provider, serviceCode, endpoint }) => ({
      provider: printEncoded(provider),
      serviceCode,
      method: endpoint.method,
      path: endpoint.path,
    })),
    placesInGroups: orphans.placesInGroups.map(({ owner, groupCode }) => ({
      owner: printEncoded(owner),
      code: groupCode,
    })),
    signingCertificates: [...orphans.signingCertificates],
  };
}

/** What whoever deletes a client may not have meant. */
export function warnOfRemoval(
  orphans: Orphans,
  { isShown, orphans: wish }: { readonly isShown: boolean; readonly orphans: 'keep' | 'remove' },
): { readonly code: string; readonly text: string }[] {
  const { services, rightsOnThem, groups, rightsGivenToIt, placesInGroups, signingCertificates } = orphans;
  const given = `${rightsGivenToIt.length} rights and ${placesInGroups.length} places in groups that other clients of this server gave to it`;
  const warnings: [boolean, string, string][] = [
    [
      isShown,
      'still-registered',
      'The registry still shows it as a client of this server: end that first, with a management request (clientDeletion). Otherwise others go on sending messages for it here, and are refused.',
    ],
    [
      services.length + groups.length > 0,
      'services-lost',
      `Its ${services.length} services, the ${rightsOnThem.length} rights on them and its ${groups.length} groups are removed.`,
    ],
    [
      rightsGivenToIt.length + placesInGroups.length > 0,
      wish === 'keep' ? 'rights-stay' : 'rights-removed',
      wish === 'keep'
        ? `It keeps ${given}: it may use them from another server.`
        : `It loses ${given}, also when it calls from another server.`,
    ],
    [
      signingCertificates.length > 0,
      'certificates-stay',
      `Its member has no other client here: ${signingCertificates.length} signing certificates stay with their keys, unused, until they are deleted.`,
    ],
  ];
  return warnings.filter(([holds]) => holds).map(([, code, text]) => ({ code, text }));
}
