import {
  Copyable,
  Facts,
  Field,
  Form,
  type FormProblem,
  LinkButton,
  type PageContent,
  Section,
  Tag,
  type Values,
  type Visit,
} from '../../../gateway/console/index.ts';
import type { Probe } from './report.ts';
import { textsOf } from './texts.ts';

interface TestsProps {
  readonly visit: Visit;
  /** Which form came back. */
  readonly kind?: string | undefined;
  readonly values?: Values;
  readonly problems?: readonly FormProblem[];
}

export const testsPath = '/diagnostics/tests';

/** Forms of the tests of connections. */
export function Tests({ visit, kind, values = {}, problems = [] }: TestsProps) {
  const t = textsOf(visit);
  const back = (wanted: string) => (kind === wanted ? { values, problems } : { values: {}, problems: [] });
  const peer = back('peer');
  const service = back('service');
  return (
    <Section title={t.tests} lead={t.testsLead}>
      <div class="wg-sections">
        <Form action={`${testsPath}/registry`} submit={t.testRegistry} isQuiet {...back('registry')}>
          <p class="wg-hint">{t.testRegistryHint}</p>
        </Form>
        <Form action={`${testsPath}/peer`} submit={t.testPeer} isQuiet problems={peer.problems}>
          <Field name="provider" label={t.provider} hint={t.providerHint} maxLength={500} {...peer} />
        </Form>
        <Form action={`${testsPath}/service`} submit={t.testService} isQuiet problems={service.problems}>
          <Field name="owner" label={t.provider} hint={t.providerHint} maxLength={500} {...service} />
          <Field name="serviceCode" label={t.serviceCode} maxLength={255} {...service} />
          <Field
            name="serviceVersion"
            label={t.serviceVersion}
            hint={t.serviceVersionHint}
            maxLength={255}
            isOptional
            {...service}
          />
        </Form>
      </div>
    </Section>
  );
}

/** What came of each address. */
export function resultPage(visit: Visit, probes: readonly Probe[]): PageContent {
  const t = textsOf(visit);
  return {
    title: t.result,
    lead: t.resultLead,
    crumbs: [{ href: '/diagnostics', text: t.title }],
    body: (
      <div class="wg-sections">
        {probes.map(({ kind, target, isGood, found, diagnosis, durationMilliseconds }) => (
          <Section title={t.kinds[kind] ?? kind}>
            <Facts
              rows={[
                [t.address, <Copyable text={target} what={t.address} />],
                [t.state, <Tag text={isGood ? t.reached : t.fails} color={isGood ? 'success' : 'danger'} />],
                [t.seen, found],
                [t.whatIsWrong, diagnosis?.cause],
                [t.remedy, diagnosis?.remedy],
                [t.who, diagnosis && (t.menders[diagnosis.who] ?? diagnosis.who)],
                [t.code, diagnosis?.code],
                [t.duration, `${durationMilliseconds} ms`],
              ]}
            />
          </Section>
        ))}
        <p>
          <LinkButton href="/diagnostics" text={t.back} isQuiet />
        </p>
      </div>
    ),
  };
}
