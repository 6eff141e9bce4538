import { type Authority, profileClasses } from '../certs/authority/index.ts';
import type { AdminClient } from './admin-client.ts';
import { administrations, memberClasses, memberId, subsystemId } from './plan.ts';

export interface InstanceServices {
  readonly authority: Authority;
  readonly ocspUrl: string;
  readonly tsaUrl: string;
}

/** Writes the instance into its registry: whom it trusts, who its members are. Done once, through its own API. */
export async function foundInstance(registry: AdminClient, services: InstanceServices): Promise<void> {
  const { authority, ocspUrl, tsaUrl } = services;
  for (const [code, description] of Object.entries(memberClasses)) {
    await registry.put(`/member-classes/${code}`, { description });
  }
  for (const administration of administrations) {
    await registry.post('/members', { id: memberId(administration), name: administration.name });
    for (const { code, name } of administration.subsystems) {
      await registry.post('/subsystems', { id: subsystemId(administration, code), name });
    }
  }
  await registry.post('/certification-services', {
    name: 'Pilot certification authority',
    profile: profileClasses.basic,
    top: {
      certificate: authority.caCertificate.pem,
      ocspResponders: [{ url: ocspUrl, certificate: authority.ocspCertificate.pem }],
    },
  });
  await registry.post('/timestamping-services', {
    name: 'Pilot timestamping authority',
    url: tsaUrl,
    certificate: authority.tsaCertificate.pem,
  });
}
