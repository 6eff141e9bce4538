import {
  apiPath,
  Form,
  type FormProblem,
  type PageContent,
  type Pages,
  Section,
  seeOther,
  submit,
  type Values,
  type Visit,
} from '../../../gateway/console/index.ts';
import { crumbsOf } from '../clients/index.ts';
import { servicesPath, versionedName, type WsdlDifference, wsdlPath } from './answers.ts';
import { fileOf, maxDocumentForm, maxFileForm, SourceFields } from './source.tsx';
import { textsOf } from './texts.ts';

const apiOf = ({ param }: Visit) =>
  apiPath`/api/v1/clients/${param('client')}/service-descriptions/${param('wsdl')}`;
const pathOf = ({ param }: Visit) => wsdlPath(param('client'), param('wsdl'));

interface Source {
  readonly url?: string | undefined;
  readonly document?: string | undefined;
}

/** A WSDL that is read again: looked at before it is accepted. */
export function addWsdlRenewal(pages: Pages): void {
  pages.get('/clients/:client/wsdls/:wsdl/renew', (visit) => choosePage(visit, {}, []));
  pages.post(
    '/clients/:client/wsdls/:wsdl/renew',
    (visit, form) =>
      submit(form, {
        fields: ['url'],
        act: async ({ url = '' }) => {
          const document = await fileOf(form, 'document');
          const source = document === undefined ? (url === '' ? {} : { url }) : { document };
          return previewPage(visit, source, []);
        },
        again: (values, problems) => choosePage(visit, values, problems),
      }),
    { maxBytes: maxFileForm },
  );
  pages.post(
    '/clients/:client/wsdls/:wsdl/accept',
    (visit, form) => {
      const text = (name: string) => {
        const value = form.get(name);
        return typeof value === 'string' && value !== '' ? value : undefined;
      };
      const source: Source = { url: text('url'), document: text('document') };
      return submit(form, {
        fields: ['digest'],
        act: async ({ digest }) => {
          await visit.api.send('POST', `${apiOf(visit)}/refresh`, { ...source, digest });
          return seeOther(`${pathOf(visit)}?done=accepted`);
        },
        again: (_values, problems) => previewPage(visit, source, problems),
      });
    },
    { maxBytes: maxDocumentForm },
  );
}

function crumbs(visit: Visit) {
  return [
    ...crumbsOf(visit),
    { href: servicesPath(visit.param('client')), text: textsOf(visit).services },
    { href: pathOf(visit), text: 'WSDL' },
  ];
}

function choosePage(visit: Visit, values: Values, problems: readonly FormProblem[]): PageContent {
  const t = textsOf(visit);
  return {
    title: t.renewDescription,
    lead: t.renewLead,
    crumbs: crumbs(visit),
    body: (
      <Form
        action={`${pathOf(visit)}/renew`}
        submit={t.look}
        problems={problems}
        cancel={pathOf(visit)}
        isUpload
      >
        <SourceFields visit={visit} {...{ values, problems }} accept=".wsdl,.xml" />
      </Form>
    ),
  };
}

async function previewPage(
  visit: Visit,
  source: Source,
  problems: readonly FormProblem[],
): Promise<PageContent> {
  const t = textsOf(visit);
  const found = await visit.api.send<WsdlDifference>('POST', `${apiOf(visit)}/preview`, source);
  const lists: readonly (readonly [string, readonly string[]])[] = [
    [t.servicesAdded, found.added.map((one) => `${versionedName(one)} – ${one.url}`)],
    [t.servicesRemoved, found.removed.map((one) => `${versionedName(one)} – ${t.rightsGo}`)],
    [
      t.servicesMoved,
      found.moved.map(
        (one) => `${versionedName(one)} – ${one.from} → ${one.to}, ${t.calledAt} ${one.calledAt}`,
      ),
    ],
  ];
  return {
    title: t.changesOf('WSDL'),
    lead: t.changesLead,
    crumbs: crumbs(visit),
    body: (
      <>
        {lists.map(([title, names]) => (
          <Section title={`${title} (${names.length})`}>
            {names.length === 0 ? (
              <p>{visit.texts.none}</p>
            ) : (
              <ul>
                {names.map((name) => (
                  <li>{name}</li>
                ))}
              </ul>
            )}
          </Section>
        ))}
        <Form
          action={`${pathOf(visit)}/accept`}
          submit={t.accept}
          problems={problems}
          cancel={pathOf(visit)}
          isDangerous={found.removed.length > 0}
        >
          <input type="hidden" name="digest" value={found.digest} />
          {source.url !== undefined && <input type="hidden" name="url" value={source.url} />}
          {source.document !== undefined && <input type="hidden" name="document" value={source.document} />}
        </Form>
      </>
    ),
  };
}
