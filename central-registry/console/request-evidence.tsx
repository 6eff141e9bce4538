import {
  Copyable,
  Facts,
  Fingerprint,
  Instant,
  type Step,
  Steps,
  type Visit,
} from '../../gateway/console/index.ts';
import type { ManagementRequest, Proof } from './answers.ts';
import { textsOf } from './texts.ts';

interface Props {
  readonly visit: Visit;
  readonly of: ManagementRequest;
}

/** What the registry verified before it took a request, as it was kept then. @see ../management/evidence.ts */
export function Evidence({ visit, of }: Props) {
  const t = textsOf(visit);
  const { origin, messageId, digest, evidence } = of;
  return (
    <>
      <Facts
        rows={[
          [t.origin, origin === 'registration' ? t.evidenceDirect : t.evidenceService],
          [t.messageId, <Copyable text={messageId} what={t.messageId} />],
          [t.messageDigest, <Fingerprint hex={digest} algorithm="SHA-256" />],
        ]}
      />
      {evidence === undefined && <p>{t.evidenceNotKept}</p>}
      {evidence?.length === 0 && <p>{t.evidenceUnsigned}</p>}
      {evidence?.map((proof) => (
        <OneProof visit={visit} of={proof} />
      ))}
    </>
  );
}

/** One signature: what was found to hold, and the certificate that stands for it. */
function OneProof({ visit, of }: { readonly visit: Visit; readonly of: Proof }) {
  const t = textsOf(visit);
  const { purpose, member, subject, issuer, serialNumber, sha256, notAfter, statusAt, checks } = of;
  const steps: readonly Step[] = checks.map((check) => ({ title: t.evidenceChecks[check], state: 'done' }));
  return (
    <>
      <h3 class="ds-heading" data-size="2xs">
        {purpose === 'authentication' ? t.evidenceAuthentication : t.evidenceSigning(member ?? '')}
      </h3>
      <Steps steps={steps} />
      <Facts
        rows={[
          [t.subject, subject],
          [t.trust.issuer, issuer],
          [t.trust.serialNumber, <Copyable text={serialNumber.toUpperCase()} what={t.trust.serialNumber} />],
          [t.trust.fingerprint, <Fingerprint hex={sha256} algorithm="SHA-256" />],
          [t.expires, <Instant at={notAfter} />],
          [t.evidenceStatusAt, statusAt === undefined ? undefined : <Instant at={statusAt} />],
        ]}
      />
    </>
  );
}
