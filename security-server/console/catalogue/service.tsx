import {
  apiPath,
  type Column,
  Copyable,
  DataTable,
  Details,
  Facts,
  Instant,
  LinkButton,
  Notice,
  type PageContent,
  type Pages,
  Section,
  Tag,
  type Visit,
  viewTable,
} from '../../../gateway/console/index.ts';
import { type DescribedService, type Example, type Operation, servicePagePath } from './answers.ts';
import { textsOf } from './texts.ts';

/** One service: what its provider says of it, and how programs call it. */
export function addServicePage(pages: Pages): void {
  pages.get('/catalogue/services/:service', async (visit): Promise<PageContent | Response> => {
    const t = textsOf(visit);
    const asked = new URLSearchParams();
    for (const name of ['client', 'method', 'path']) {
      const value = visit.url.searchParams.get(name)?.slice(0, 2_000) ?? '';
      if (value !== '') asked.set(name, value);
    }
    const service = await visit.api.get<DescribedService>(
      `${apiPath`/api/v1/catalogue/services/${visit.param('service')}`}?${asked}`,
    );
    const endpoints = viewTable(visit, {
      ...{ name: 'endpoints', caption: t.endpoints, rows: service.endpoints },
      columns: endpointColumns(visit),
    });
    if (endpoints instanceof Response) return endpoints;
    const { description, example } = service;
    return {
      title: service.title ?? service.serviceCode,
      lead: t.serviceLead,
      crumbs: [{ href: '/catalogue', text: t.title }],
      ...(tryItPath(visit, service) !== undefined && {
        act: <LinkButton href={tryItPath(visit, service) ?? ''} text={t.tryIt} />,
      }),
      body: (
        <div class="wg-sections">
          <ServiceFacts visit={visit} service={service} />
          {description?.description !== undefined && (
            <Section title={t.description}>
              <Written text={description.description} />
            </Section>
          )}
          {description !== undefined && description.operations.length > 0 && (
            <Operations visit={visit} service={service} operations={description.operations} />
          )}
          {description !== undefined && description.omitted > 0 && (
            <p class="wg-hint">{t.omitted(description.omitted)}</p>
          )}
          {service.endpoints.length > 0 && (
            <Section title={t.endpoints} lead={t.endpointsLead}>
              <DataTable view={endpoints} empty={{ title: t.nothing }} />
            </Section>
          )}
          <Section title={t.examples} lead={t.examplesLead}>
            {example === undefined || example.calls.length === 0 ? (
              <p>{example === undefined ? t.noClient : t.noExamples}</p>
            ) : (
              <Examples visit={visit} example={example} />
            )}
          </Section>
        </div>
      ),
    };
  });
}

function ServiceFacts({ visit, service }: { readonly visit: Visit; readonly service: DescribedService }) {
  const t = textsOf(visit);
  const { id, provider, kind, mayCall, client, description, descriptionError, describedAt } = service;
  const { contact } = description ?? {};
  const whom = [contact?.name, contact?.email, contact?.url].filter((one) => one !== undefined);
  return (
    <>
      {provider.error !== undefined && (
        <Notice kind="warning" heading={t.silentNow}>
          <p lang="en">
            <code>{provider.error.code}</code> {provider.error.text}
          </p>
        </Notice>
      )}
      <Facts
        rows={[
          [t.identifier, <Copyable text={id} what={t.identifier} />],
          [t.offeredBy, [provider.name, provider.memberName].filter(Boolean).join(', ')],
          [t.kind, t.kinds[kind]],
          [t.version, description?.version],
          [
            t.contact,
            whom.length === 0 ? t.noContact : whom.map((one) => <Copyable text={one} what={t.contact} />),
          ],
          [t.client, client === undefined ? undefined : <code>{client}</code>],
          [t.mayCall, <Tag text={t.mayCalls[mayCall]} meaning={t.mayCallMeanings[mayCall]} />],
          [t.told, provider.gatheredAt === undefined ? undefined : <Instant at={provider.gatheredAt} />],
          [
            t.describedAt,
            describedAt === undefined ? undefined : (
              <>
                <Instant at={describedAt} />
                {descriptionError !== undefined && (
                  <p lang="en">
                    <code>{descriptionError.code}</code> {descriptionError.text}
                  </p>
                )}
              </>
            ),
          ],
        ]}
      />
    </>
  );
}

