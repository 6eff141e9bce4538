import { type Pages, seeOther } from '../answer.ts';
import { apiPath } from '../api-client.ts';
import { ConfirmForm } from '../components/confirm-form.tsx';
import { Field } from '../components/field.tsx';
import { Form, type FormProblem } from '../components/form.tsx';
import type { PageContent } from '../components/page.tsx';
import { cookiesOf, isConfirmed, passwordOf } from '../protect.ts';
import { submit } from '../submit.ts';
import { sessionOf, type Visit } from '../visit.ts';
import { type NewFactor, NewSecondFactor } from './second-factor.tsx';

const passwordPath = '/account/password';
const factorPath = '/account/second-factor';

/** A person's own password and second factor. What proves who somebody is was typed on the very page. */
export function addOwnPasswordPages(pages: Pages): void {
  pages.get(passwordPath, (visit) => passwordPage(visit, []));
  pages.post(passwordPath, (visit, form) =>
    submit(form, {
      fields: ['current', 'password'],
      act: async () => {
        const body = { current: passwordOf(form, 'current'), password: passwordOf(form, 'password') };
        const response = await visit.api.fetch('/api/v1/session/password', { method: 'PUT', body });
        return seeOther('/account?done=password', cookiesOf(response));
      },
      again: (_, problems) => passwordPage(visit, problems),
    }),
  );

  pages.get(factorPath, (visit) => beginPage(visit, []));
  pages.post(factorPath, (visit, form) =>
    submit(form, {
      fields: ['password'],
      act: async () => {
        const path = apiPath`/api/v1/users/${sessionOf(visit).name}/second-factor`;
        const body = { password: passwordOf(form, 'password') };
        return confirmPage(visit, [], await visit.api.send<NewFactor>('POST', path, body));
      },
      again: (_, problems) => beginPage(visit, problems),
    }),
  );
  pages.post(`${factorPath}/code`, (visit, form) =>
    submit(form, {
      fields: ['code'],
      act: async ({ code }) => {
        const path = apiPath`/api/v1/users/${sessionOf(visit).name}/second-factor`;
        const response = await visit.api.fetch(path, { method: 'PUT', body: { code } });
        return seeOther('/account?done=factor-on', cookiesOf(response));
      },
      again: (_, problems) => confirmPage(visit, problems),
    }),
  );

  pages.get(`${factorPath}/remove`, (visit) => removePage(visit, []));
  pages.post(`${factorPath}/remove`, (visit, form) => {
    if (!isConfirmed(form)) {
      return removePage(visit, [{ name: 'confirmed', text: visit.texts.confirmFirst }]);
    }
    return submit(form, {
      fields: ['password'],
      act: async () => {
        const path = apiPath`/api/v1/users/${sessionOf(visit).name}/second-factor`;
        await visit.api.send('DELETE', path, { password: passwordOf(form, 'password') });
        return seeOther('/sign-in');
      },
      again: (_, problems) => removePage(visit, problems),
    });
  });
}

const crumbs = ({ texts }: Visit) => [{ href: '/account', text: texts.account }];

function passwordPage(visit: Visit, problems: readonly FormProblem[]): PageContent {
  const { texts } = visit;
  return {
    title: texts.changePassword,
    crumbs: crumbs(visit),
    body: (
      <Form action={passwordPath} submit={texts.changePassword} problems={problems} cancel="/account">
        <PresentPassword visit={visit} name="current" problems={problems} />
        <Field
          name="password"
          type="password"
          label={texts.newPassword}
          hint={texts.newPasswordHint}
          autocomplete="new-password"
          problems={problems}
        />
      </Form>
    ),
  };
}

function beginPage(visit: Visit, problems: readonly FormProblem[]): PageContent {
  const { texts } = visit;
  return {
    title: texts.secondFactor,
    lead: texts.secondFactorLead,
    crumbs: crumbs(visit),
    body: (
      <Form action={factorPath} submit={texts.turnOn} problems={problems} cancel="/account">
        <PresentPassword visit={visit} name="password" problems={problems} />
      </Form>
    ),
  };
}

/** @param factor absent when a wrong code brought the page back: the secret is shown once */
function confirmPage(visit: Visit, problems: readonly FormProblem[], factor?: NewFactor): PageContent {
  const { texts } = visit;
  return {
    title: texts.secondFactor,
    lead: texts.confirmCode,
    crumbs: crumbs(visit),
    body: (
      <>
        {factor !== undefined && <NewSecondFactor factor={factor} />}
        <Form action={`${factorPath}/code`} submit={texts.turnOn} problems={problems} cancel="/account">
          <Field
            name="code"
            label={texts.code}
            hint={texts.codeHint}
            autocomplete="one-time-code"
            problems={problems}
            isNumeric
            maxLength={40}
          />
        </Form>
      </>
    ),
  };
}

function removePage(visit: Visit, problems: readonly FormProblem[]): PageContent {
  const { texts } = visit;
  return {
    title: `${texts.secondFactor}: ${texts.turnOff}`,
    crumbs: crumbs(visit),
    body: (
      <ConfirmForm
        action={`${factorPath}/remove`}
        submit={texts.turnOff}
        cancel="/account"
        happens={[texts.removeFactorHappens]}
        problems={problems}
      >
        <PresentPassword visit={visit} name="password" problems={problems} />
      </ConfirmForm>
    ),
  };
}

interface PresentProps {
  readonly visit: Visit;
  readonly name: string;
  readonly problems: readonly FormProblem[];
}

function PresentPassword({ visit, name, problems }: PresentProps) {
  return (
    <Field
      name={name}
      type="password"
      label={visit.texts.presentPassword}
      autocomplete="current-password"
      problems={problems}
    />
  );
}
