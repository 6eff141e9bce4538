import { z } from '@hono/zod-openapi';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { Fault } from '../../gateway/fault/index.ts';
import { equal, printEncoded, type ServerId } from '../../gateway/identifier/index.ts';
import { issuersOf } from '../../gateway/trust/index.ts';
import type { SentRequest } from '../management/index.ts';
import { type OwnCertificate, reasonCodes } from '../signer/index.ts';
import type { AdminContext } from './context.ts';

const registrations = [
  'saved',
  'registration-in-progress',
  'registered',
  'deletion-in-progress',
  'withdrawn',
  'unknown',
] as const;
type Registration = (typeof registrations)[number];

export const ownCertificateSchema = z
  .object({
    sha256: z.string(),
    use: z.enum(['signing', 'authentication']),
    tokenId: z.string(),
    keyId: z.string(),
    serialNumber: z.string().describe('hexadecimal'),
    subject: z.string(),
    issuer: z.string(),
    authority: z.string().optional().describe('certification service that issued it, while it is approved'),
    member: z.string().optional(),
    notBefore: z.string(),
    notAfter: z.string(),
    isActive: z.boolean().describe('whether it is switched on'),
    isInUse: z.boolean().describe('whether it is the one that is used now; others stand ready'),
    reasons: z
      .array(z.object({ code: z.enum(reasonCodes), text: z.string() }))
      .describe('everything for which it does not serve; none when it may be used'),
    registration: z
      .enum(registrations)
      .optional()
      .describe(
        'of certificates for authentication; withdrawn: it was registered and the configuration has it no more; ' +
          'unknown: no configuration is in force',
      ),
    statusValidUntil: z.string().optional().describe('until when the OCSP response at hand is good'),
  })
  .openapi('OwnCertificate');

type CertificateAnswer = z.infer<typeof ownCertificateSchema>;

/** Shows certificates of this server as they stand now. */
export async function certificateAnswers(
  context: AdminContext,
  all: readonly OwnCertificate[],
): Promise<CertificateAnswer[]> {
  const configuration = configurationInForce(context);
  const requests = await context.management.list();
  return all.map((own) => show(context, own, configuration, requests));
}

/** Undefined while none is in force. */
function configurationInForce({
  configuration,
}: Pick<AdminContext, 'configuration'>): GlobalConfiguration | undefined {
  try {
    return configuration();
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

function show(
  { signer, settings, now }: AdminContext,
  own: OwnCertificate,
  configuration: GlobalConfiguration | undefined,
  requests: readonly SentRequest[],
): CertificateAnswer {
  const { certificate, use, tokenId, keyId, member, isActive } = own;
  const statusValidUntil = signer.statusOf(own)?.validUntil;
  const { serverId } = settings;
  const [authority] =
    configuration === undefined ? [] : issuersOf(certificate, serverId.instance, configuration);
  return {
    sha256: certificate.sha256.toString('hex'),
    ...{ use, tokenId, keyId, isActive },
    serialNumber: certificate.serialNumber.toString(16),
    subject: certificate.subject.describe(),
    issuer: certificate.issuer.describe(),
    ...(authority !== undefined && { authority: authority.caName }),
    ...(member !== undefined && { member: printEncoded(member) }),
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    isInUse: signer.isInUse(own),
    reasons: signer.explain(own).map((reason) => ({ ...reason })),
    ...(use === 'authentication' && {
      registration: registrationOf(own, { configuration, requests, serverId, now: now() }),
    }),
    ...(statusValidUntil !== undefined && { statusValidUntil: statusValidUntil.toISOString() }),
  };
}

/** Within it the configuration has to show what the registry approved. */
const graceMs = 10 * 60_000;

interface RegistrationSources {
  /** Undefined while none is in force. */
  readonly configuration: GlobalConfiguration | undefined;
  /** Newest first. */
  readonly requests: readonly SentRequest[];
  readonly serverId: ServerId;
  readonly now: Date;
}

/** How the registration of a certificate for authentication stands, by the configuration and by what was asked. */
function registrationOf(
  { certificate }: Pick<OwnCertificate, 'certificate'>,
  { configuration, requests, serverId, now }: RegistrationSources,
): Registration {
  if (configuration === undefined) return 'unknown';
  const holder = configuration.serverByAuthCertificate(certificate, serverId.instance);
  const isRegistered = holder !== undefined && equal(holder.id, serverId);
  const latest = requests.find(
    ({ request, status }) =>
      'authCert' in request &&
      request.authCert.equals(certificate.der) &&
      (status === 'sending' || status === 'waiting' || status === 'approved'),
  );
  if (isRegistered) {
    return latest?.request.kind === 'authCertDeletion' ? 'deletion-in-progress' : 'registered';
  }
  if (latest === undefined || latest.request.kind === 'authCertDeletion') return 'saved';
  const isDue = latest.status === 'approved' && now.getTime() - latest.changedAt.getTime() > graceMs;
  return isDue ? 'withdrawn' : 'registration-in-progress';
}
