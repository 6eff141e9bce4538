import {
  apiPath,
  type Column,
  Copyable,
  DataTable,
  Facts,
  Field,
  Form,
  type FormProblem,
  type Pages,
  readAll,
  Section,
  SelectField,
  seeOther,
  submit,
  Tag,
  type Values,
  type Visit,
  viewTable,
} from '../../../gateway/console/index.ts';
import { type Client, type KnownSubject, mayEdit } from '../clients/index.ts';
import { type Service, servicePath } from '../services/index.ts';
import type { Access } from './answers.ts';
import {
  endpointText,
  readValidity,
  Validity,
  ValidityFields,
  validityFields,
  validityText,
} from './grant.tsx';
import { textsOf } from './texts.ts';

const pathOf = (subject: string) => `/access/${encodeURIComponent(subject)}`;

/** Subjects on one page of the search. */
const maxFound = 200;

/** What somebody may use of this server's services, and what may be given to them. */
export function addSubjectSide(pages: Pages): void {
  pages.get('/access', searchPage);
  pages.get('/access/:subject', (visit) => draw(visit, {}, []));
  pages.post('/access/:subject', (visit, form) =>
    submit(form, {
      fields: ['service', 'method', 'path', ...validityFields],
      act: async (values) => {
        const { service = '', method = '', path = '' } = values;
        const at = service.indexOf(' ');
        const [provider, code] = [service.slice(0, at), service.slice(at + 1)];
        const endpoint = method === '' && path === '' ? { method: '*', path: '**' } : { method, path };
        const grant = { subject: visit.param('subject'), ...endpoint, ...readValidity(values) };
        await visit.api.send('POST', apiPath`/api/v1/clients/${provider}/services/${code}/access-rights`, [
          grant,
        ]);
        return seeOther(`${pathOf(visit.param('subject'))}?done=given`);
      },
      again: (values, problems) => draw(visit, values, problems.map(inForm)),
    }),
  );
}

/** A grant is sent in a list: a pointer such as `/0/validUntil` is of the field behind its number. */
function inForm(problem: FormProblem): FormProblem {
  const field = /^\/\d+\/(\w+): (.*)$/s.exec(problem.text);
  if (field === null || problem.name !== '') return problem;
  return { name: field[1] ?? '', text: field[2] ?? '' };
}

async function searchPage(visit: Visit) {
  const t = textsOf(visit);
  const search = visit.url.searchParams.get('q')?.trim().slice(0, 200) ?? '';
  const query = new URLSearchParams({ limit: String(maxFound), ...(search !== '' && { q: search }) });
  const { items: rows, next } = await visit.api.list<KnownSubject>(`/api/v1/subjects?${query}`);
  const columns: readonly Column<KnownSubject>[] = [
    {
      key: 'subject',
      heading: t.subject,
      text: ({ subject }) => subject,
      show: ({ subject }) => (
        <a class="ds-link" href={pathOf(subject)}>
          {subject}
        </a>
      ),
    },
    { key: 'name', heading: t.name, text: ({ name }) => name ?? '' },
    { key: 'member', heading: t.member, text: ({ memberName }) => memberName ?? '' },
    { key: 'kind', heading: t.kind, text: ({ kind }) => t.kinds[kind] },
  ];
  const view = viewTable(visit, { name: 'subjects', caption: t.subjects, columns, rows });
  if (view instanceof Response) return view;
  return {
    title: t.access,
    lead: t.accessLead,
    body: (
      <>
        <Form action="/access" submit={t.find} isQuestion>
          <Field
            name="q"
            label={t.findSubject}
            hint={t.findHint}
            values={{ q: search }}
            maxLength={200}
            isOptional
          />
        </Form>
        {next !== undefined && <p class="wg-hint">{t.narrower}</p>}
        <DataTable view={view} empty={{ title: visit.texts.nothingFound }} />
      </>
    ),
  };
}

