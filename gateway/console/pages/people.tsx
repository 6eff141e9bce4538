import { type Pages, seeOther } from '../answer.ts';
import { ApiRefusal, apiPath } from '../api-client.ts';
import { ConfirmForm } from '../components/confirm-form.tsx';
import { type Column, DataTable, viewTable } from '../components/data-table.tsx';
import { CheckboxField, Field } from '../components/field.tsx';
import { Form, type FormProblem, problemsOf, type Values } from '../components/form.tsx';
import { Instant } from '../components/instant.tsx';
import type { PageContent } from '../components/page.tsx';
import { Facts, LinkButton, Section } from '../components/parts.tsx';
import { Tag } from '../components/tag.tsx';
import { etagOf, isConfirmed, passwordOf } from '../protect.ts';
import { submit } from '../submit.ts';
import type { Visit } from '../visit.ts';

interface Person {
  readonly name: string;
  readonly roles: readonly string[];
  readonly signsInWith: 'password' | 'oidc';
  readonly hasSecondFactor: boolean;
  readonly createdAt: string;
  readonly signedInAt?: string;
}

interface TaggedPerson extends Person {
  readonly etag: string | undefined;
}

/** Who may sign in and as what: for system administrators. */
export function addPeoplePages(pages: Pages): void {
  pages.get('/people', async (visit) => {
    const { texts, api, url } = visit;
    const rows = await api.get<readonly Person[]>('/api/v1/users');
    const view = viewTable(visit, { name: 'people', caption: texts.people, columns: columns(visit), rows });
    if (view instanceof Response) return view;
    const done = { added: texts.personAdded, removed: texts.personRemoved }[
      url.searchParams.get('done') ?? ''
    ];
    return {
      title: texts.people,
      lead: texts.peopleLead,
      ...(done !== undefined && { done }),
      act: (
        <>
          <LinkButton href="/people/new" text={texts.addPerson} />
          <LinkButton href="/sign-in-settings" text={texts.signInSettings} isQuiet />
        </>
      ),
      body: <DataTable view={view} empty={{ title: texts.noPeople, text: texts.noPeopleLead }} />,
    };
  });

  pages.get('/people/new', (visit) => newPage(visit, {}, [], []));
  pages.post('/people/new', (visit, form) => {
    const roles = rolesOf(form);
    return submit(form, {
      fields: ['name', 'password', 'roles'],
      act: async ({ name }) => {
        await visit.api.send('POST', '/api/v1/users', {
          name,
          password: passwordOf(form, 'password'),
          roles,
        });
        return seeOther('/people?done=added');
      },
      again: (values, problems) => newPage(visit, values, roles, problems),
    });
  });

  pages.get('/people/:name', async (visit) => personPage(visit, await readPerson(visit), []));
  pages.post('/people/:name/roles', async (visit, form) => {
    const path = apiPath`/api/v1/users/${visit.param('name')}`;
    try {
      await visit.api.send('PUT', path, { roles: rolesOf(form) }, etagOf(form));
    } catch (error) {
      if (!(error instanceof ApiRefusal) || error.status === 401 || error.status === 403) throw error;
      const page = personPage(visit, await readPerson(visit), problemsOf(error, ['roles']));
      return { ...page, status: error.status, isRefused: true };
    }
    return seeOther(`${pathOf(visit.param('name'))}?done=roles`);
  });
  pages.post('/people/:name/password', (visit, form) =>
    submit(form, {
      fields: ['password'],
      act: async () => {
        const path = apiPath`/api/v1/users/${visit.param('name')}/password`;
        await visit.api.send('PUT', path, { password: passwordOf(form, 'password') });
        return seeOther(`${pathOf(visit.param('name'))}?done=password`);
      },
      again: async (_, problems) => personPage(visit, await readPerson(visit), problems),
    }),
  );

  pages.get('/people/:name/remove', async (visit) => removePage(visit, await readPerson(visit), []));
  pages.post('/people/:name/remove', async (visit, form) => {
    const person = await readPerson(visit);
    if (!isConfirmed(form)) {
      return removePage(visit, person, [{ name: 'confirmed', text: visit.texts.confirmFirst }]);
    }
    return submit(form, {
      fields: [],
      act: async () => {
        await visit.api.send('DELETE', apiPath`/api/v1/users/${person.name}`);
        return seeOther('/people?done=removed');
      },
      again: (_, problems) => removePage(visit, person, problems),
    });
  });
}

const pathOf = (name: string) => `/people/${encodeURIComponent(name)}`;
const rolesOf = (form: FormData) => form.getAll('roles').filter((role) => typeof role === 'string');
const readPerson = async ({ api, param }: Visit): Promise<TaggedPerson> => {
  const { value, etag } = await api.getTagged<Person>(apiPath`/api/v1/users/${param('name')}`);
  return { ...value, etag };
};

