import {
  addConfirmedAct,
  apiPath,
  type Column,
  Copyable,
  DataTable,
  Facts,
  Field,
  Fingerprint,
  Form,
  type FormProblem,
  Instant,
  LinkButton,
  type PageContent,
  type Pages,
  readAll,
  Section,
  seeOther,
  submit,
  Tag,
  type Values,
  type Visit,
  viewTable,
} from '../../gateway/console/index.ts';
import type { Server } from './answers.ts';
import { textsOf } from './texts.ts';

const serverPath = (id: string) => `/servers/${encodeURIComponent(id)}`;

/** Security servers with their certificates and clients. */
export function addServerPages(pages: Pages): void {
  pages.get('/servers', async (visit) => {
    const t = textsOf(visit);
    const rows = await readAll<Server>(visit.api, '/api/v1/servers');
    const view = viewTable(visit, { name: 'servers', caption: t.servers, columns: columns(visit), rows });
    if (view instanceof Response) return view;
    return {
      title: t.servers,
      lead: t.serversLead,
      ...(visit.url.searchParams.get('done') === 'saved' && { done: visit.texts.saved }),
      act: <LinkButton href="/servers/new" text={t.addServer} isQuiet />,
      body: <DataTable view={view} empty={{ title: t.noServers, text: t.noServersLead }} />,
    };
  });

  pages.get('/servers/:server', (visit) => serverPage(visit, {}, []));
  pages.post('/servers/:server/certificates', (visit, form) =>
    submit(form, {
      fields: ['certificate'],
      act: async ({ certificate }) => {
        const path = apiPath`/api/v1/servers/${visit.param('server')}/authentication-certificates`;
        await visit.api.send('POST', path, { certificate });
        return seeOther(`${serverPath(visit.param('server'))}?done=saved`);
      },
      again: (values, problems) => serverPage(visit, values, problems),
    }),
  );

  addConfirmedAct(pages, {
    path: '/servers/:server/remove',
    describe: (visit) => {
      const id = visit.param('server');
      return { ...removal(visit, id), happens: [textsOf(visit).removeServerHappens(id)] };
    },
    act: async ({ api, param }) => {
      await api.send('DELETE', apiPath`/api/v1/servers/${param('server')}`);
      return '/servers?done=saved';
    },
  });
  addConfirmedAct(pages, {
    path: '/servers/:server/clients/:client/remove',
    describe: (visit) => {
      const [server, client] = [visit.param('server'), visit.param('client')];
      return { ...removal(visit, client), happens: [textsOf(visit).removeClientHappens(client, server)] };
    },
    act: async ({ api, param }) => {
      await api.send('DELETE', apiPath`/api/v1/servers/${param('server')}/clients/${param('client')}`);
      return `${serverPath(param('server'))}?done=saved`;
    },
  });
  addConfirmedAct(pages, {
    path: '/servers/:server/certificates/:sha256/remove',
    describe: (visit) => ({
      ...removal(visit, textsOf(visit).certificate),
      happens: [textsOf(visit).removeCertificateHappens],
    }),
    act: async ({ api, param }) => {
      const [server, sha256] = [param('server'), param('sha256')];
      await api.send('DELETE', apiPath`/api/v1/servers/${server}/authentication-certificates/${sha256}`);
      return `${serverPath(server)}?done=saved`;
    },
  });
}

function removal(visit: Visit, what: string) {
  const id = visit.param('server');
  return {
    title: `${visit.texts.remove}: ${what}`,
    submit: visit.texts.remove,
    crumbs: [
      { href: '/servers', text: textsOf(visit).servers },
      { href: serverPath(id), text: id },
    ],
    cancel: serverPath(id),
  };
}

function columns(visit: Visit): readonly Column<Server>[] {
  const t = textsOf(visit);
  return [
    {
      key: 'id',
      heading: t.server,
      text: ({ id }) => id,
      show: ({ id }) => (
        <a class="ds-link" href={serverPath(id)}>
          {id}
        </a>
      ),
    },
    { key: 'address', heading: t.address, text: ({ address }) => address },
    { key: 'clients', heading: t.clients, text: ({ clients }) => String(clients.length) },
    {
      key: 'certificates',
      heading: t.expires,
      text: ({ authenticationCertificates: [first] }) => first?.notAfter ?? '',
      show: ({ authenticationCertificates: [first] }) =>
        first === undefined ? (
          <Tag text={t.noCertificates} color="warning" />
        ) : (
          <Instant at={first.notAfter} />
        ),
    },
    {
      key: 'configuration',
      heading: t.configuration,
      text: ({ configuration }) =>
        configuration === undefined ? t.configurationNotTold : t.configurations[configuration.state],
      show: ({ configuration }) => <Configuration visit={visit} seen={configuration} />,
    },
    {
      key: 'state',
      heading: visit.texts.state,
      text: ({ maintenance }) => (maintenance === undefined ? t.working : t.maintenanceOn),
      show: ({ maintenance }) =>
        maintenance === undefined ? (
          <Tag text={t.working} color="success" />
        ) : (
          <Tag text={t.maintenanceOn} color="warning" />
        ),
    },
  ];
}

