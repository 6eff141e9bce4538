import { X509Certificate } from 'node:crypto';
import {
  addConfirmedAct,
  apiPath,
  Card,
  type Column,
  Copyable,
  DataTable,
  etagOf,
  Facts,
  Field,
  Fingerprint,
  Form,
  type FormProblem,
  Instant,
  LinkButton,
  Notice,
  type Pages,
  Section,
  SelectField,
  seeOther,
  submit,
  type Values,
  type Visit,
  viewTable,
} from '../../../gateway/console/index.ts';
import { type Client, clientPath, type SentRequest, toPem } from './answers.ts';
import { connectionChoices, mayEdit, mayRegister, StateTag, stateOf } from './state.tsx';
import { textsOf } from './texts.ts';

/** One client: its state, how its information systems connect, and the ways to everything else of it. */
export function addClientPage(pages: Pages): void {
  pages.get('/clients/:client', (visit) => clientPage(visit, {}, []));
  pages.post('/clients/:client/connection', (visit, form) =>
    submit(form, {
      fields: ['connectionType'],
      act: async ({ connectionType }) => {
        const path = apiPath`/api/v1/clients/${visit.param('client')}`;
        const { certificates } = await visit.api.get<Client>(path);
        await visit.api.send('PUT', path, { connectionType, certificates }, etagOf(form));
        return seeOther(`${clientPath(visit.param('client'))}?done=saved`);
      },
      again: (values, problems) => clientPage(visit, values, problems),
    }),
  );
  pages.post('/clients/:client/certificates', (visit, form) =>
    submit(form, {
      fields: ['certificates'],
      act: async () => {
        const t = textsOf(visit);
        const file = form.get('certificates');
        if (!(file instanceof File) || file.size === 0) {
          return clientPage(visit, {}, [{ name: 'certificates', text: t.chooseCertificate }]);
        }
        const path = apiPath`/api/v1/clients/${visit.param('client')}`;
        const { connectionType, certificates } = await visit.api.get<Client>(path);
        const all = [...certificates, await toPem(file)];
        await visit.api.send('PUT', path, { connectionType, certificates: all }, etagOf(form));
        return seeOther(`${clientPath(visit.param('client'))}?done=saved`);
      },
      again: (values, problems) => clientPage(visit, values, problems),
    }),
  );
  addConfirmedAct(pages, {
    path: '/clients/:client/certificates/:sha256/remove',
    describe: (visit) => {
      const client = visit.param('client');
      return {
        title: textsOf(visit).removeCertificate,
        submit: visit.texts.remove,
        crumbs: crumbsOf(visit),
        cancel: clientPath(client),
        happens: [textsOf(visit).removeCertificateHappens(client)],
      };
    },
    act: async ({ api, param }) => {
      const path = apiPath`/api/v1/clients/${param('client')}`;
      const { value, etag } = await api.getTagged<Client>(path);
      const left = value.certificates.filter((pem) => digestOf(pem) !== param('sha256'));
      await api.send('PUT', path, { connectionType: value.connectionType, certificates: left }, etag);
      return `${clientPath(param('client'))}?done=saved`;
    },
  });
}

export function crumbsOf(visit: Visit) {
  const client = visit.param('client');
  return [
    { href: '/clients', text: textsOf(visit).clients },
    { href: clientPath(client), text: client },
  ];
}

