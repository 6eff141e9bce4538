import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow } from '../../gateway/http/index.ts';
import { type ClientId, equal, printEncoded, printRest } from '../../gateway/identifier/index.ts';
import { noticeSettingsSchema } from '../notices/index.ts';
import type { SettingsContent } from '../settings/index.ts';
import { ownCertificates } from '../signer/index.ts';
import type { AdminContext } from './context.ts';
import {
  certificateSchema,
  clientIdSchema,
  clientSchema,
  endpointSchema,
  showCertificate,
  showClient,
  shownServiceSchema,
  showService,
  showSubject,
  subjectSchema,
} from './schemas.ts';

const instant = z.iso.datetime();

const exportedClientSchema = clientSchema.extend({
  services: z.array(
    shownServiceSchema.extend({
      openApi: z
        .object({
          url: z.string().optional(),
          certificates: z.array(certificateSchema),
          title: z.string(),
          version: z.string(),
          sha256: z.string().describe('of the description that was accepted'),
          acceptedAt: instant,
        })
        .optional(),
    }),
  ),
  accessRights: z.array(
    endpointSchema.extend({
      serviceCode: z.string(),
      subject: subjectSchema,
      validFrom: instant.optional(),
      validUntil: instant.optional(),
    }),
  ),
  limits: z.array(
    z.object({
      serviceCode: z.string(),
      consumer: z.string().describe('each, all, or an encoded client'),
      periodSeconds: z.number().int(),
      requests: z.number().int(),
    }),
  ),
  wsdls: z.array(
    z.object({
      id: z.string(),
      url: z.string().optional(),
      certificates: z.array(certificateSchema),
      acceptedAt: instant,
      disabledNotice: z.string().optional(),
    }),
  ),
  localGroups: z.array(
    z.object({ code: z.string(), description: z.string(), members: z.array(clientIdSchema) }),
  ),
});

const exportSchema = z
  .object({
    format: z.literal('waygate-security-server-settings'),
    version: z.literal(1),
    server: z.string(),
    internalCertificate: certificateSchema.optional(),
    certificates: z.array(
      z.object({
        use: z.enum(['signing', 'authentication']),
        member: clientIdSchema.optional(),
        tokenId: z.string(),
        isActive: z.boolean(),
        certificate: certificateSchema,
      }),
    ),
    clients: z.array(exportedClientSchema),
    bodyPolicies: z.array(z.object({ side: z.string(), scope: z.string(), policy: z.unknown() })),
    backups: z.unknown(),
    notices: noticeSettingsSchema,
  })
  .openapi('SettingsExport');

/** The whole of the settings, to read and to compare; what is restored is a backup. */
export function addSettingsExportRoutes(app: OpenAPIHono, context: AdminContext): void {
  app.openapi(
    createRoute({
      ...allow('system-administrator'),
      method: 'get',
      path: '/api/v1/settings/export',
      description:
        'All settings in one document, in a fixed order, so that two of them differ by what was changed. No keys, ' +
        'PINs, passwords and secrets, no people, and not the documents of descriptions. It is to be read and ' +
        'compared: what is restored is a backup.',
      responses: {
        200: { description: 'settings', content: { 'application/json': { schema: exportSchema } } },
      },
    }),
    async (c) => {
      const document = await exportSettings(context);
      const name = `settings-${document.server.replace(/[^A-Za-z0-9._-]/g, '_')}.json`;
      return c.body(`${JSON.stringify(document, null, 2)}\n`, 200, {
        'content-type': 'application/json',
        'content-disposition': `attachment; filename="${name}"`,
        'cache-control': 'no-store',
      }) as never;
    },
  );
}

