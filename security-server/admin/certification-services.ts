import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { shippedProfile, writeSubject } from '../../gateway/certificate-profile/index.ts';
import type { ApprovedCa, GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { allowAll, Problem } from '../../gateway/http/index.ts';
import { equal, type MemberId, memberOf, printEncoded } from '../../gateway/identifier/index.ts';
import type { AdminContext } from './context.ts';
import { clientIdSchema, readClientId } from './schemas.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });
const attribute = z.string().min(1).max(200).optional();

export const subjectSchema = z.object({
  C: attribute,
  O: attribute,
  OU: attribute,
  CN: attribute,
  serialNumber: attribute,
  businessCategory: attribute,
  organizationIdentifier: attribute,
});

const serviceSchema = z
  .object({
    name: z.string(),
    uses: z.array(z.enum(['signing', 'authentication'])),
    profile: z.string().describe('how its certificates name a member'),
    requestFormat: z.enum(['PEM', 'DER']).describe('in which it wants requests'),
    takesOrders: z.boolean().describe('whether certificates are ordered of it over ACME'),
  })
  .openapi('CertificationService');

export const wantedSchema = z.object({
  use: z.enum(['signing', 'authentication']),
  member: clientIdSchema
    .optional()
    .describe('whose signatures; the owner of the server unless told. For authentication always the owner'),
  address: z.string().min(1).max(255).optional().describe('host name or IP address of this server'),
});
type Wanted = z.infer<typeof wantedSchema>;

const proposalSchema = z
  .object({
    subject: subjectSchema.describe('empty when it has to be entered by hand'),
    subjectAltNames: z.array(z.string()),
    format: z.enum(['PEM', 'DER']),
  })
  .openapi('RequestProposal');

/** Approved certification services, and what a request to each of them says. */
export function addCertificationServiceRoutes(app: OpenAPIHono, context: AdminContext): void {
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/certification-services',
      responses: {
        200: { description: 'approved services of the instance', ...json(z.array(serviceSchema)) },
      },
    }),
    (c) => c.json(servicesOf(context.configuration()).map(show), 200),
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/certification-services/{service}/proposal',
      description: 'What a request to this service says, by its certificate profile.',
      request: { params: z.object({ service: z.string().max(255) }), query: wantedSchema },
      responses: { 200: { description: 'proposal', ...json(proposalSchema) } },
    }),
    (c) => c.json(proposeRequest(context, c.req.valid('param').service, c.req.valid('query')), 200),
  );
}

function servicesOf(configuration: GlobalConfiguration): readonly ApprovedCa[] {
  return configuration.shared(configuration.instance)?.approvedCas ?? [];
}

function show(ca: ApprovedCa): z.infer<typeof serviceSchema> {
  const { name, authenticationOnly, profile, defaultCsrFormat = 'PEM', acmeServer } = ca;
  return {
    ...{ name, profile, requestFormat: defaultCsrFormat, takesOrders: acmeServer !== undefined },
    uses: authenticationOnly ? ['authentication'] : ['signing', 'authentication'],
  };
}

/** @throws Problem unknown-certification-service, other-purpose, unknown-member */
export function proposeRequest(
  context: Pick<AdminContext, 'configuration' | 'settings'>,
  name: string,
  { use, member: given, address }: Wanted,
): z.infer<typeof proposalSchema> {
  const configuration = context.configuration();
  const service = servicesOf(configuration).find((one) => one.name === name);
  if (service === undefined) {
    const all =
      servicesOf(configuration)
        .map((one) => `'${one.name}'`)
        .join(', ') || 'none';
    throw new Problem(404, 'unknown-certification-service', `Approved are: ${all}; not '${name}'`);
  }
  if (use === 'signing' && service.authenticationOnly) {
    throw new Problem(409, 'other-purpose', `'${name}' issues certificates for authentication alone`);
  }
  const { serverId } = context.settings;
  const owner = memberOf(serverId);
  const member = use === 'signing' && given !== undefined ? requireMember(given, context) : owner;
  const shared = configuration.shared(configuration.instance);
  const memberName = shared?.members.find(({ id }) => equal(id, member))?.name ?? member.memberCode;
  const known = shared?.securityServers.find(({ id }) => equal(id, serverId))?.address;
  const host = address ?? known ?? '';
  const { instance, memberClass, memberCode } = member;
  const subject = writeSubject(formsOf(service, configuration), {
    ...{ use, instance, memberClass, memberCode, memberName },
    ...{ serverCode: serverId.serverCode, address: host === '' ? serverId.serverCode : host },
  });
  return {
    subject: subject ?? {},
    subjectAltNames: use === 'authentication' && host !== '' ? [host] : [],
    format: service.defaultCsrFormat ?? 'PEM',
  };
}

function formsOf({ top }: ApprovedCa, configuration: GlobalConfiguration) {
  const { instance } = configuration;
  const profile = configuration.approvedCas(instance, top.certificate.subject.der)[0]?.profile;
  if (profile === undefined) return [];
  return typeof profile === 'string' ? (shippedProfile(profile)?.forms ?? []) : profile.forms;
}

function requireMember(given: string, { settings }: Pick<AdminContext, 'settings'>): MemberId {
  const member = memberOf(readClientId(given));
  const all = [
    memberOf(settings.serverId),
    ...settings.current().content.clients.map(({ id }) => memberOf(id)),
  ];
  if (all.some((one) => equal(one, member))) return member;
  const here = [...new Set(all.map(printEncoded))].join(', ');
  throw new Problem(
    409,
    'unknown-member',
    `${printEncoded(member)} has no client here; members here: ${here}`,
  );
}

/** A subject that somebody wrote themselves counts in place of the profile's. */
export function chosenSubject(
  proposed: z.infer<typeof subjectSchema>,
  given: z.infer<typeof subjectSchema> | undefined,
): z.infer<typeof subjectSchema> {
  const subject = given ?? proposed;
  if (Object.values(subject).some((value) => value !== undefined)) return subject;
  const detail = 'By this profile nobody here can write the subject: the request needs it from you';
  throw new Problem(409, 'subject-needed', detail);
}