async function draw(visit: Visit, values: Values, problems: readonly FormProblem[]) {
  const t = textsOf(visit);
  const subject = visit.param('subject');
  const rows = await visit.api.get<readonly Access[]>(apiPath`/api/v1/subjects/${subject}/access`);
  const view = viewTable(visit, { name: 'access', caption: t.mayUse, columns: columnsOf(visit), rows });
  if (view instanceof Response) return view;
  const services = mayEdit(visit) ? await allServices(visit) : [];
  const common = { values, problems };
  return {
    title: subject,
    lead: t.mayUseLead,
    crumbs: [{ href: '/access', text: t.access }],
    ...(visit.url.searchParams.get('done') === 'given' && { done: t.given }),
    body: (
      <>
        <Facts rows={[[t.subject, <Copyable text={subject} what={t.subject} />]]} />
        <DataTable view={view} empty={{ title: t.nothingGiven }} />
        {services.length > 0 && (
          <Section title={t.give} lead={t.giveToLead}>
            <Form action={pathOf(subject)} submit={t.give} problems={problems}>
              <SelectField
                name="service"
                label={t.service}
                {...common}
                choices={services.map(({ provider, service }) => ({
                  // Encoded identifiers hold no spaces.
                  value: `${provider} ${service.serviceCode}`,
                  text: [`${provider} ${service.serviceCode}`, service.title]
                    .filter((one) => one !== undefined)
                    .join(' – '),
                }))}
              />
              <Field
                name="method"
                label={t.method}
                hint={t.methodHint}
                {...common}
                maxLength={20}
                isOptional
                isCode
              />
              <Field
                name="path"
                label={t.path}
                hint={t.pathHint}
                {...common}
                maxLength={1_000}
                isOptional
                isCode
              />
              <ValidityFields {...{ visit, values, problems }} />
            </Form>
          </Section>
        )}
      </>
    ),
  };
}

/** Services of all clients here; each code once, for rights do not tell versions apart. */
async function allServices(visit: Visit) {
  const clients = await readAll<Client>(visit.api, '/api/v1/clients');
  const lists = await Promise.all(
    clients.map(async ({ id }) => {
      const services = await visit.api.get<readonly Service[]>(apiPath`/api/v1/clients/${id}/services`);
      const byCode = new Map(services.map((service) => [service.serviceCode, service]));
      return [...byCode.values()].map((service) => ({ provider: id, service }));
    }),
  );
  return lists.flat();
}

function columnsOf(visit: Visit): readonly Column<Access>[] {
  const t = textsOf(visit);
  const accessPath = ({ provider, serviceCode }: Access) => `${servicePath(provider, serviceCode)}/access`;
  return [
    {
      key: 'service',
      heading: t.service,
      text: ({ provider, serviceCode }) => `${provider} ${serviceCode}`,
      show: (access) => (
        <>
          <a class="ds-link" href={accessPath(access)}>
            {access.title ?? access.serviceCode}
          </a>
          <span class="wg-hint"> {access.provider}</span>
        </>
      ),
    },
    { key: 'endpoint', heading: t.what, text: (access) => endpointText(visit, access) },
    { key: 'by', heading: t.by, text: ({ by }) => (by === visit.param('subject') ? t.itself : by) },
    {
      key: 'validity',
      heading: t.validity,
      text: (access) => validityText(visit, access),
      show: (access) => (
        <>
          <Validity visit={visit} grant={access} />
          {access.isSwitchedOff && <Tag text={t.switchedOff} color="warning" />}
        </>
      ),
    },
    {
      key: 'act',
      heading: '',
      text: () => '',
      show: (access) =>
        mayEdit(visit) && (
          <a
            class="ds-link"
            href={`${accessPath(access)}/${[access.by, access.method, access.path].map(encodeURIComponent).join('/')}/take`}
            aria-label={`${t.take}: ${access.serviceCode} ${access.method} ${access.path}`}
          >
            {t.take}
          </a>
        ),
    },
  ];
}