async function clientPage(visit: Visit, values: Values, problems: readonly FormProblem[]) {
  const t = textsOf(visit);
  const id = visit.param('client');
  const path = clientPath(id);
  const [{ value: client, etag }, requests, ...lists] = await Promise.all([
    visit.api.getTagged<Client>(apiPath`/api/v1/clients/${id}`),
    visit.api.get<readonly SentRequest[]>('/api/v1/management-requests'),
    visit.api.get<readonly unknown[]>(apiPath`/api/v1/clients/${id}/services`),
    visit.api.get<readonly unknown[]>(apiPath`/api/v1/clients/${id}/local-groups`),
    visit.api.get<readonly unknown[]>(apiPath`/api/v1/subjects/${id}/access`),
  ]);
  const [services, groups, given] = lists.map(({ length }) => length);
  const own = requests.filter((one) => one.client === client.id);
  const state = stateOf(
    client,
    own.filter(({ status }) => status === 'waiting'),
  );
  const [last] = own;
  const view = viewTable(visit, {
    ...{ name: 'certificates', caption: t.certificates, columns: certificateColumns(visit, client) },
    rows: client.certificates,
  });
  if (view instanceof Response) return view;
  const done = ({ saved: visit.texts.saved, added: t.added, asked: t.asked } as Record<string, string>)[
    visit.url.searchParams.get('done') ?? ''
  ];
  return {
    title: client.id,
    lead: t.clientLead,
    crumbs: [{ href: '/clients', text: t.clients }],
    ...(done !== undefined && { done }),
    body: (
      <>
        {client.connectionType === 'SSLAUTH' && client.certificates.length === 0 && (
          <Notice kind="warning">{t.nobodyLetIn}</Notice>
        )}
        <Facts
          rows={[
            [t.client, <Copyable text={client.id} what={t.client} />],
            [t.name, client.registry?.name],
            [t.member, client.registry?.memberName],
            [t.state, <StateTag visit={visit} state={state} hasMeaning />],
            [
              t.lastRequest,
              last && (
                <>
                  {`${t.requestKinds[last.kind as keyof typeof t.requestKinds] ?? last.kind}: ${t.requestStates[last.status as keyof typeof t.requestStates] ?? last.status}`}{' '}
                  <Instant at={last.sentAt} />
                  {last.reason !== undefined && ` ${last.reason}`}
                </>
              ),
            ],
            [t.connection, t.connectionTypes[client.connectionType].word],
          ]}
        />
        <ul class="wg-cards">
          <Card href={`${path}/services`} text={t.servicesOf} count={services ?? 0} />
          <Card href={`${path}/groups`} text={t.groups} count={groups ?? 0} />
          <Card href={`/access/${encodeURIComponent(client.id)}`} text={t.mayUse} count={given ?? 0} />
        </ul>
        {mayRegister(visit) && (
          <Section title={t.registration} lead={t.registrationLead}>
            <div class="wg-buttons">
              {(client.status === 'saved' || state === 'not-shown') && state !== 'waiting' && (
                <LinkButton href={`${path}/register`} text={t.register} />
              )}
              {client.status === 'registered' && (
                <LinkButton href={`${path}/disable`} text={t.disable} isQuiet />
              )}
              {client.status === 'disabled' && <LinkButton href={`${path}/enable`} text={t.enable} isQuiet />}
              {client.registry?.isShown === true && (
                <LinkButton href={`${path}/rename`} text={t.rename} isQuiet />
              )}
              {(client.registry?.isShown === true || client.status !== 'saved') && (
                <LinkButton href={`${path}/unregister`} text={t.unregister} isQuiet />
              )}
            </div>
          </Section>
        )}
        {mayEdit(visit) && (
          <Section title={t.connection} lead={t.connectionHint}>
            <Form
              action={`${path}/connection`}
              submit={visit.texts.save}
              problems={'connectionType' in values ? problems : []}
              etag={etag}
            >
              <SelectField
                name="connectionType"
                label={t.connection}
                values={{ connectionType: values['connectionType'] ?? client.connectionType }}
                problems={problems}
                choices={connectionChoices(visit)}
              />
            </Form>
          </Section>
        )}
        <Section title={t.certificates} lead={t.certificatesLead}>
          <DataTable view={view} empty={{ title: t.noCertificates }} />
          {mayEdit(visit) && (
            <Form
              action={`${path}/certificates`}
              submit={t.addCertificate}
              problems={'connectionType' in values ? [] : problems}
              etag={etag}
              isUpload
            >
              <Field
                name="certificates"
                type="file"
                label={t.certificateFile}
                hint={t.certificateFileHint}
                problems={problems}
                accept=".pem,.crt,.cer,.der"
              />
            </Form>
          )}
        </Section>
        {mayEdit(visit) && (
          <Section title={t.deletion} lead={t.deletionLead}>
            <div class="wg-buttons">
              <LinkButton href={`${path}/delete`} text={t.delete} isQuiet />
            </div>
          </Section>
        )}
      </>
    ),
  };
}

function certificateColumns(visit: Visit, { id }: Client): readonly Column<string>[] {
  const t = textsOf(visit);
  return [
    { key: 'subject', heading: t.subject, text: (pem) => subjectOf(pem) },
    {
      key: 'sha256',
      heading: t.fingerprint,
      text: digestOf,
      show: (pem) => <Fingerprint hex={digestOf(pem)} algorithm="SHA-256" />,
    },
    {
      key: 'until',
      heading: t.validUntil,
      text: (pem) => untilOf(pem),
      show: (pem) => <Instant at={untilOf(pem)} />,
    },
    {
      key: 'act',
      heading: '',
      text: () => '',
      show: (pem) =>
        mayEdit(visit) && (
          <a
            class="ds-link"
            href={`${clientPath(id)}/certificates/${digestOf(pem)}/remove`}
            aria-label={`${visit.texts.remove}: ${subjectOf(pem)}`}
          >
            {visit.texts.remove}
          </a>
        ),
    },
  ];
}

const subjectOf = (pem: string) => new X509Certificate(pem).subject.split('\n').join(', ');
const untilOf = (pem: string) => new Date(new X509Certificate(pem).validTo).toISOString();
const digestOf = (pem: string) => new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
