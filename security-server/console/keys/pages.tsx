import {
  ApiRefusal,
  addConfirmedAct,
  apiPath,
  type Column,
  Copyable,
  DataTable,
  Download,
  Facts,
  Instant,
  LinkButton,
  type PageContent,
  type Pages,
  Section,
  type Visit,
  viewTable,
} from '../../../gateway/console/index.ts';
import { type Key, specText, type Token } from '../tokens/index.ts';
import { textsOf } from './texts.ts';
import { addWizardPages } from './wizard.tsx';

interface Request {
  readonly request: string;
  readonly format: 'PEM' | 'DER';
  readonly service?: string;
  readonly use?: string;
  readonly madeAt: string;
}

const pathOf = (id: string) => `/keys/${encodeURIComponent(id)}`;

/** Keys of all tokens: made with a request, shown, deleted. */
export function addKeyPages(pages: Pages): void {
  pages.get('/keys', listPage);
  addWizardPages(pages);
  pages.get('/keys/:key', keyPage);
  pages.get('/keys/:key/request-file', async (visit) => {
    const { request, format } = (await readRequest(visit)) ?? {};
    if (request === undefined) throw new ApiRefusal(404, { code: 'not-found' });
    const isDer = format === 'DER';
    const base64 = request.replaceAll(/-----[^-]+-----|\s/g, '');
    const headers = {
      'content-type': isDer ? 'application/pkcs10' : 'application/x-pem-file',
      'content-disposition': `attachment; filename="request.${isDer ? 'der' : 'pem'}"`,
    };
    return new Response(isDer ? Buffer.from(base64, 'base64') : request, { headers });
  });
  addConfirmedAct(pages, {
    path: '/keys/:key/remove',
    describe: async (visit) => {
      const t = textsOf(visit);
      const key = await requireKey(visit);
      return {
        ...{ title: `${t.remove}: ${nameOf(visit, key)}`, submit: t.remove, cancel: pathOf(key.id) },
        crumbs: [
          { href: '/keys', text: t.keys },
          { href: pathOf(key.id), text: nameOf(visit, key) },
        ],
        happens: t.removeHappens,
      };
    },
    act: async ({ api, param }) => {
      await api.send('DELETE', apiPath`/api/v1/keys/${param('key')}`);
      return '/keys?done=removed';
    },
  });
}

function nameOf(visit: Visit, { label }: Key): string {
  return label === '' ? textsOf(visit).unlabelled : label;
}

async function readRequest({ api, param }: Visit): Promise<Request | undefined> {
  return (await api.get<readonly Request[]>(apiPath`/api/v1/keys/${param('key')}/requests`))[0];
}

async function requireKey({ api, param }: Visit): Promise<Key> {
  const id = param('key');
  const found = (await api.get<readonly Key[]>('/api/v1/keys')).find((key) => key.id === id);
  if (found !== undefined) return found;
  throw new ApiRefusal(404, { code: 'key-not-found', detail: `No token shows a key '${id}'` });
}

async function listPage(visit: Visit): Promise<PageContent | Response> {
  const t = textsOf(visit);
  const [keys, tokens] = await Promise.all([
    visit.api.get<readonly Key[]>('/api/v1/keys'),
    visit.api.get<readonly Token[]>('/api/v1/tokens'),
  ]);
  const labels = new Map(tokens.map(({ id, label }) => [id, label ?? '']));
  const view = viewTable(visit, {
    name: 'keys',
    caption: t.keys,
    columns: columns(visit, labels),
    rows: keys,
  });
  if (view instanceof Response) return view;
  const isRemoved = visit.url.searchParams.get('done') === 'removed';
  return {
    ...{ title: t.keys, lead: t.lead },
    ...(isRemoved && { done: t.removed }),
    act: <LinkButton href="/keys/new" text={t.newKey} />,
    body: <DataTable view={view} empty={{ title: t.none, text: t.noneLead }} />,
  };
}

function columns(visit: Visit, labels: ReadonlyMap<string | undefined, string>): readonly Column<Key>[] {
  const t = textsOf(visit);
  return [
    {
      key: 'label',
      heading: t.label,
      text: (key) => nameOf(visit, key),
      show: (key) => (
        <a class="ds-link" href={pathOf(key.id)}>
          {nameOf(visit, key)}
        </a>
      ),
    },
    { key: 'use', heading: t.use, text: ({ use = 'none' }) => t.uses[use] ?? use },
    { key: 'token', heading: t.token, text: ({ tokenId }) => labels.get(tokenId) ?? tokenId },
    { key: 'spec', heading: t.spec, text: ({ spec }) => specText(spec) },
    { key: 'certificates', heading: t.certificates, text: ({ certificates }) => String(certificates.length) },
    {
      key: 'created',
      heading: t.createdAt,
      text: ({ createdAt }) => createdAt ?? '–',
      show: ({ createdAt }) => (createdAt === undefined ? '–' : <Instant at={createdAt} />),
    },
  ];
}

async function keyPage(visit: Visit): Promise<PageContent> {
  const t = textsOf(visit);
  const [key, request] = [await requireKey(visit), await readRequest(visit)];
  const { id, spec, tokenId, use = 'none', certificates, createdAt } = key;
  const done = { made: t.made, requested: t.requested, ordered: t.ordered }[
    visit.url.searchParams.get('done') ?? ''
  ];
  return {
    title: nameOf(visit, key),
    crumbs: [{ href: '/keys', text: t.keys }],
    ...(done !== undefined && { done }),
    body: (
      <>
        <Facts
          rows={[
            [t.use, t.uses[use] ?? use],
            [t.spec, specText(spec)],
            [t.token, tokenId],
            [t.createdAt, createdAt && <Instant at={createdAt} />],
            [t.identifier, <Copyable text={id} what={t.identifier} />],
          ]}
        />
        {request !== undefined && (
          <Section title={t.request} lead={t.requestLead(request.service ?? '–')}>
            <Facts
              rows={[
                [t.requestMadeAt, <Instant at={request.madeAt} />],
                [t.format, request.format],
              ]}
            />
            <Download href={`${pathOf(id)}/request-file`} text={t.download} />
          </Section>
        )}
        <Section title={t.certificates}>
          {certificates.length === 0 ? (
            <p>{t.noCertificates}</p>
          ) : (
            <ul>
              {certificates.map((sha256) => (
                <li>
                  <a class="ds-link" href={`/certificates/${sha256}`}>
                    <code>{sha256.slice(0, 16)}</code>
                  </a>
                </li>
              ))}
            </ul>
          )}
        </Section>
        <p class="wg-inline">
          {use !== 'internal-tls' && <LinkButton href="/certificates/import" text={t.import} />}
          {use !== 'internal-tls' && (
            <LinkButton
              href={`${pathOf(id)}/request${use === 'none' ? '' : `?use=${use}`}`}
              text={t.requestAgain}
              isQuiet
            />
          )}
          {use === 'internal-tls' ? (
            <LinkButton href="/internal-tls" text={t.uses['internal-tls'] ?? ''} isQuiet />
          ) : (
            <LinkButton href={`${pathOf(id)}/remove`} text={t.remove} isQuiet />
          )}
        </p>
      </>
    ),
  };
}
