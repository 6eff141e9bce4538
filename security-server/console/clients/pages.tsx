import {
  apiPath,
  CheckboxField,
  type Column,
  DataTable,
  Field,
  Form,
  type FormProblem,
  LinkButton,
  type PageContent,
  type Pages,
  readAll,
  SelectField,
  seeOther,
  submit,
  type Values,
  type Visit,
  viewTable,
} from '../../../gateway/console/index.ts';
import { addClientActs } from './acts.tsx';
import { type Client, clientPath, type SentRequest } from './answers.ts';
import { addClientPage } from './client.tsx';
import { addGroupPages } from './groups.tsx';
import { connectionChoices, mayEdit, mayRegister, StateTag, stateOf } from './state.tsx';
import { textsOf } from './texts.ts';

/** Clients of this server: whose information systems use it, and how they stand with the registry. */
export function addClientPages(pages: Pages): void {
  pages.get('/clients', list);
  pages.get('/clients/add', (visit) => addPage(visit, { connectionType: 'SSLAUTH', register: 'yes' }, []));
  pages.post('/clients/add', (visit, form) =>
    submit(form, {
      fields: ['client', 'connectionType', 'name', 'register'],
      act: async ({ client = '', connectionType, name, register }) => {
        // `*`: it must not be there yet, so that nothing of another is changed.
        await visit.api.send('PUT', apiPath`/api/v1/clients/${client}`, { connectionType, certificates: [] });
        if (register !== 'yes') return seeOther(`${clientPath(client)}?done=added`);
        const named = name === '' ? {} : { subsystemName: name };
        await visit.api.send('POST', '/api/v1/management-requests', { kind: 'clientReg', client, ...named });
        return seeOther(`${clientPath(client)}?done=asked`);
      },
      again: (values, problems) => addPage(visit, values, problems),
    }),
  );
  addClientPage(pages);
  addClientActs(pages);
  addGroupPages(pages);
}

async function list(visit: Visit) {
  const t = textsOf(visit);
  const [rows, waiting] = await Promise.all([
    readAll<Client>(visit.api, '/api/v1/clients'),
    visit.api.get<readonly SentRequest[]>('/api/v1/management-requests?status=waiting'),
  ]);
  const columns: readonly Column<Client>[] = [
    {
      key: 'id',
      heading: t.client,
      text: ({ id }) => id,
      show: ({ id }) => (
        <a class="ds-link" href={clientPath(id)}>
          {id}
        </a>
      ),
    },
    { key: 'name', heading: t.name, text: ({ registry }) => nameOf(registry) },
    {
      key: 'state',
      heading: t.state,
      text: (client) => t.states[stateOf(client, waiting)].word,
      show: (client) => <StateTag visit={visit} state={stateOf(client, waiting)} />,
    },
    {
      key: 'connection',
      heading: t.connection,
      text: ({ connectionType }) => t.connectionTypes[connectionType].word,
    },
  ];
  const view = viewTable(visit, { name: 'clients', caption: t.clients, columns, rows });
  if (view instanceof Response) return view;
  return {
    title: t.clients,
    lead: t.clientsLead,
    ...(visit.url.searchParams.get('done') === 'removed' && { done: t.removed }),
    ...(mayEdit(visit) && { act: <LinkButton href="/clients/add" text={t.add} /> }),
    body: <DataTable view={view} empty={{ title: t.noClients, text: t.noClientsLead }} />,
  };
}

function nameOf(registry: Client['registry']): string {
  const { name, memberName } = registry ?? {};
  return [name, memberName].filter((one) => one !== undefined && one !== '').join(', ');
}

function addPage(visit: Visit, values: Values, problems: readonly FormProblem[]): PageContent {
  const t = textsOf(visit);
  const common = { values, problems };
  return {
    title: t.add,
    lead: t.addLead,
    crumbs: [{ href: '/clients', text: t.clients }],
    body: (
      <Form action="/clients/add" submit={t.add} problems={problems} cancel="/clients">
        <Field name="client" label={t.client} hint={t.clientHint} {...common} maxLength={1_100} isCode />
        <SelectField
          name="connectionType"
          label={t.connection}
          hint={t.connectionHint}
          {...common}
          choices={connectionChoices(visit)}
        />
        {mayRegister(visit) && (
          <>
            <CheckboxField
              name="register"
              label={t.registration}
              choices={[{ value: 'yes', text: t.registerNow, hint: t.registerNowHint }]}
              chosen={[values['register'] ?? '']}
              problems={problems}
            />
            <Field
              name="name"
              label={t.nameAtRegistry}
              hint={t.nameHint}
              {...common}
              maxLength={255}
              isOptional
            />
          </>
        )}
      </Form>
    ),
  };
}
