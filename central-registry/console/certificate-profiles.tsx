import type { CertificateProfile } from '../../gateway/certificate-profile/index.ts';
import {
  ApiRefusal,
  addConfirmedAct,
  apiPath,
  type Column,
  DataTable,
  Details,
  etagOf,
  Facts,
  Field,
  Form,
  type FormProblem,
  LinkButton,
  type PageContent,
  type Pages,
  Section,
  seeOther,
  submit,
  type Values,
  type Visit,
  viewTable,
} from '../../gateway/console/index.ts';
import { profilesPath, readForms, sayWhere } from './profile-definition.ts';
import { addProfileTrialPage } from './profile-trial.tsx';
import { ProfileInWords } from './profile-words.tsx';
import { textsOf } from './texts.ts';

interface Profile extends CertificateProfile {
  readonly publishedAs: string;
  readonly isShipped: boolean;
  readonly usedBy: readonly string[];
}

/** Beside the profiles, one of which may be called anything. */
const newPath = '/certificate-profile-new';
const api = '/api/v1/certificate-profiles';
const pathOf = (name: string) => `${profilesPath}/${encodeURIComponent(name)}`;
const fields = ['name', 'description', 'publishedAs', 'forms'];

/** How certificates name members: the profiles of X-Road, and own ones. */
export function addCertificateProfilePages(pages: Pages): void {
  pages.get(profilesPath, listPage);

  pages.get(newPath, async (visit) => newPage(visit, await exampleOf(visit), []));
  pages.post(newPath, (visit, form) =>
    submit(form, {
      fields,
      act: async (values) => {
        const { name = '' } = values;
        await requireNew(visit, name);
        return save(visit, name, values);
      },
      again: (values, problems) => newPage(visit, values, problems),
    }),
  );

  pages.get(`${profilesPath}/:name`, (visit) => profilePage(visit, undefined, []));
  pages.post(`${profilesPath}/:name`, (visit, form) =>
    submit(form, {
      fields: fields.slice(1),
      act: (values) => save(visit, visit.param('name'), values, etagOf(form)),
      again: (values, problems) => profilePage(visit, values, problems),
    }),
  );

  addConfirmedAct(pages, {
    path: `${profilesPath}/:name/remove`,
    describe: (visit) => {
      const t = textsOf(visit).profiles;
      const name = visit.param('name');
      return {
        title: `${visit.texts.remove}: ${name}`,
        submit: visit.texts.remove,
        crumbs: [
          { href: profilesPath, text: t.title },
          { href: pathOf(name), text: name },
        ],
        cancel: pathOf(name),
        happens: [t.removeHappens(name)],
      };
    },
    act: async (visit) => {
      await visit.api.send('DELETE', apiPath`/api/v1/certificate-profiles/${visit.param('name')}`);
      return `${profilesPath}?done=removed`;
    },
  });
  addProfileTrialPage(pages);
}

/** @throws ApiRefusal at the field `name` when there is such a profile, or can be none */
async function requireNew(visit: Visit, name: string): Promise<void> {
  const t = textsOf(visit).profiles;
  const all = await visit.api.get<readonly Profile[]>(api);
  const isTaken = all.some((one) => one.name === name);
  if (!isTaken && name !== '') return;
  const detail = isTaken ? t.nameTaken : t.nameHint;
  throw new ApiRefusal(isTaken ? 409 : 422, { detail, errors: [{ pointer: '/name', detail }] });
}

async function save(visit: Visit, name: string, values: Values, etag?: string): Promise<Response> {
  const { description, publishedAs, forms = '' } = values;
  const body = {
    description,
    ...(publishedAs !== '' && { publishedAs }),
    forms: readForms(visit, forms),
  };
  const path = apiPath`/api/v1/certificate-profiles/${name}`;
  await sayWhere(() => visit.api.send('PUT', path, body, etag));
  return seeOther(`${pathOf(name)}?done=saved`);
}

