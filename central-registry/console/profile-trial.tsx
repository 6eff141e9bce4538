import { toPem } from '../../certs/x509/index.ts';
import type { stepCodes } from '../../gateway/certificate-profile/index.ts';
import {
  Facts,
  Field,
  Form,
  type FormProblem,
  Notice,
  type PageContent,
  type Pages,
  Section,
  SelectField,
  Steps,
  submit,
  type Values,
  type Visit,
} from '../../gateway/console/index.ts';
import { profilesPath, readForms, sayWhere } from './profile-definition.ts';
import { textsOf } from './texts.ts';

interface Step {
  readonly code: (typeof stepCodes)[number];
  readonly form?: number;
  readonly field?: 'instance' | 'memberClass' | 'memberCode';
  readonly attribute?: string;
  readonly seen?: readonly string[];
  readonly value?: string;
}

interface Outcome {
  readonly subject: string;
  readonly steps: readonly Step[];
  readonly member?: { readonly instance: string; readonly memberClass: string; readonly memberCode: string };
}

const path = '/certificate-profile-trial';

/** Where a profile, registered or not, is tried on a certificate. */
export function addProfileTrialPage(pages: Pages): void {
  pages.get(path, (visit) => draw(visit, { profile: visit.url.searchParams.get('profile') ?? '' }, []));
  pages.post(path, (visit, form) =>
    submit(form, {
      fields: ['profile', 'forms', 'certificate'],
      act: async (values) => {
        const certificate = (await uploaded(form.get('file'))) ?? values['certificate'];
        const { profile = '', forms = '' } = values;
        const by = profile === '' ? { forms: readForms(visit, forms) } : { profile };
        const body = { ...by, certificate };
        const outcome = await sayWhere(() =>
          visit.api.send<Outcome>('POST', '/api/v1/certificate-profiles/trial', body),
        );
        return draw(visit, { ...values, certificate }, [], outcome);
      },
      again: (values, problems) => draw(visit, values, problems),
    }),
  );
}

/** PEM of a file, whichever of both forms it has; undefined when none was chosen. */
async function uploaded(file: File | string | null): Promise<string | undefined> {
  if (!(file instanceof File) || file.size === 0) return undefined;
  const bytes = Buffer.from(await file.arrayBuffer());
  return bytes[0] === 0x30 ? toPem(bytes, 'CERTIFICATE') : bytes.toString('latin1');
}

async function draw(
  visit: Visit,
  values: Values,
  problems: readonly FormProblem[],
  outcome?: Outcome,
): Promise<PageContent> {
  const t = textsOf(visit).profiles;
  const all = await visit.api.get<readonly { readonly name: string }[]>('/api/v1/certificate-profiles');
  const shared = { values, problems };
  return {
    title: t.tryIt,
    lead: t.tryLead,
    crumbs: [{ href: profilesPath, text: t.title }],
    body: (
      <>
        {outcome !== undefined && <Read visit={visit} outcome={outcome} />}
        <Form action={path} submit={t.tryIt} problems={problems} isUpload>
          <SelectField
            name="profile"
            label={t.profile}
            choices={[
              ...all.map(({ name }) => ({ value: name, text: name })),
              { value: '', text: t.definitionBelow },
            ]}
            isOptional
            {...shared}
          />
          <Field
            name="forms"
            label={t.definition}
            hint={t.definitionHint}
            lines={8}
            maxLength={32_768}
            isOptional
            isCode
            {...shared}
          />
          <Field
            name="certificate"
            label={t.certificate}
            lines={8}
            maxLength={65_536}
            isOptional
            isCode
            {...shared}
          />
          <Field
            name="file"
            label={t.certificateFile}
            type="file"
            accept=".pem,.crt,.cer,.der"
            isOptional
            problems={problems}
          />
        </Form>
      </>
    ),
  };
}

function Read({ visit, outcome }: { readonly visit: Visit; readonly outcome: Outcome }) {
  const t = textsOf(visit).profiles;
  const { subject, steps, member } = outcome;
  const last = steps.length - 1;
  return (
    <Section title={t.result}>
      {member === undefined ? (
        <Notice kind="danger">{t.namesNobody}</Notice>
      ) : (
        <Notice kind="success">
          {t.names(`${member.instance}:${member.memberClass}:${member.memberCode}`)}
        </Notice>
      )}
      <Facts rows={[[t.subject, subject]]} />
      <Steps
        steps={steps.map(({ code, ...about }, index) => ({
          title: about.field === undefined ? t.steps[code] : `${t[about.field]}: ${t.steps[code]}`,
          state: member === undefined && index === last ? 'failed' : 'done',
          detail: detail(visit, about),
        }))}
      />
    </Section>
  );
}

function detail(visit: Visit, { form, attribute, seen = [], value }: Omit<Step, 'code' | 'field'>): string {
  const t = textsOf(visit).profiles;
  return [
    ...(form === undefined ? [] : [t.form(form)]),
    ...(attribute === undefined ? [] : [t.seen(attribute, seen.join(' | ') || t.nothing)]),
    ...(value === undefined ? [] : [t.becomes(value)]),
  ].join(' · ');
}
