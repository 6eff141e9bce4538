import {
  Copyable,
  Details,
  Facts,
  Instant,
  Notice,
  Tag,
  type TagColor,
  type Visit,
} from '../../../gateway/console/index.ts';
import type { Diagnosis } from './report.ts';
import { textsOf } from './texts.ts';

const severityColors: Readonly<Record<string, TagColor>> = {
  stops: 'danger',
  'will-stop': 'warning',
  warns: 'info',
};

/** What is wrong, the worst first, each with what to do about it. */
export function DiagnosisList({
  visit,
  diagnoses,
}: {
  readonly visit: Visit;
  readonly diagnoses: readonly Diagnosis[];
}) {
  const t = textsOf(visit);
  if (diagnoses.length === 0) return <Notice kind="success">{t.nothingWrong}</Notice>;
  return (
    <div class="wg-sections">
      {diagnoses.map((diagnosis) => (
        <article class="wg-diagnosis" data-severity={diagnosis.severity}>
          <h3 class="ds-heading" data-size="2xs">
            {diagnosis.cause}
          </h3>
          <p>
            <Tag
              text={t.severities[diagnosis.severity] ?? diagnosis.severity}
              color={severityColors[diagnosis.severity] ?? 'neutral'}
            />{' '}
            <Copyable text={diagnosis.subject} what={diagnosis.code} />
          </p>
          <Facts
            rows={[
              [t.remedy, diagnosis.remedy],
              [t.who, t.menders[diagnosis.who] ?? diagnosis.who],
              [t.since, <Instant at={diagnosis.since} />],
            ]}
          />
          <Details summary={t.seen}>
            <Facts
              rows={[
                [t.seen, diagnosis.detail],
                [t.checked, diagnosis.checked],
                [t.code, diagnosis.code],
              ]}
            />
          </Details>
          <p>
            <a class="ds-link" href={diagnosis.href} aria-label={`${t.go}: ${diagnosis.cause}`}>
              {t.go}
            </a>
          </p>
        </article>
      ))}
    </div>
  );
}
