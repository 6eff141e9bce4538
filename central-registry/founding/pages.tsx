import {
  type Answer,
  ApiRefusal,
  cookiesOf,
  Facts,
  Field,
  Form,
  type FormProblem,
  Notice,
  type PageContent,
  type Pages,
  passwordOf,
  Section,
  seeOther,
  submit,
  type Values,
  type Visit,
} from '../../gateway/console/index.ts';
import { textsOf } from './texts.ts';

/** Of the first page; the second carries them along. */
const instanceFields = ['instance', 'address', 'memberClasses', 'administrator'];
const secretFields = ['pin', 'administratorPassword'];

interface View {
  readonly isPinKnown: boolean;
  readonly instance?: string;
}

/** Founding an instance in a browser: what it is called first, the secrets after that has been found to fit. */
export function addFoundingPages(pages: Pages): void {
  pages.get('/', (visit) => instancePage(visit));

  pages.post('/', (visit, form) =>
    // Back from the second page, nothing that was entered is lost.
    submit(form, {
      fields: instanceFields,
      act: (values) => instancePage(visit, values),
      again: (values, problems) => instancePage(visit, values, problems),
    }),
  );

  pages.post('/secrets', (visit, form) =>
    submit(form, {
      fields: instanceFields,
      act: async (values) => {
        await visit.api.send('POST', '/api/v1/founding/check', requestOf(values));
        return secretsPage(visit, await view(visit), values);
      },
      again: (values, problems) => instancePage(visit, values, problems),
    }),
  );

  pages.post('/found', (visit, form) =>
    submit(form, {
      fields: instanceFields,
      act: (values) => found(visit, form, values),
      again: (values, problems) => instancePage(visit, values, problems),
    }),
  );
}

async function found(visit: Visit, form: FormData, values: Values): Promise<Answer> {
  const different = secretFields
    .filter((name) => passwordOf(form, name) !== passwordOf(form, `${name}Again`))
    .map((name) => ({ name: `${name}Again`, text: textsOf(visit).different }));
  const seen = await view(visit);
  const refused = (problems: readonly FormProblem[], status = 422): PageContent => ({
    ...secretsPage(visit, seen, values, problems),
    ...{ status, isRefused: true },
  });
  if (different.length > 0) return refused(different);
  const secrets = secretFields
    .filter((name) => form.has(name))
    .map((name) => [name, passwordOf(form, name)] as const);
  try {
    const body = { ...requestOf(values), ...Object.fromEntries(secrets) };
    const response = await visit.api.fetch('/api/v1/founding', { method: 'POST', body });
    return seeOther('/sign-in', cookiesOf(response));
  } catch (error) {
    const isOfInstance =
      error instanceof ApiRefusal &&
      error.errors.some(({ pointer }) => instanceFields.includes(pointer.split('/')[1] ?? ''));
    if (!(error instanceof ApiRefusal) || isOfInstance || [401, 403].includes(error.status)) throw error;
    const problems =
      error.errors.length === 0
        ? [{ name: '', text: error.message }]
        : error.errors.map(({ pointer, detail }) => ({ name: pointer.slice(1), text: detail }));
    return refused(problems, error.status);
  }
}

function view({ api }: Visit): Promise<View> {
  return api.get('/api/v1/founding');
}

/** As the API takes it. */
function requestOf({ memberClasses = '', ...values }: Values) {
  const lines = memberClasses.split('\n').map((line) => line.trim());
  return {
    ...values,
    memberClasses: lines
      .filter((line) => line !== '')
      .map((line) => {
        const [code = '', ...words] = line.split(/\s+/);
        return { code, description: words.length === 0 ? code : words.join(' ') };
      }),
  };
}

async function instancePage(
  visit: Visit,
  typed?: Values,
  problems: readonly FormProblem[] = [],
): Promise<PageContent> {
  const t = textsOf(visit);
  const { instance } = await view(visit);
  const values = typed ?? {
    ...(instance !== undefined && { instance }),
    ...{ address: visit.url.hostname.replace(/^\[|\]$/g, ''), memberClasses: t.firstClasses },
  };
  const shared = { values, problems };
  return {
    title: t.title,
    lead: t.lead,
    body: (
      <>
        {instance !== undefined && <Notice kind="info">{t.cutShort(instance)}</Notice>}
        <Form action="/secrets" submit={t.goOn} problems={problems}>
          <Field name="instance" label={t.instance} hint={t.instanceHint} maxLength={255} {...shared} />
          <Field name="address" label={t.address} hint={t.addressHint} maxLength={255} {...shared} />
          <Field
            name="memberClasses"
            label={t.memberClasses}
            hint={t.memberClassesHint}
            lines={4}
            isOptional
            {...shared}
          />
          <Field
            name="administrator"
            label={t.administrator}
            hint={t.administratorHint}
            autocomplete="username"
            maxLength={64}
            {...shared}
          />
        </Form>
        <p class="wg-hint">{t.authorities}</p>
      </>
    ),
  };
}

function secretsPage(
  visit: Visit,
  { isPinKnown }: View,
  values: Values,
  problems: readonly FormProblem[] = [],
): PageContent {
  const t = textsOf(visit);
  const { administrator = '' } = values;
  const secret = { type: 'password', autocomplete: 'new-password', problems, maxLength: 1024 } as const;
  const carried = instanceFields.map((name) => <input type="hidden" name={name} value={values[name]} />);
  return {
    title: t.secrets,
    lead: t.secretsLead,
    body: (
      <div class="wg-sections">
        <Section title={t.chosen}>
          <Facts
            rows={[
              [t.instance, values['instance']],
              [t.address, values['address']],
              [
                t.memberClasses,
                requestOf(values)
                  .memberClasses.map(({ code }) => code)
                  .join(', '),
              ],
              [t.administrator, administrator],
            ]}
          />
          <Form action="/" submit={t.chooseAgain} isQuiet>
            {carried}
          </Form>
        </Section>
        <Form action="/found" submit={t.found} problems={problems}>
          {carried}
          {/* A password manager keeps the password under this name. */}
          <input type="hidden" name="username" autocomplete="username" value={administrator} />
          {!isPinKnown && (
            <>
              <Field name="pin" label={t.pin} hint={t.pinHint} {...secret} />
              <Field name="pinAgain" label={t.pinAgain} {...secret} />
            </>
          )}
          <Field
            name="administratorPassword"
            label={t.password(administrator)}
            hint={t.passwordHint}
            {...secret}
          />
          <Field name="administratorPasswordAgain" label={t.passwordAgain} {...secret} />
        </Form>
      </div>
    ),
  };
}
