import { Copyable } from '../components/copyable.tsx';
import { Notice } from '../components/notice.tsx';
import { useVisit } from '../visit.ts';

/** What an authenticator app needs, as the API gives it once. */
export interface NewFactor {
  /** Base32. */
  readonly secret: string;
  /** `otpauth://…` */
  readonly address: string;
  /** Each takes the place of one code, once. */
  readonly recoveryCodes: readonly string[];
}

/** The secret of a new second factor: as text, and as a link for the device that has the app. */
export function NewSecondFactor({ factor }: { readonly factor: NewFactor }) {
  const { texts } = useVisit();
  return (
    <Notice kind="info" heading={texts.secondFactor}>
      <p>{texts.secretHint}</p>
      <p>
        <Copyable
          text={factor.secret}
          what={texts.secretIs}
          shown={(factor.secret.match(/.{1,4}/g) ?? []).join(' ')}
        />
      </p>
      {factor.address.startsWith('otpauth://') && (
        <p>
          <a class="ds-link" href={factor.address}>
            {texts.openInApp}
          </a>
        </p>
      )}
      <p>{texts.recoveryHint}</p>
      <ul class="wg-columns">
        {factor.recoveryCodes.map((code) => (
          <li>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <Copyable
        text={factor.recoveryCodes.join('\n')}
        what={texts.recoveryCodes}
        shown={texts.recoveryCodes}
      />
    </Notice>
  );
}
