import { type Certificate, parseCertificate } from '../../../certs/x509/index.ts';
import { Copyable, Facts, Fingerprint, Instant, Tag, type Visit } from '../../../gateway/console/index.ts';
import { textsOf } from '../texts.ts';

/** Certificates that end sooner are told of. */
const soonMs = 30 * 24 * 3_600_000;

interface Props {
  readonly visit: Visit;
  readonly pem: string;
}

/** All that a person compares or watches of a certificate: whose it is, by whom, until when, and its fingerprint. */
export function CertificateFacts({ visit, pem }: Props) {
  const t = textsOf(visit);
  const certificate = readCertificate(pem);
  const { subject, issuer, serialNumber, notBefore, notAfter, sha256 } = certificate;
  return (
    <Facts
      rows={[
        [t.subject, subject.describe()],
        [t.trust.issuer, subject.der.equals(issuer.der) ? t.trust.itself : issuer.describe()],
        [
          t.trust.serialNumber,
          <Copyable text={serialNumber.toString(16).toUpperCase()} what={t.trust.serialNumber} />,
        ],
        [t.trust.validFrom, <Instant at={notBefore.toISOString()} />],
        [
          t.expires,
          <span class="wg-inline">
            <Instant at={notAfter.toISOString()} />
            <Validity visit={visit} of={certificate} />
          </span>,
        ],
        [t.trust.fingerprint, <Fingerprint hex={sha256.toString('hex')} algorithm="SHA-256" />],
      ]}
    />
  );
}

function Validity({ visit, of }: { readonly visit: Visit; readonly of: Certificate }) {
  const { trust } = textsOf(visit);
  const leftMs = of.notAfter.getTime() - visit.now.getTime();
  if (leftMs < 0) return <Tag text={trust.expired} color="danger" />;
  if (visit.now < of.notBefore) return <Tag text={trust.notYet} color="warning" />;
  return leftMs < soonMs ? <Tag text={trust.soon} color="warning" /> : null;
}

/** The register holds none that cannot be read. */
export function readCertificate(pem: string): Certificate {
  return parseCertificate(Buffer.from(pem));
}

/** By which an authority of a service is named in paths. */
export function fingerprintOf(pem: string): string {
  return readCertificate(pem).sha256.toString('hex');
}

/** Whose certificate it is, as a heading says it. */
export function holderOf(pem: string): string {
  return readCertificate(pem).subject.describe();
}