const configurationColors = { current: 'success', former: 'warning', unknown: 'neutral' } as const;

/** Which configuration a server has, as it says itself, and when it said so. */
function Configuration({ visit, seen }: { readonly visit: Visit; readonly seen: Server['configuration'] }) {
  const t = textsOf(visit);
  if (seen === undefined) return <Tag text={t.configurationNotTold} color="neutral" />;
  return (
    <>
      <Tag text={t.configurations[seen.state]} color={configurationColors[seen.state]} />{' '}
      <Instant at={seen.at} />
    </>
  );
}

async function serverPage(
  visit: Visit,
  values: Values,
  problems: readonly FormProblem[],
): Promise<PageContent | Response> {
  const t = textsOf(visit);
  const id = visit.param('server');
  const server = await visit.api.get<Server>(apiPath`/api/v1/servers/${id}`);
  const clients = viewTable(visit, {
    ...{ name: 'clients', caption: t.clients, rows: server.clients },
    columns: clientColumns(visit, server),
  });
  if (clients instanceof Response) return clients;
  return {
    title: id,
    crumbs: [{ href: '/servers', text: t.servers }],
    ...(visit.url.searchParams.get('done') === 'saved' && { done: visit.texts.saved }),
    act: (
      <>
        <LinkButton href={`${serverPath(id)}/edit`} text={t.editServer} />
        <LinkButton href={`${serverPath(id)}/remove`} text={visit.texts.remove} isQuiet />
      </>
    ),
    body: (
      <>
        <Section title={t.server} lead={t.configurationLead}>
          <Facts
            rows={[
              [t.identifier, <Copyable text={id} what={t.identifier} />],
              [t.address, <Copyable text={server.address} what={t.address} />],
              [t.owner, <Copyable text={id.split(':').slice(0, 3).join(':')} what={t.owner} />],
              [t.configuration, <Configuration visit={visit} seen={server.configuration} />],
              [
                t.maintenance,
                server.maintenance === undefined
                  ? undefined
                  : (server.maintenance.message ?? t.maintenanceOn),
              ],
            ]}
          />
        </Section>
        <Section title={t.clients} lead={t.clientsLead}>
          <DataTable view={clients} empty={{ title: t.noClients }} />
          <p>
            <LinkButton href={`${serverPath(id)}/clients/new`} text={t.addClient} isQuiet />
          </p>
        </Section>
        <Section title={t.certificates} lead={t.certificatesLead}>
          {server.authenticationCertificates.length === 0 && <Tag text={t.noCertificates} color="warning" />}
          {server.authenticationCertificates.map(({ sha256, subject, notAfter }) => (
            <Facts
              rows={[
                [t.subject, subject],
                [t.certificate, <Fingerprint hex={sha256} algorithm="SHA-256" />],
                [t.expires, <Instant at={notAfter} />],
                [
                  visit.texts.actions,
                  <a
                    class="ds-link"
                    href={`${serverPath(id)}/certificates/${sha256}/remove`}
                    aria-label={`${visit.texts.remove}: ${subject}`}
                  >
                    {visit.texts.remove}
                  </a>,
                ],
              ]}
            />
          ))}
          <Form action={`${serverPath(id)}/certificates`} submit={t.addCertificate} problems={problems}>
            <Field
              name="certificate"
              label={t.certificate}
              hint={t.certificateHint}
              values={values}
              problems={problems}
              lines={6}
              maxLength={65_536}
              isCode
            />
          </Form>
        </Section>
      </>
    ),
  };
}

function clientColumns(visit: Visit, { id: server, disabledClients }: Server): readonly Column<string>[] {
  const t = textsOf(visit);
  const isDisabled = (id: string) => disabledClients.includes(id);
  return [
    { key: 'id', heading: t.client, text: (id) => id, show: (id) => <Copyable text={id} what={t.client} /> },
    {
      key: 'state',
      heading: visit.texts.state,
      text: (id) => (isDisabled(id) ? t.disabled : t.working),
      show: (id) =>
        isDisabled(id) ? <Tag text={t.disabled} color="warning" /> : <Tag text={t.working} color="success" />,
    },
    {
      key: 'act',
      heading: '',
      text: () => '',
      show: (id) => (
        <a
          class="ds-link"
          href={`${serverPath(server)}/clients/${encodeURIComponent(id)}/remove`}
          aria-label={`${visit.texts.remove}: ${id}`}
        >
          {visit.texts.remove}
        </a>
      ),
    },
  ];
}
