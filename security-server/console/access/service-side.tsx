import {
  addConfirmedAct,
  apiPath,
  CheckboxField,
  type Column,
  DataTable,
  Field,
  Form,
  type FormProblem,
  type Pages,
  Section,
  SelectField,
  seeOther,
  submit,
  type Values,
  type Visit,
  viewTable,
} from '../../../gateway/console/index.ts';
import { type KnownSubject, mayEdit } from '../clients/index.ts';
import { type Service, serviceCrumbs, servicePath } from '../services/index.ts';
import type { Right, SubjectRights } from './answers.ts';
import {
  endpointText,
  readValidity,
  Validity,
  ValidityFields,
  validityFields,
  validityText,
} from './grant.tsx';
import { textsOf } from './texts.ts';

const serviceOf = ({ param }: Visit) =>
  apiPath`/api/v1/clients/${param('client')}/services/${param('service')}`;
const pathOf = ({ param }: Visit) => `${servicePath(param('client'), param('service'))}/access`;

/** Subjects that a search finds at once. */
const maxFound = 100;

/** Who may use a service: listed, given and taken. */
export function addServiceSide(pages: Pages): void {
  pages.get('/clients/:client/services/:service/access', (visit) => draw(visit, {}, [], []));
  pages.post('/clients/:client/services/:service/access', (visit, form) => {
    const chosen = form.getAll('endpoints').filter((one) => typeof one === 'string');
    return submit(form, {
      fields: ['subject', 'q', ...validityFields],
      act: async (values) => {
        if (chosen.length === 0) {
          const problem = { name: 'endpoints', text: textsOf(visit).chooseEndpoint };
          return draw(visit, values, [problem], chosen);
        }
        const { subject } = values;
        const validity = readValidity(values);
        const grants = chosen.map((one) => ({ subject, ...readEndpoint(one), ...validity }));
        await visit.api.send('POST', `${serviceOf(visit)}/access-rights`, grants);
        return seeOther(`${pathOf(visit)}?done=given`);
      },
      again: (values, problems) => draw(visit, values, problems.map(inForm), chosen),
    });
  });
  addConfirmedAct(pages, {
    path: '/clients/:client/services/:service/access/:subject/:method/:path/take',
    describe: (visit) => {
      const t = textsOf(visit);
      const endpoint = { method: visit.param('method'), path: visit.param('path') };
      return {
        title: t.take,
        submit: t.take,
        crumbs: [...serviceCrumbs(visit), { href: pathOf(visit), text: t.whoMay }],
        cancel: pathOf(visit),
        happens: [t.takeHappens(visit.param('subject'), endpointText(visit, endpoint))],
      };
    },
    act: async (visit) => {
      const [subject, method, path] = [visit.param('subject'), visit.param('method'), visit.param('path')];
      const query = new URLSearchParams({ subject, method, path });
      await visit.api.send('DELETE', `${serviceOf(visit)}/access-rights?${query}`);
      return `${pathOf(visit)}?done=taken`;
    },
  });
}

/** Grants are sent as a list: a pointer such as `/0/validUntil` is of the field behind its number. */
function inForm(problem: FormProblem): FormProblem {
  const field = /^\/\d+\/(\w+): (.*)$/s.exec(problem.text);
  if (field === null || problem.name !== '') return problem;
  return { name: field[1] ?? '', text: field[2] ?? '' };
}

const writeEndpoint = ({ method, path }: { readonly method: string; readonly path: string }) =>
  `${method} ${path}`;

function readEndpoint(text: string) {
  const at = text.indexOf(' ');
  return { method: text.slice(0, at), path: text.slice(at + 1) };
}

