import { type Pages, seeOther } from '../answer.ts';
import { ApiRefusal } from '../api-client.ts';
import { CheckboxField } from '../components/field.tsx';
import { Form, type FormProblem, problemsOf } from '../components/form.tsx';
import type { PageContent } from '../components/page.tsx';
import { etagOf } from '../protect.ts';
import type { Visit } from '../visit.ts';

interface SignInSettings {
  readonly secondFactorRoles: readonly string[];
}

const path = '/sign-in-settings';
const api = '/api/v1/sign-in-settings';

/** Which roles demand a second factor of whoever has them. */
export function addSignInSettingsPage(pages: Pages): void {
  pages.get(path, (visit) => settingsPage(visit, []));
  pages.post(path, async (visit, form) => {
    const secondFactorRoles = form.getAll('secondFactorRoles').filter((role) => typeof role === 'string');
    try {
      await visit.api.send('PUT', api, { secondFactorRoles }, etagOf(form));
    } catch (error) {
      if (!(error instanceof ApiRefusal) || error.status === 401 || error.status === 403) throw error;
      const page = await settingsPage(visit, problemsOf(error, ['secondFactorRoles']), secondFactorRoles);
      return { ...page, status: error.status, isRefused: true };
    }
    return seeOther(`${path}?done=saved`);
  });
}

async function settingsPage(
  visit: Visit,
  problems: readonly FormProblem[],
  chosen?: readonly string[],
): Promise<PageContent> {
  const { texts, url } = visit;
  const { value, etag } = await visit.api.getTagged<SignInSettings>(api);
  return {
    title: texts.signInSettings,
    lead: texts.signInSettingsLead,
    crumbs: [{ href: '/people', text: texts.people }],
    ...(url.searchParams.get('done') === 'saved' && { done: texts.saved }),
    body: (
      <Form action={path} submit={texts.save} problems={problems} cancel="/people" etag={etag}>
        <CheckboxField
          name="secondFactorRoles"
          label={texts.secondFactorRoles}
          hint={texts.secondFactorRolesHint}
          choices={Object.entries(texts.roles).map(([value, text]) => ({ value, text }))}
          chosen={chosen ?? value.secondFactorRoles}
          problems={problems}
        />
      </Form>
    ),
  };
}