interface OperationsProps {
  readonly visit: Visit;
  readonly service: DescribedService;
  readonly operations: readonly Operation[];
}

function Operations({ visit, service, operations }: OperationsProps) {
  const t = textsOf(visit);
  return (
    <Section title={t.operations}>
      {operations.map((operation) => (
        <Details
          summary={`${operation.method} ${operation.path}${operation.summary === undefined ? '' : `: ${operation.summary}`}`}
        >
          {operation.isDeprecated && <Tag text={t.deprecated} color="warning" />}
          {operation.description !== undefined && <Written text={operation.description} />}
          <Facts
            rows={[
              ...operation.parameters.map((one) => [one.name, parameterText(visit, one)] as const),
              [t.body, bodyText(visit, operation.body)],
              ...operation.answers.map(
                ({ status, description }) => [`${t.answer} ${status}`, description] as const,
              ),
            ]}
          />
          <LinkButton
            href={servicePagePath(service.id, service.client, operation)}
            text={`${t.exampleOf} ${operation.method} ${operation.path}`}
            isQuiet
          />
        </Details>
      ))}
    </Section>
  );
}

function parameterText(visit: Visit, one: Operation['parameters'][number]): string {
  const t = textsOf(visit);
  const facts = [t.places[one.in], one.isRequired ? t.required : t.optional, one.description];
  const example = one.example === undefined ? undefined : `${t.suchAs} ${one.example}`;
  return [...facts, example].filter((text) => text !== undefined).join(', ');
}

function bodyText(visit: Visit, body: Operation['body']): string | undefined {
  const t = textsOf(visit);
  return body && `${body.contentType}, ${body.isRequired ? t.required : t.optional}`;
}

function Examples({ visit, example }: { readonly visit: Visit; readonly example: Example }) {
  const t = textsOf(visit);
  return (
    <>
      {example.path !== undefined && (
        <p>
          <code>
            {example.method} {example.path === '' ? '/' : example.path}
          </code>
        </p>
      )}
      {example.calls.map(({ language, text }, index) => (
        <Details summary={language} isOpen={index === 0}>
          <pre class="wg-pre">
            <Copyable text={text} what={`${t.example} ${language}`} />
          </pre>
        </Details>
      ))}
    </>
  );
}

/** A stranger's text, line by line. */
function Written({ text }: { readonly text: string }) {
  return (
    <>
      {text
        .split(/\n{2,}/)
        .filter((part) => part.trim() !== '')
        .map((part) => (
          <p>{part}</p>
        ))}
    </>
  );
}

function endpointColumns(visit: Visit): readonly Column<DescribedService['endpoints'][number]>[] {
  const t = textsOf(visit);
  const may = (mayCall: boolean | undefined) =>
    t.mayCalls[mayCall === undefined ? 'unknown' : mayCall ? 'yes' : 'no'];
  return [
    { key: 'method', heading: t.method, text: ({ method }) => method },
    { key: 'path', heading: t.path, text: ({ path }) => path, show: ({ path }) => <code>{path}</code> },
    { key: 'mayCall', heading: t.mayCall, text: ({ mayCall }) => may(mayCall) },
  ];
}

/** A body that is longer would make the address of the page too long. */
const maxBodyInAddress = 2_000;

/** The page that tries the call of the example, filled in; undefined for who may not, and for SOAP. */
function tryItPath(visit: Visit, { provider, serviceCode, kind, client, example }: DescribedService) {
  const mayTry = visit.session?.roles.includes('service-administrator') === true;
  if (!mayTry || kind === 'WSDL' || client === undefined || example === undefined) return undefined;
  const { method, path = '', contentType, body } = example;
  const query = new URLSearchParams({
    ...{ client, provider: provider.id, serviceCode, method, path },
    ...(contentType !== undefined && { contentType }),
    ...(body !== undefined && body.length <= maxBodyInAddress && { body }),
  });
  return `/try-it?${query}`;
}