async function exportSettings(context: AdminContext): Promise<z.infer<typeof exportSchema>> {
  const { settings, bodyPolicies, backups, notices } = context;
  const { content, serverId } = settings.current();
  const own = await ownCertificates(settings.db);
  const { internalCertificate } = content;
  return {
    format: 'waygate-security-server-settings',
    version: 1,
    server: printRest(serverId),
    ...(internalCertificate !== undefined && { internalCertificate: showCertificate(internalCertificate) }),
    certificates: inOrder(
      own.map(({ use, member, tokenId, isActive, certificate }) => ({
        ...{ use, ...(member !== undefined && { member: printEncoded(member) }) },
        ...{ tokenId, isActive, certificate: certificate.pem },
      })),
    ),
    clients: inOrder(content.clients.map((client) => exportClient(client, content))),
    bodyPolicies: inOrder(bodyPolicies.list().map(({ side, scope, policy }) => ({ side, scope, policy }))),
    backups: backups.settings(),
    notices: notices.settings(),
  };
}

function exportClient(
  client: SettingsContent['clients'][number],
  content: SettingsContent,
): z.infer<typeof exportedClientSchema> {
  const isHere = ({ provider }: { readonly provider: ClientId }) => equal(provider, client.id);
  const openApiOf = (code: string) =>
    content.openApiDescriptions.filter(isHere).find(({ serviceCode }) => serviceCode === code);
  const shown = showClient(client);
  return {
    ...{ ...shown, certificates: [...shown.certificates].sort() },
    services: inOrder(
      content.services.filter(isHere).map((record) => {
        const { endpoints, certificates, url, described: wsdl, ...rest } = showService(record);
        const described = record.kind === 'WSDL' ? undefined : openApiOf(record.serviceCode);
        return {
          ...{ ...rest, url: withoutPassword(url) },
          ...(wsdl !== undefined && { described: { ...wsdl, url: withoutPassword(wsdl.url) } }),
          ...{ certificates: [...certificates].sort(), endpoints: inOrder(endpoints) },
          ...(described !== undefined && {
            openApi: {
              ...(described.url !== undefined && { url: withoutPassword(described.url) }),
              certificates: described.certificates.map(showCertificate).sort(),
              ...{ title: described.title, version: described.version, sha256: described.digest },
              acceptedAt: described.acceptedAt.toISOString(),
            },
          }),
        };
      }),
    ),
    accessRights: inOrder(
      content.rights
        .filter(isHere)
        .map(({ serviceCode, endpoint: { method, path }, subject, validFrom, validUntil }) => ({
          ...{ serviceCode, method, path, subject: showSubject(subject) },
          ...(validFrom !== undefined && { validFrom: validFrom.toISOString() }),
          ...(validUntil !== undefined && { validUntil: validUntil.toISOString() }),
        })),
    ),
    limits: inOrder(
      content.limits.filter(isHere).map(({ serviceCode, consumer, periodSeconds, requests }) => ({
        ...{ serviceCode, consumer: typeof consumer === 'string' ? consumer : printEncoded(consumer) },
        ...{ periodSeconds, requests },
      })),
    ),
    wsdls: inOrder(
      content.descriptions.filter(isHere).map(({ id, url, certificates, acceptedAt, disabledNotice }) => ({
        ...{ id, ...(url !== undefined && { url: withoutPassword(url) }) },
        certificates: certificates.map(showCertificate).sort(),
        acceptedAt: acceptedAt.toISOString(),
        ...(disabledNotice !== undefined && { disabledNotice }),
      })),
    ),
    localGroups: inOrder(
      content.localGroups
        .filter(({ owner }) => equal(owner, client.id))
        .map(({ groupCode, description, members }) => ({
          ...{ code: groupCode, description, members: members.map(printEncoded).sort() },
        })),
    ),
  };
}

/** By what is written of each: whatever order a database gives them in. */
function inOrder<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, text: JSON.stringify(item) }))
    .sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0))
    .map(({ item }) => item);
}

/** Addresses of services may hold the password of one. */
function withoutPassword(address: string): string {
  if (!URL.canParse(address)) return address;
  const url = new URL(address);
  if (url.password === '') return address;
  url.password = '***';
  return url.href;
}
