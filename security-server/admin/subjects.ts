import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { allowAll, matches, page, searchQuery } from '../../gateway/http/index.ts';
import { type ClientId, equal, printEncoded } from '../../gateway/identifier/index.ts';
import { type AccessRight, printSubject, type SettingsSnapshot, type Subject } from '../settings/index.ts';
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
      return context.json(
        snapshot.content.rights.filter(isSame).map((right) => show(right, snapshot, at)),
        200,
      );
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

/** Tells the rights that count for a subject from others. */
function holds(
  subject: Subject,
  { content }: SettingsSnapshot,
  configuration: GlobalConfiguration,
): (right: AccessRight) => boolean {
  const printed = printSubject(subject);
  const isGroup = subject.kind === 'GLOBALGROUP' || subject.kind === 'LOCALGROUP';
  const isIn = (client: ClientId, { provider, subject: given }: AccessRight) => {
    if (given.kind === 'GLOBALGROUP') return configuration.isInGlobalGroup(given, client);
    if (given.kind !== 'LOCALGROUP') return false;
    return content.localGroups.some(
      ({ owner, groupCode, members }) =>
        groupCode === given.groupCode &&
        equal(owner, provider) &&
        members.some((member) => equal(member, client)),
    );
  };
  return (right) => printSubject(right.subject) === printed || (!isGroup && isIn(subject, right));
}

function show(
  { provider, serviceCode, endpoint, subject, ...validity }: AccessRight,
  { content, servicesOf }: SettingsSnapshot,
  at: Date,
): z.infer<typeof accessSchema> {
  const services = servicesOf(provider).filter((one) => one.serviceCode === serviceCode);
  const title = services.find((one) => one.title !== undefined)?.title;
  const isSwitchedOff = services.every(
    ({ disabledNotice, described }) =>
      disabledNotice !== undefined ||
      content.descriptions.some(
        ({ id, disabledNotice: ofAll }) => id === described?.descriptionId && ofAll !== undefined,
      ),
  );
  return {
    provider: printEncoded(provider),
    serviceCode,
    ...(title !== undefined && { title }),
    ...showGrant({ ...endpoint, ...validity }, at),
    by: printSubject(subject),
    isSwitchedOff,
  };
}
