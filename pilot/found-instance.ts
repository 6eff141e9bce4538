import { type Authority, profileClasses } from '../certs/authority/index.ts';
import type { AdminClient } from './admin-client.ts';
import {
  administrations,
  managementSubsystem,
  memberClasses,
  memberId,
  ministry,
  subsystemId,
} from './plan.ts';

export interface InstanceServices {
  readonly authority: Authority;
  readonly ocspUrl: string;
  readonly tsaUrl: string;
  /** Of the registration service. */
  readonly registrationUrl: string;
  /** Directory of the authority's ACME server, when it has one. */
  readonly acmeUrl: string | undefined;
}

/**
 * Writes the instance into its registry: whom it trusts, who its members are, and which subsystem takes management
 * requests. Done once, through its own API. Servers and their subsystems come later, by their own requests.
 */
export async function foundInstance(registry: AdminClient, services: InstanceServices): Promise<void> {
  const { authority, ocspUrl, tsaUrl, registrationUrl, acmeUrl } = services;
  for (const [code, description] of Object.entries(memberClasses)) {
    await registry.put(`/member-classes/${code}`, { description });
  }
  for (const administration of administrations) {
    await registry.post('/members', { id: memberId(administration), name: administration.name });
  }
  await registry.post('/certification-services', {
    name: 'Pilot certification authority',
    profile: profileClasses.basic,
    ...(acmeUrl !== undefined && {
      acmeServer: {
        directoryUrl: acmeUrl,
        signingCertificateProfileId: 'signing',
        authenticationCertificateProfileId: 'authentication',
      },
    }),
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
  const providerId = subsystemId(ministry, managementSubsystem.code);
  await registry.post('/subsystems', { id: providerId, name: managementSubsystem.name });
  await registry.put('/management-service', { providerId, serviceAddress: registrationUrl });
  // Whoever starts a pilot is the administrator of everything in it: there is nobody else to ask.
  await registry.put('/management-requests/automatic-approval', {
    authCertReg: true,
    clientReg: true,
    ownerChange: false,
  });
}