async function draw(
  visit: Visit,
  values: Values,
  problems: readonly FormProblem[],
  chosen: readonly string[],
) {
  const t = textsOf(visit);
  const client = visit.param('client');
  const [service, bySubject] = await Promise.all([
    visit.api.get<Service>(serviceOf(visit)),
    visit.api.get<readonly SubjectRights[]>(`${serviceOf(visit)}/access-rights`),
  ]);
  const rows = bySubject.flatMap(({ subject, endpoints }) =>
    endpoints.map((grant): Right => ({ subject, ...grant })),
  );
  const view = viewTable(visit, { name: 'rights', caption: t.rights, columns: columnsOf(visit), rows });
  if (view instanceof Response) return view;
  const search = (values['q'] ?? visit.url.searchParams.get('q') ?? '').trim().slice(0, 200);
  const done = ({ given: t.given, taken: t.taken } as Record<string, string>)[
    visit.url.searchParams.get('done') ?? ''
  ];
  return {
    title: t.whoMay,
    lead: t.whoMayLead(service.title ?? service.serviceCode),
    crumbs: serviceCrumbs(visit),
    ...(done !== undefined && { done }),
    body: (
      <>
        <DataTable view={view} empty={{ title: t.nobody, text: t.nobodyLead }} />
        {mayEdit(visit) && (
          <Section title={t.give} lead={t.giveLead}>
            <Form action={`${pathOf(visit)}#found`} submit={t.find} isQuestion isQuiet>
              <Field
                name="q"
                label={t.findSubject}
                hint={t.findHint}
                values={{ q: search }}
                maxLength={200}
              />
            </Form>
            {search !== '' && (
              <Found
                {...{ visit, service, values, problems, chosen, search }}
                found={await find(visit, client, search)}
              />
            )}
          </Section>
        )}
      </>
    ),
  };
}

async function find(visit: Visit, client: string, q: string): Promise<readonly KnownSubject[]> {
  const query = new URLSearchParams({ q, client, limit: String(maxFound) });
  const { items } = await visit.api.list<KnownSubject>(`/api/v1/subjects?${query}`);
  return items;
}

function Found({
  visit,
  service,
  found,
  values,
  problems,
  chosen,
  search,
}: {
  readonly visit: Visit;
  readonly service: Service;
  readonly found: readonly KnownSubject[];
  readonly values: Values;
  readonly problems: readonly FormProblem[];
  readonly chosen: readonly string[];
  readonly search: string;
}) {
  const t = textsOf(visit);
  if (found.length === 0) return <p id="found">{visit.texts.nothingFound}</p>;
  const endpoints = service.kind === 'WSDL' ? [] : service.endpoints;
  return (
    <div id="found">
      {found.length === maxFound && <p class="wg-hint">{t.narrower}</p>}
      <Form action={pathOf(visit)} submit={t.give} problems={problems}>
        <input type="hidden" name="q" value={search} />
        <SelectField
          name="subject"
          label={t.subject}
          {...{ values, problems }}
          choices={found.map(({ subject, name, memberName }) => ({
            value: subject,
            text: [subject, name, memberName].filter((one) => one !== undefined).join(' – '),
          }))}
        />
        <CheckboxField
          name="endpoints"
          label={t.what}
          hint={t.whatHint}
          choices={[
            { value: '* **', text: t.wholeService },
            ...endpoints.map((one) => ({ value: writeEndpoint(one), text: writeEndpoint(one) })),
          ]}
          chosen={chosen}
          problems={problems}
        />
        <ValidityFields {...{ visit, values, problems }} />
      </Form>
    </div>
  );
}

function columnsOf(visit: Visit): readonly Column<Right>[] {
  const t = textsOf(visit);
  return [
    {
      key: 'subject',
      heading: t.subject,
      text: ({ subject }) => subject,
      show: ({ subject }) => (
        <a class="ds-link" href={`/access/${encodeURIComponent(subject)}`}>
          {subject}
        </a>
      ),
    },
    { key: 'endpoint', heading: t.what, text: (right) => endpointText(visit, right) },
    {
      key: 'validity',
      heading: t.validity,
      text: (right) => validityText(visit, right),
      show: (right) => <Validity visit={visit} grant={right} />,
    },
    {
      key: 'act',
      heading: '',
      text: () => '',
      show: ({ subject, method, path }) =>
        mayEdit(visit) && (
          <a
            class="ds-link"
            href={`${pathOf(visit)}/${[subject, method, path].map(encodeURIComponent).join('/')}/take`}
            aria-label={`${t.take}: ${subject} ${method} ${path}`}
          >
            {t.take}
          </a>
        ),
    },
  ];
}
