import {
  apiPath,
  CheckboxField,
  Field,
  type FormProblem,
  SelectField,
  type Values,
  type Visit,
} from '../../../gateway/console/index.ts';
import { textsOf } from '../texts.ts';
import type { CertificationService } from './answers.ts';
import { given } from './fields.tsx';

/** Names of the fields of a certification service itself; its authorities have pages of their own. */
export const settingFields = [
  ...['name', 'profile', 'usage', 'defaultCsrFormat', 'directoryUrl', 'ipAddress'],
  ...['authenticationCertificateProfileId', 'signingCertificateProfileId'],
];

type Settings = Omit<CertificationService, 'entryId' | 'top' | 'intermediates'>;

/** What a form said, as the API takes it. */
export function settingsOf(values: Values): Settings {
  const { name = '', profile = '', usage, defaultCsrFormat, directoryUrl = '', ...rest } = values;
  const { ipAddress, authenticationCertificateProfileId, signingCertificateProfileId } = rest;
  const more = given({ ipAddress, authenticationCertificateProfileId, signingCertificateProfileId });
  const isAcme = directoryUrl !== '' || Object.keys(more).length > 0;
  return {
    ...{ name, profile, authenticationOnly: usage === 'authentication' },
    ...(defaultCsrFormat !== undefined &&
      defaultCsrFormat !== '' && { defaultCsrFormat: csrFormatOf(defaultCsrFormat) }),
    // Without a directory the API says what is missing.
    ...(isAcme && { acmeServer: { directoryUrl, ...more } }),
  };
}

function csrFormatOf(text: string): 'PEM' | 'DER' {
  return text as 'PEM' | 'DER';
}

/** A service as its form shows it. */
export function valuesOf({
  name,
  profile,
  authenticationOnly,
  defaultCsrFormat,
  acmeServer,
}: Settings): Values {
  const usage = authenticationOnly ? 'authentication' : '';
  return { name, profile, usage, defaultCsrFormat, ...acmeServer };
}

interface Props {
  readonly visit: Visit;
  readonly profiles: readonly string[];
  readonly values: Values;
  readonly problems: readonly FormProblem[];
}

/** Names of all certificate profiles. */
export async function readProfiles({ api }: Visit): Promise<readonly string[]> {
  const all = await api.get<readonly { readonly name: string }[]>(apiPath`/api/v1/certificate-profiles`);
  return all.map(({ name }) => name);
}

export function SettingFields({ visit, profiles, ...shared }: Props) {
  const t = textsOf(visit);
  const { trust } = t;
  const { profile = '', usage } = shared.values;
  // A service may name a profile by its class.
  const names = profile === '' || profiles.includes(profile) ? profiles : [profile, ...profiles];
  return (
    <>
      <Field name="name" label={t.serviceName} maxLength={255} {...shared} />
      <SelectField
        name="profile"
        label={t.profile}
        hint={t.profileHint}
        choices={names.map((value) => ({ value, text: value }))}
        {...shared}
      />
      <CheckboxField
        name="usage"
        label={trust.usage}
        choices={[
          {
            value: 'authentication',
            text: trust.usages.authentication,
            hint: trust.authenticationHint,
          },
        ]}
        chosen={usage === undefined ? [] : [usage]}
      />
      <SelectField
        name="defaultCsrFormat"
        label={trust.csrFormat}
        hint={trust.csrFormatHint}
        choices={[
          { value: '', text: trust.notTold },
          { value: 'PEM', text: trust.csrFormats.PEM },
          { value: 'DER', text: trust.csrFormats.DER },
        ]}
        isOptional
        {...shared}
      />
      <p class="wg-hint">{trust.acmeLead}</p>
      <Field
        name="directoryUrl"
        label={trust.acmeDirectory}
        hint={trust.acmeDirectoryHint}
        type="url"
        maxLength={500}
        isOptional
        {...shared}
      />
      <Field
        name="ipAddress"
        label={trust.acmeAddresses}
        hint={trust.acmeAddressesHint}
        maxLength={500}
        isOptional
        isCode
        {...shared}
      />
      <Field
        name="authenticationCertificateProfileId"
        label={trust.acmeAuthentication}
        hint={trust.acmeProfileHint}
        maxLength={255}
        isOptional
        isCode
        {...shared}
      />
      <Field
        name="signingCertificateProfileId"
        label={trust.acmeSigning}
        hint={trust.acmeProfileHint}
        maxLength={255}
        isOptional
        isCode
        {...shared}
      />
    </>
  );
}
