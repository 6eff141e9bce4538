import {
  CheckboxField,
  Field,
  type FormProblem,
  type Values,
  type Visit,
} from '../../../gateway/console/index.ts';
import type { Service } from './answers.ts';
import { textsOf } from './texts.ts';

export const settingsFields = ['url', 'timeoutSeconds', 'verifyTls', 'minimumPeerVersion'] as const;

/** How a service is called. */
export function SettingsFields({
  visit,
  service,
  values,
  problems,
}: {
  readonly visit: Visit;
  readonly service: Service;
  readonly values: Values;
  readonly problems: readonly FormProblem[];
}) {
  const t = textsOf(visit);
  const isAgain = 'url' in values;
  const shown: Values = isAgain
    ? values
    : {
        url: service.url,
        timeoutSeconds: String(service.timeoutSeconds),
        minimumPeerVersion: service.minimumPeerVersion,
      };
  const verifies = isAgain ? values['verifyTls'] === 'yes' : service.verifyTls;
  const common = { values: shown, problems };
  return (
    <>
      <Field name="url" type="url" label={t.address} hint={t.addressHint} {...common} maxLength={2_000} />
      <Field
        name="timeoutSeconds"
        type="number"
        label={t.timeout}
        hint={t.timeoutHint}
        {...common}
        maxLength={4}
      />
      <CheckboxField
        name="verifyTls"
        label={t.tls}
        choices={[{ value: 'yes', text: t.verifyTls, hint: t.verifyTlsHint }]}
        chosen={[verifies ? 'yes' : '']}
        problems={problems}
      />
      <Field
        name="minimumPeerVersion"
        label={t.minimumVersion}
        hint={t.minimumVersionHint}
        {...common}
        maxLength={40}
        isOptional
      />
    </>
  );
}

/** What the form says, as the API takes it. */
export function readSettings(values: Readonly<Record<string, string>>) {
  const { url, timeoutSeconds, verifyTls, minimumPeerVersion = '' } = values;
  return {
    url,
    timeoutSeconds: Number(timeoutSeconds),
    verifyTls: verifyTls === 'yes',
    ...(minimumPeerVersion !== '' && { minimumPeerVersion }),
  };
}