function columns({ texts }: Visit): readonly Column<Person>[] {
  return [
    {
      key: 'name',
      heading: texts.name,
      text: ({ name }) => name,
      show: ({ name }) => (
        <a class="ds-link" href={pathOf(name)}>
          {name}
        </a>
      ),
    },
    {
      key: 'roles',
      heading: texts.role,
      text: ({ roles }) => roles.map((role) => texts.roles[role] ?? role).join(', '),
    },
    {
      key: 'second-factor',
      heading: texts.secondFactor,
      text: ({ hasSecondFactor }) => (hasSecondFactor ? texts.secondFactorOn : texts.secondFactorOff),
      show: ({ hasSecondFactor }) => <FactorTag isOn={hasSecondFactor} texts={texts} />,
    },
    {
      key: 'last',
      heading: texts.lastSignIn,
      text: ({ signedInAt }) => signedInAt ?? texts.never,
      show: ({ signedInAt }) => (signedInAt === undefined ? texts.never : <Instant at={signedInAt} />),
    },
  ];
}

function FactorTag({ isOn, texts }: { readonly isOn: boolean; readonly texts: Visit['texts'] }) {
  return isOn ? (
    <Tag text={texts.secondFactorOn} color="success" />
  ) : (
    <Tag text={texts.secondFactorOff} color="warning" />
  );
}

interface RolesProps {
  readonly visit: Visit;
  readonly chosen: readonly string[];
  readonly problems: readonly FormProblem[];
}

/** All roles, to be ticked. */
function RolesField({ visit: { texts }, chosen, problems }: RolesProps) {
  const choices = Object.entries(texts.roles).map(([value, text]) => ({ value, text }));
  return (
    <CheckboxField
      name="roles"
      label={texts.role}
      hint={texts.roleHint}
      choices={choices}
      chosen={chosen}
      problems={problems}
    />
  );
}

function newPage(
  visit: Visit,
  values: Values,
  roles: readonly string[],
  problems: readonly FormProblem[],
): PageContent {
  const { texts } = visit;
  return {
    title: texts.addPerson,
    crumbs: [{ href: '/people', text: texts.people }],
    body: (
      <Form action="/people/new" submit={texts.addPerson} problems={problems} cancel="/people">
        <Field name="name" label={texts.name} values={values} problems={problems} maxLength={100} />
        <Field
          name="password"
          type="password"
          label={texts.initialPassword}
          hint={texts.initialPasswordHint}
          autocomplete="new-password"
          problems={problems}
        />
        <RolesField visit={visit} chosen={roles} problems={problems} />
      </Form>
    ),
  };
}

function personPage(visit: Visit, person: TaggedPerson, problems: readonly FormProblem[]): PageContent {
  const { texts, url } = visit;
  const { name, roles, createdAt, signedInAt, hasSecondFactor, signsInWith } = person;
  const done = { roles: texts.personChanged, password: texts.passwordSet }[
    url.searchParams.get('done') ?? ''
  ];
  const isOwn = signsInWith === 'password';
  return {
    title: name,
    crumbs: [{ href: '/people', text: texts.people }],
    ...(done !== undefined && { done }),
    act: <LinkButton href={`${pathOf(name)}/remove`} text={texts.remove} isQuiet />,
    body: (
      <>
        <Section title={texts.state}>
          <Facts
            rows={[
              [texts.createdAt, <Instant at={createdAt} />],
              [texts.lastSignIn, signedInAt === undefined ? texts.never : <Instant at={signedInAt} />],
              [texts.signsInWith, isOwn ? texts.password : texts.organisation],
              [texts.secondFactor, <FactorTag isOn={hasSecondFactor} texts={texts} />],
            ]}
          />
        </Section>
        <Section title={texts.changeRoles}>
          <Form
            action={`${pathOf(name)}/roles`}
            submit={texts.save}
            problems={of(problems, 'roles')}
            etag={person.etag}
          >
            <RolesField visit={visit} chosen={roles} problems={problems} />
          </Form>
        </Section>
        {isOwn && (
          <Section title={texts.setPassword} lead={texts.tellPassword}>
            <Form action={`${pathOf(name)}/password`} submit={texts.save} problems={of(problems, 'password')}>
              <Field
                name="password"
                type="password"
                label={texts.newPassword}
                hint={texts.newPasswordHint}
                autocomplete="new-password"
                problems={problems}
              />
            </Form>
          </Section>
        )}
      </>
    ),
  };
}

/** Of the two forms of a page, each shows its own problems; what belongs to neither stands with the first. */
function of(problems: readonly FormProblem[], field: 'roles' | 'password'): readonly FormProblem[] {
  return problems.filter(({ name }) => name === field || (name === '' && field === 'roles'));
}

function removePage(visit: Visit, { name }: Person, problems: readonly FormProblem[]): PageContent {
  const { texts } = visit;
  return {
    title: `${texts.remove}: ${name}`,
    crumbs: [
      { href: '/people', text: texts.people },
      { href: pathOf(name), text: name },
    ],
    body: (
      <ConfirmForm
        action={`${pathOf(name)}/remove`}
        submit={texts.remove}
        cancel={pathOf(name)}
        happens={[texts.removePersonHappens(name)]}
        problems={problems}
      />
    ),
  };
}
