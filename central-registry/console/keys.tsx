import {
  ApiRefusal,
  addConfirmedAct,
  apiPath,
  Copyable,
  Download,
  Facts,
  Fingerprint,
  Form,
  Instant,
  type PageContent,
  type Pages,
  Section,
  SelectField,
  type Step,
  Steps,
  seeOther,
  submit,
  Tag,
  type Visit,
} from '../../gateway/console/index.ts';
import { textsOf } from './texts.ts';

interface ConfigurationKey {
  readonly keyId: string;
  readonly source: 'internal' | 'external';
  readonly isActive: boolean;
  readonly createdAt: string;
}

interface Anchor {
  readonly downloadUrl: string;
  readonly sha224: string;
}

/** Of new keys, the usual one first. */
const algorithms: Readonly<Record<string, { readonly text: string; readonly spec: object }>> = {
  'P-256': { text: 'ECDSA P-256', spec: { type: 'ec', curve: 'P-256' } },
  'P-384': { text: 'ECDSA P-384', spec: { type: 'ec', curve: 'P-384' } },
  'rsa-2048': { text: 'RSA 2048', spec: { type: 'rsa', bits: 2048 } },
  'rsa-3072': { text: 'RSA 3072', spec: { type: 'rsa', bits: 3072 } },
  'rsa-4096': { text: 'RSA 4096', spec: { type: 'rsa', bits: 4096 } },
};

const sources = ['internal', 'external'] as const;

/** Configuration keys: made, activated and deleted, with the anchors that follow from them. */
export function addKeyPages(pages: Pages): void {
  pages.get('/keys', keysPage);
  pages.post('/keys', (visit, form) =>
    submit(form, {
      fields: ['source', 'algorithm'],
      act: async ({ source, algorithm = '' }) => {
        const spec = Object.hasOwn(algorithms, algorithm) ? algorithms[algorithm]?.spec : undefined;
        await visit.api.send('POST', '/api/v1/keys', { source, ...(spec !== undefined && { spec }) });
        return seeOther('/keys?done=made');
      },
      again: () => keysPage(visit),
    }),
  );
  pages.get('/keys/anchors/:source', async ({ api, param }) => {
    const response = await api.fetch(apiPath`/api/v1/anchors/${param('source')}/file`);
    const headers = new Headers({ 'content-type': 'text/xml; charset=UTF-8' });
    const name = response.headers.get('content-disposition');
    if (name !== null) headers.set('content-disposition', name);
    return new Response(response.body, { headers });
  });

  addConfirmedAct(pages, {
    path: '/keys/:keyId/activate',
    describe: (visit) => ({
      ...act(visit, textsOf(visit).activate),
      happens: [textsOf(visit).activateHappens],
      isDangerous: false,
    }),
    act: async ({ api, param }) => {
      await api.send('POST', apiPath`/api/v1/keys/${param('keyId')}/activation`);
      return '/keys?done=activated';
    },
  });
  addConfirmedAct(pages, {
    path: '/keys/:keyId/remove',
    describe: (visit) => ({ ...act(visit, visit.texts.remove), happens: [textsOf(visit).deleteKeyHappens] }),
    act: async ({ api, param }) => {
      await api.send('DELETE', apiPath`/api/v1/keys/${param('keyId')}`);
      return '/keys?done=deleted';
    },
  });
}

function act(visit: Visit, word: string) {
  return {
    title: `${word}: ${visit.param('keyId')}`,
    submit: word,
    crumbs: [{ href: '/keys', text: textsOf(visit).keys }],
    cancel: '/keys',
  };
}

async function keysPage(visit: Visit): Promise<PageContent> {
  const t = textsOf(visit);
  const keys = await visit.api.get<readonly ConfigurationKey[]>('/api/v1/keys');
  const anchors = await Promise.all(sources.map((source) => readAnchor(visit, source)));
  const done = { made: t.keyMade, activated: t.keyActivated, deleted: t.keyDeleted }[
    visit.url.searchParams.get('done') ?? ''
  ];
  return {
    title: t.keys,
    lead: t.keysLead,
    ...(done !== undefined && { done }),
    body: (
      <>
        {sources.map((source, index) => (
          <SourcePart
            visit={visit}
            source={source}
            anchor={anchors[index]}
            keys={keys.filter((key) => key.source === source)}
          />
        ))}
      </>
    ),
  };
}