async function listPage(visit: Visit): Promise<PageContent | Response> {
  const t = textsOf(visit).profiles;
  const rows = await visit.api.get<readonly Profile[]>(api);
  const columns: readonly Column<Profile>[] = [
    {
      key: 'name',
      heading: t.name,
      text: ({ name }) => name,
      show: ({ name }) => (
        <a class="ds-link" href={pathOf(name)}>
          {name}
        </a>
      ),
    },
    { key: 'description', heading: t.description, text: ({ description }) => description },
    { key: 'kind', heading: t.kind, text: ({ isShipped }) => (isShipped ? t.shipped : t.own) },
    { key: 'usedBy', heading: t.usedBy, text: ({ usedBy }) => usedBy.join(', ') },
  ];
  const view = viewTable(visit, { name: 'profiles', caption: t.title, columns, rows });
  if (view instanceof Response) return view;
  return {
    title: t.title,
    lead: t.lead,
    ...(visit.url.searchParams.get('done') === 'removed' && { done: t.removed }),
    act: (
      <>
        <LinkButton href={newPath} text={t.add} />
        <LinkButton href="/certificate-profile-trial" text={t.tryIt} isQuiet />
      </>
    ),
    body: <DataTable view={view} empty={{ title: visit.texts.none }} />,
  };
}

/** A new profile starts from the one that the visitor looked at, or from one that reads the usual attributes. */
async function exampleOf(visit: Visit): Promise<Values> {
  const name = visit.url.searchParams.get('from') ?? 'BasicCertificateProfileInfoProvider';
  return {
    ...valuesOf(await visit.api.get<Profile>(apiPath`/api/v1/certificate-profiles/${name}`)),
    name: '',
  };
}

function valuesOf({ name, description, publishedAs, forms }: Profile): Values {
  return { name, description, publishedAs, forms: JSON.stringify(forms, null, 2) };
}

function newPage(visit: Visit, values: Values, problems: readonly FormProblem[]): PageContent {
  const t = textsOf(visit).profiles;
  return {
    title: t.add,
    lead: t.addLead,
    crumbs: [{ href: profilesPath, text: t.title }],
    body: (
      <Form action={newPath} submit={visit.texts.save} problems={problems} cancel={profilesPath}>
        <Field
          name="name"
          label={t.name}
          hint={t.nameHint}
          maxLength={100}
          isCode
          values={values}
          problems={problems}
        />
        <Definition visit={visit} values={values} problems={problems} />
      </Form>
    ),
  };
}

interface DefinitionProps {
  readonly visit: Visit;
  readonly values: Values;
  readonly problems: readonly FormProblem[];
}

function Definition({ visit, ...shared }: DefinitionProps) {
  const t = textsOf(visit).profiles;
  return (
    <>
      <Field name="description" label={t.description} maxLength={1_000} isOptional {...shared} />
      <Field
        name="publishedAs"
        label={t.publishedAs}
        hint={t.publishedAsHint}
        maxLength={255}
        isOptional
        isCode
        {...shared}
      />
      <Field
        name="forms"
        label={t.forms}
        hint={t.formsHint}
        lines={20}
        maxLength={32_768}
        isCode
        {...shared}
      />
    </>
  );
}

async function profilePage(
  visit: Visit,
  typed: Values | undefined,
  problems: readonly FormProblem[],
): Promise<PageContent> {
  const t = textsOf(visit).profiles;
  const name = visit.param('name');
  const { value: profile, etag } = await visit.api.getTagged<Profile>(
    apiPath`/api/v1/certificate-profiles/${name}`,
  );
  const values = valuesOf(profile);
  return {
    title: profile.name,
    lead: profile.description,
    crumbs: [{ href: profilesPath, text: t.title }],
    ...(visit.url.searchParams.get('done') === 'saved' && { done: t.saved }),
    act: (
      <>
        <LinkButton href={`/certificate-profile-trial?profile=${encodeURIComponent(name)}`} text={t.tryIt} />
        <LinkButton href={`${newPath}?from=${encodeURIComponent(name)}`} text={t.addFrom} isQuiet />
        {!profile.isShipped && (
          <LinkButton href={`${pathOf(name)}/remove`} text={visit.texts.remove} isQuiet />
        )}
      </>
    ),
    body: (
      <>
        <Facts
          rows={[
            [t.kind, profile.isShipped ? t.shipped : t.own],
            [t.publishedAs, profile.publishedAs],
            [t.usedBy, profile.usedBy.join(', ')],
          ]}
        />
        <ProfileInWords visit={visit} forms={profile.forms} />
        {profile.isShipped ? (
          <Details summary={t.forms}>
            <code class="wg-pre">{values['forms']}</code>
          </Details>
        ) : (
          <Section title={t.edit}>
            <Form action={pathOf(name)} submit={visit.texts.save} problems={problems} etag={etag}>
              <Definition visit={visit} values={typed ?? values} problems={problems} />
            </Form>
          </Section>
        )}
      </>
    ),
  };
}
