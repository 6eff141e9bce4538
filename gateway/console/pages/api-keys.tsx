import { type Pages, seeOther } from '../answer.ts';
import { apiPath } from '../api-client.ts';
import { ConfirmForm } from '../components/confirm-form.tsx';
import { Copyable } from '../components/copyable.tsx';
import { type Column, DataTable, viewTable } from '../components/data-table.tsx';
import { CheckboxField, Field } from '../components/field.tsx';
import { Form, type FormProblem, type Values } from '../components/form.tsx';
import { Instant } from '../components/instant.tsx';
import { Notice } from '../components/notice.tsx';
import type { PageContent } from '../components/page.tsx';
import { LinkButton } from '../components/parts.tsx';
import { isConfirmed } from '../protect.ts';
import { submit } from '../submit.ts';
import { sessionOf, type Visit } from '../visit.ts';

interface ApiKey {
  readonly id: number;
  readonly label: string;
  readonly effectiveRoles: readonly string[];
  readonly creator?: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly usedAt?: string;
}

const dayMs = 24 * 3_600_000;

/** Keys of programs: each person's own, and all for system administrators. */
export function addApiKeyPages(pages: Pages): void {
  pages.get('/api-keys', async (visit) => {
    const { texts, api, url } = visit;
    const rows = await api.get<readonly ApiKey[]>('/api/v1/api-keys');
    const view = viewTable(visit, { name: 'keys', caption: texts.apiKeys, columns: columns(visit), rows });
    if (view instanceof Response) return view;
    return {
      title: texts.apiKeys,
      lead: texts.apiKeysLead,
      crumbs: crumbs(visit).slice(0, 1),
      ...(url.searchParams.get('done') === 'revoked' && { done: texts.keyRevoked }),
      act: <LinkButton href="/api-keys/new" text={texts.newApiKey} />,
      body: <DataTable view={view} empty={{ title: texts.noApiKeys, text: texts.noApiKeysLead }} />,
    };
  });

  pages.get('/api-keys/new', (visit) => newPage(visit, { days: '90' }, sessionOf(visit).roles, []));
  pages.post('/api-keys/new', (visit, form) => {
    const roles = form.getAll('roles').filter((role) => typeof role === 'string');
    return submit(form, {
      fields: ['label', 'days', 'roles'],
      act: async ({ label, days }) => {
        const lifeMs = Math.min(Number(days) || 0, 1000) * dayMs;
        const expiresAt = new Date(visit.now.getTime() + lifeMs).toISOString();
        const made = await visit.api.send<{ key: string }>('POST', '/api/v1/api-keys', {
          label,
          roles,
          expiresAt,
        });
        return madePage(visit, made.key);
      },
      again: (values, problems) => newPage(visit, values, roles, problems),
    });
  });

  pages.get('/api-keys/:id/revoke', (visit) => revokePage(visit, []));
  pages.post('/api-keys/:id/revoke', (visit, form) => {
    if (!isConfirmed(form)) {
      return revokePage(visit, [{ name: 'confirmed', text: visit.texts.confirmFirst }]);
    }
    return submit(form, {
      fields: [],
      act: async () => {
        await visit.api.send('DELETE', apiPath`/api/v1/api-keys/${visit.param('id')}`);
        return seeOther('/api-keys?done=revoked');
      },
      again: (_, problems) => revokePage(visit, problems),
    });
  });
}

const crumbs = ({ texts }: Visit) => [
  { href: '/account', text: texts.account },
  { href: '/api-keys', text: texts.apiKeys },
];

function columns({ texts }: Visit): readonly Column<ApiKey>[] {
  return [
    { key: 'label', heading: texts.keyName, text: ({ label }) => label },
    {
      key: 'roles',
      heading: texts.role,
      text: ({ effectiveRoles }) => effectiveRoles.map((role) => texts.roles[role] ?? role).join(', '),
    },
    { key: 'creator', heading: texts.madeBy, text: ({ creator }) => creator ?? 'api-key' },
    {
      key: 'expires',
      heading: texts.expires,
      text: ({ expiresAt }) => expiresAt,
      show: ({ expiresAt }) => <Instant at={expiresAt} />,
    },
    {
      key: 'used',
      heading: texts.lastUsed,
      text: ({ usedAt }) => usedAt ?? texts.never,
      show: ({ usedAt }) => (usedAt === undefined ? texts.never : <Instant at={usedAt} />),
    },
    {
      key: 'act',
      heading: '',
      text: ({ id }) => String(id),
      show: ({ id, label }) => (
        <a class="ds-link" href={`/api-keys/${id}/revoke`} aria-label={`${texts.revoke}: ${label}`}>
          {texts.revoke}
        </a>
      ),
    },
  ];
}

function newPage(
  visit: Visit,
  values: Values,
  chosen: readonly string[],
  problems: readonly FormProblem[],
): PageContent {
  const { texts } = visit;
  const choices = sessionOf(visit).roles.map((value) => ({ value, text: texts.roles[value] ?? value }));
  return {
    title: texts.newApiKey,
    lead: texts.apiKeysLead,
    crumbs: crumbs(visit),
    body: (
      <Form action="/api-keys/new" submit={texts.newApiKey} problems={problems} cancel="/api-keys">
        <Field name="label" label={texts.keyName} values={values} problems={problems} maxLength={100} />
        <Field
          name="days"
          type="number"
          label={texts.validDays}
          hint={texts.expiryHint}
          values={values}
          problems={problems}
        />
        <CheckboxField
          name="roles"
          label={texts.role}
          hint={texts.roleHint}
          choices={choices}
          chosen={chosen}
          problems={problems}
        />
      </Form>
    ),
  };
}

function madePage(visit: Visit, key: string): PageContent {
  const { texts } = visit;
  return {
    title: texts.newApiKey,
    crumbs: crumbs(visit),
    body: (
      <>
        <Notice kind="success" heading={texts.keyMade}>
          <p>
            <Copyable text={key} what={texts.newApiKey} />
          </p>
        </Notice>
        <LinkButton href="/api-keys" text={texts.apiKeys} isQuiet />
      </>
    ),
  };
}

function revokePage(visit: Visit, problems: readonly FormProblem[]): PageContent {
  const { texts, param } = visit;
  return {
    title: `${texts.revoke}: ${param('id')}`,
    crumbs: crumbs(visit),
    body: (
      <ConfirmForm
        action={`/api-keys/${encodeURIComponent(param('id'))}/revoke`}
        submit={texts.revoke}
        cancel="/api-keys"
        happens={[texts.revokeKeyHappens]}
        problems={problems}
      />
    ),
  };
}
