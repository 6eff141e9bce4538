import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { allowAll, matches, page, searchQuery } from '../../gateway/http/index.ts';
import { type ClientId, equal, identifierKey, printEncoded } from '../../gateway/identifier/index.ts';
import {
  type AccessRight,
  printSubject,
  type ServiceRecord,
  type SettingsSnapshot,
  type Subject,
} from '../settings/index.ts';
import { showGrant, shownGrantSchema } from './access-schemas.ts';
import type { AdminContext } from './context.ts';
import { clientIdSchema, readSubject, requireClient, subjectSchema } from './schemas.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });

const knownSchema = z
  .object({
    subject: subjectSchema,
    kind: z.enum(['MEMBER', 'SUBSYSTEM', 'GLOBALGROUP', 'LOCALGROUP']),
    name: z.string().optional().describe('of the subsystem or member; description of a group'),
    memberName: z.string().optional().describe('of a subsystem'),
  })
  .openapi('KnownSubject');

const accessSchema = shownGrantSchema
  .extend({
    provider: clientIdSchema,
    serviceCode: z.string(),
    title: z.string().optional().describe('of the service'),
    by: subjectSchema.describe('to whom it is given: the subject itself, or a group that it is in'),
    isSwitchedOff: z.boolean().describe('the service answers its callers with a notice only'),
  })
  .openapi('Access');

/** Whom rights can be given to, and what was given to one of them. */
export function addSubjectRoutes(app: OpenAPIHono, { settings, configuration, now }: AdminContext): void {
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/subjects',
      description:
        'Members, subsystems and groups that the configuration in force knows, of every instance, and the groups that a client here keeps.',
      request: {
        query: searchQuery.extend({
          client: clientIdSchema.optional().describe('of this server: its own groups are listed as well'),
        }),
      },
      responses: { 200: { description: 'one page of them', ...json(z.array(knownSchema)) } },
    }),
    (context) => {
      const query = context.req.valid('query');
      const { clients, localGroups } = settings.current().content;
      const owner = query.client === undefined ? undefined : requireClient(clients, query.client).id;
      const own = localGroups.filter((group) => owner !== undefined && equal(group.owner, owner));
      const all = [
        ...own.map(({ groupCode, description }) => known({ kind: 'LOCALGROUP', groupCode }, description)),
        ...knownTo(configuration()),
      ];
      const found = all.filter(({ subject, name, memberName }) =>
        matches(query.q, subject, name, memberName),
      );
      return context.json(
        page(context, found, query, ({ subject }) => subject),
        200,
      );
    },
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/subjects/{subject}/access',
      description:
        'What a member, subsystem or group may use of the services of this server: what was given to it, and to groups that it is in. Rights that ended are told, too, until they are taken away.',
      request: { params: z.object({ subject: subjectSchema }) },
      responses: { 200: { description: 'everything given to it here', ...json(z.array(accessSchema)) } },
    }),
    (context) => {
      const subject = readSubject(context.req.valid('param').subject);
      const snapshot = settings.current();
      const isSame = holds(subject, snapshot, configuration());
      const at = now();
      return context.json(snapshot.content.rights.filter(isSame).map(shower(snapshot, at)), 200);
    },
  );
}

function* knownTo(configuration: GlobalConfiguration): Generator<z.infer<typeof knownSchema>> {
  for (const instance of configuration.instances) {
    const shared = configuration.shared(instance);
    for (const { id, name, subsystems } of shared?.members ?? []) {
      yield known(id, name);
      for (const { subsystemCode, name: own } of subsystems) {
        yield { ...known({ ...id, kind: 'SUBSYSTEM', subsystemCode }, own), memberName: name };
      }
    }
    for (const { groupCode, description } of shared?.globalGroups ?? []) {
      yield known({ kind: 'GLOBALGROUP', instance, groupCode }, description);
    }
  }
}

function known(subject: Subject, name: string | undefined): z.infer<typeof knownSchema> {
  const isNamed = name !== undefined && name !== '';
  return { subject: printSubject(subject), kind: subject.kind, ...(isNamed && { name }) };
}

/** Tells the rights that count for a subject from others; what is asked of each costs the same however many there are. */
function holds(
  subject: Subject,
  { content }: SettingsSnapshot,
  configuration: GlobalConfiguration,
): (right: AccessRight) => boolean {
  const printed = printSubject(subject);
  const isGroup = subject.kind === 'GLOBALGROUP' || subject.kind === 'LOCALGROUP';
  if (isGroup) return (right) => printSubject(right.subject) === printed;
  const keyOf = (owner: ClientId, groupCode: string) => JSON.stringify([identifierKey(owner), groupCode]);
  const groups = new Set(
    content.localGroups
      .filter(({ members }) => members.some((member) => equal(member, subject)))
      .map(({ owner, groupCode }) => keyOf(owner, groupCode)),
  );
  return ({ provider, subject: given }) => {
    if (given.kind === 'GLOBALGROUP') return configuration.isInGlobalGroup(given, subject);
    if (given.kind === 'LOCALGROUP') return groups.has(keyOf(provider, given.groupCode));
    return printSubject(given) === printed;
  };
}

/** Shows rights; of a service that many were given on, it is looked at once. */
function shower(
  { content, servicesOf }: SettingsSnapshot,
  at: Date,
): (right: AccessRight) => z.infer<typeof accessSchema> {
  const switchedOff = new Set(
    content.descriptions.filter(({ disabledNotice }) => disabledNotice !== undefined).map(({ id }) => id),
  );
  const ofProviders = new Map<string, Map<string, ServiceRecord[]>>();
  const servicesNamed = (provider: ClientId, serviceCode: string): readonly ServiceRecord[] => {
    const key = identifierKey(provider);
    const known = ofProviders.get(key) ?? byCode(servicesOf(provider));
    ofProviders.set(key, known);
    return known.get(serviceCode) ?? [];
  };
  return ({ provider, serviceCode, endpoint, subject, ...validity }) => {
    const services = servicesNamed(provider, serviceCode);
    const title = services.find((one) => one.title !== undefined)?.title;
    const isSwitchedOff = services.every(
      ({ disabledNotice, described }) =>
        disabledNotice !== undefined || (described !== undefined && switchedOff.has(described.descriptionId)),
    );
    return {
      provider: printEncoded(provider),
      serviceCode,
      ...(title !== undefined && { title }),
      ...showGrant({ ...endpoint, ...validity }, at),
      by: printSubject(subject),
      isSwitchedOff,
    };
  };
}

function byCode(services: readonly ServiceRecord[]): Map<string, ServiceRecord[]> {
  const found = new Map<string, ServiceRecord[]>();
  for (const service of services) {
    const versions = found.get(service.serviceCode) ?? [];
    versions.push(service);
    found.set(service.serviceCode, versions);
  }
  return found;
}