/** A source whose last key is gone has no anchor. */
async function readAnchor({ api }: Visit, source: string): Promise<Anchor | undefined> {
  try {
    return await api.get<Anchor>(apiPath`/api/v1/anchors/${source}`);
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 404) return undefined;
    throw error;
  }
}

interface SourceProps {
  readonly visit: Visit;
  readonly source: 'internal' | 'external';
  readonly keys: readonly ConfigurationKey[];
  readonly anchor: Anchor | undefined;
}

function SourcePart({ visit, source, keys, anchor }: SourceProps) {
  const t = textsOf(visit);
  return (
    <Section title={t.sources[source]}>
      {anchor !== undefined && (
        <>
          <Facts
            rows={[
              [t.downloadUrl, <Copyable text={anchor.downloadUrl} what={t.downloadUrl} />],
              [t.anchor, <Fingerprint hex={anchor.sha224} algorithm="SHA-224" />],
            ]}
          />
          <p class="wg-hint">{t.anchorLead}</p>
          <p>
            <Download href={`/keys/anchors/${source}`} text={t.downloadAnchor} />
          </p>
        </>
      )}
      {keys.map((key) => (
        <KeyFacts visit={visit} of={key} />
      ))}
      <h3 class="ds-heading" data-size="2xs">
        {t.rotation}
      </h3>
      <p class="wg-hint">{t.rotationLead}</p>
      <Steps steps={rotation(visit, keys)} />
      <Form action="/keys" submit={t.makeKey}>
        <input type="hidden" name="source" value={source} />
        <SelectField
          name="algorithm"
          id={`algorithm-${source}`}
          label={t.algorithm}
          hint={t.algorithmHint}
          choices={Object.entries(algorithms).map(([value, { text }]) => ({ value, text }))}
        />
      </Form>
    </Section>
  );
}

function KeyFacts({ visit, of }: { readonly visit: Visit; readonly of: ConfigurationKey }) {
  const t = textsOf(visit);
  const { keyId, isActive, createdAt } = of;
  const path = `/keys/${encodeURIComponent(keyId)}`;
  return (
    <Facts
      rows={[
        [t.key, <Copyable text={keyId} what={t.key} />],
        [
          visit.texts.state,
          isActive ? <Tag text={t.active} color="success" /> : <Tag text={t.waitingKey} color="info" />,
        ],
        [visit.texts.createdAt, <Instant at={createdAt} />],
        [
          visit.texts.actions,
          isActive ? undefined : (
            <span class="wg-inline">
              <a class="ds-link" href={`${path}/activate`} aria-label={`${t.activate}: ${keyId}`}>
                {t.activate}
              </a>
              <a class="ds-link" href={`${path}/remove`} aria-label={`${visit.texts.remove}: ${keyId}`}>
                {visit.texts.remove}
              </a>
            </span>
          ),
        ],
      ]}
    />
  );
}

/** Where a change of keys stands, read from the keys there are: the newest signs at its end, alone. */
function rotation(visit: Visit, keys: readonly ConfigurationKey[]): readonly Step[] {
  const { rotationSteps: t } = textsOf(visit);
  const newest = [...keys].sort((a, b) => b.createdAt.localeCompare(a.createdAt))[0];
  const isUnderWay = keys.length > 1;
  const isSigning = isUnderWay && newest?.isActive === true;
  const before = (isNow: boolean) => (isNow ? 'current' : 'waiting');
  return [
    { title: t.make, detail: t.makeWhy, state: isUnderWay ? 'done' : 'current' },
    { title: t.wait, detail: t.waitWhy, state: isSigning ? 'done' : before(isUnderWay) },
    { title: t.activate, detail: t.activateWhy, state: isSigning ? 'done' : before(false) },
    { title: t.remove, detail: t.removeWhy, state: before(isSigning) },
  ];
}
