import {
  apiPath,
  CheckboxField,
  etagOf,
  Field,
  Form,
  type FormProblem,
  type PageContent,
  type Pages,
  seeOther,
  submit,
  type Values,
  type Visit,
} from '../../gateway/console/index.ts';
import { encodeSegment } from '../../gateway/identifier/index.ts';
import type { Server } from './answers.ts';
import { textsOf } from './texts.ts';

const serverPath = (id: string) => `/servers/${encodeURIComponent(id)}`;

/** Servers are added by hand, given another address, put into maintenance, and given clients. */
export function addServerEditPages(pages: Pages): void {
  pages.get('/servers/new', (visit) => newPage(visit, {}, []));
  pages.post('/servers/new', (visit, form) =>
    submit(form, {
      fields: ['owner', 'serverCode', 'address'],
      act: async ({ owner = '', serverCode = '', address }) => {
        const sent = `${owner}:${encodeSegment(serverCode).replaceAll(':', '%3A')}`;
        const { id } = await visit.api.send<Server>('POST', '/api/v1/servers', { id: sent, address });
        return seeOther(`${serverPath(id)}?done=saved`);
      },
      again: (values, problems) => newPage(visit, values, problems),
    }),
  );

  pages.get('/servers/:server/edit', (visit) => editPage(visit, []));
  pages.post('/servers/:server/edit', (visit, form) =>
    submit(form, {
      fields: ['address', 'isInMaintenance', 'message'],
      act: async ({ address, isInMaintenance, message = '' }) => {
        const maintenance = isInMaintenance === 'yes' && {
          maintenance: message === '' ? {} : { message },
        };
        await visit.api.send('PUT', apiOf(visit), { address, ...maintenance }, etagOf(form));
        return seeOther(`${serverPath(visit.param('server'))}?done=saved`);
      },
      again: (values, problems) => editPage(visit, problems, values),
    }),
  );

  pages.get('/servers/:server/clients/new', (visit) => clientPage(visit, {}, []));
  pages.post('/servers/:server/clients/new', (visit, form) =>
    submit(form, {
      fields: ['id'],
      act: async ({ id }) => {
        await visit.api.send('POST', apiPath`/api/v1/servers/${visit.param('server')}/clients`, { id });
        return seeOther(`${serverPath(visit.param('server'))}?done=saved`);
      },
      again: (values, problems) => clientPage(visit, values, problems),
    }),
  );
}

const apiOf = ({ param }: Visit) => apiPath`/api/v1/servers/${param('server')}`;

function crumbs(visit: Visit) {
  const id = visit.param('server');
  return [
    { href: '/servers', text: textsOf(visit).servers },
    { href: serverPath(id), text: id },
  ];
}

function newPage(visit: Visit, values: Values, problems: readonly FormProblem[]): PageContent {
  const t = textsOf(visit);
  const shared = { values, problems };
  return {
    title: t.addServer,
    lead: t.addServerLead,
    crumbs: [{ href: '/servers', text: t.servers }],
    body: (
      <Form action="/servers/new" submit={t.addServer} problems={problems} cancel="/servers">
        <Field
          name="owner"
          label={t.owner}
          hint={t.memberIdentifierHint}
          maxLength={800}
          isCode
          {...shared}
        />
        <Field name="serverCode" label={t.serverCode} hint={t.serverCodeHint} maxLength={255} {...shared} />
        <Field
          name="address"
          label={t.address}
          hint={t.serverAddressHint}
          maxLength={255}
          isCode
          {...shared}
        />
      </Form>
    ),
  };
}

async function editPage(
  visit: Visit,
  problems: readonly FormProblem[],
  typed?: Values,
): Promise<PageContent> {
  const t = textsOf(visit);
  const { value: server, etag } = await visit.api.getTagged<Server>(apiOf(visit));
  const values = typed ?? {
    address: server.address,
    isInMaintenance: server.maintenance === undefined ? '' : 'yes',
    message: server.maintenance?.message,
  };
  const own = serverPath(visit.param('server'));
  return {
    title: t.editServer,
    crumbs: crumbs(visit),
    body: (
      <Form action={`${own}/edit`} submit={visit.texts.save} problems={problems} cancel={own} etag={etag}>
        <Field
          name="address"
          label={t.address}
          hint={t.serverAddressHint}
          values={values}
          problems={problems}
          maxLength={255}
          isCode
        />
        <CheckboxField
          name="isInMaintenance"
          label={t.maintenance}
          choices={[{ value: 'yes', text: t.inMaintenance }]}
          chosen={values['isInMaintenance'] === 'yes' ? ['yes'] : []}
        />
        <Field
          name="message"
          label={t.maintenanceMessage}
          hint={t.maintenanceMessageHint}
          values={values}
          problems={problems}
          maxLength={255}
          isOptional
        />
      </Form>
    ),
  };
}

function clientPage(visit: Visit, values: Values, problems: readonly FormProblem[]): PageContent {
  const t = textsOf(visit);
  const own = serverPath(visit.param('server'));
  return {
    title: t.addClient,
    lead: t.addClientLead,
    crumbs: crumbs(visit),
    body: (
      <Form action={`${own}/clients/new`} submit={t.addClient} problems={problems} cancel={own}>
        <Field
          name="id"
          label={t.memberOrSubsystem}
          hint={t.identifierHint}
          values={values}
          problems={problems}
          maxLength={1_000}
          isCode
        />
      </Form>
    ),
  };
}
