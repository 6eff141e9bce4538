import {
  ApiRefusal,
  addConfirmedAct,
  apiPath,
  Facts,
  Instant,
  LinkButton,
  type Pages,
  Section,
  Tag,
  type TagColor,
  type Visit,
} from '../../../gateway/console/index.ts';
import type { OwnCertificate } from './answers.ts';
import { renewalTextsOf } from './renewal-texts.ts';
import { textsOf } from './texts.ts';

/** How it stands with the renewal of a certificate, as the API shows it. */
export interface Renewal {
  /** SHA-256 of the one that is replaced. */
  readonly certificate: string;
  readonly state: string;
  readonly since: string;
  readonly dueAt: string;
  readonly dueBy: string;
  readonly replacement?: string;
  readonly until?: string;
  readonly nextAttemptAt?: string;
  readonly failures: number;
  readonly trouble?: {
    readonly code: string;
    readonly text: string;
    readonly remedy?: string;
    readonly at: string;
  };
}

const pathOf = (sha256: string) => `/certificates/${encodeURIComponent(sha256)}`;

/** Having a certificate renewed now. */
export function addRenewalAct(pages: Pages): void {
  addConfirmedAct(pages, {
    path: '/certificates/:sha256/renew',
    describe: async (visit) => {
      const t = renewalTextsOf(visit);
      const own = await visit.api.get<OwnCertificate>(apiPath`/api/v1/certificates/${visit.param('sha256')}`);
      const path = pathOf(own.sha256);
      return {
        ...{ title: `${t.renew}: ${own.subject}`, submit: t.renew, cancel: path, isDangerous: false },
        happens: own.use === 'authentication' ? t.happensAuthentication : t.happensSigning,
        crumbs: [
          { href: '/certificates', text: textsOf(visit).certificates },
          { href: path, text: own.subject },
        ],
      };
    },
    act: async ({ api, param }) => {
      await api.send('POST', '/api/v1/renewals', { certificate: param('sha256') });
      return `${pathOf(param('sha256'))}?done=renewing`;
    },
  });
}

/** When it renews itself, where that stands, and what came in between. */
export function RenewalSection({
  visit,
  own,
}: {
  readonly visit: Visit;
  readonly own: RenewableCertificate;
}) {
  const t = renewalTextsOf(visit);
  const { renewal, replaces, takesOrders, certificate } = own;
  if (renewal === undefined && replaces === undefined && !takesOrders) return null;
  return (
    <Section title={t.renewal} lead={t.lead}>
      {replaces !== undefined && (
        <p>
          {t.replaces} <a href={pathOf(replaces.certificate)}>{replaces.certificate.slice(0, 16)}…</a> (
          {t.states[replaces.state] ?? replaces.state})
        </p>
      )}
      {renewal === undefined ? <p>{t.notWatched}</p> : <RenewalFacts visit={visit} renewal={renewal} />}
      {takesOrders && certificate.isActive && (
        <p>
          <LinkButton
            href={`${pathOf(certificate.sha256)}/renew`}
            text={renewal === undefined || renewal.state === 'waiting' ? t.renew : t.goOn}
            isQuiet
          />
        </p>
      )}
    </Section>
  );
}

/** A certificate, and what its renewal has to do with it. */
export interface RenewableCertificate {
  readonly certificate: OwnCertificate;
  /** Of it. */
  readonly renewal: Renewal | undefined;
  /** Of another, whose place it takes. */
  readonly replaces: Renewal | undefined;
  /** Whether its authority gives certificates out over ACME. */
  readonly takesOrders: boolean;
}

/** Asks for all of it. */
export async function readRenewal(
  { api }: Visit,
  certificate: OwnCertificate,
): Promise<RenewableCertificate> {
  const [renewals, services] = await Promise.all([
    api.get<readonly Renewal[]>('/api/v1/renewals'),
    servicesOf(api),
  ]);
  const { sha256, authority } = certificate;
  return {
    certificate,
    renewal: renewals.findLast((one) => one.certificate === sha256),
    replaces: renewals.findLast(({ replacement }) => replacement === sha256),
    takesOrders: services.some(({ name, takesOrders }) => takesOrders && name === authority),
  };
}

interface Service {
  readonly name: string;
  readonly takesOrders: boolean;
}

/** None while no configuration is in force: what does not depend on it is shown all the same. */
async function servicesOf(api: Visit['api']): Promise<readonly Service[]> {
  try {
    return await api.get<readonly Service[]>('/api/v1/certification-services');
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 409) return [];
    throw error;
  }
}

function RenewalFacts({ visit, renewal }: { readonly visit: Visit; readonly renewal: Renewal }) {
  const t = renewalTextsOf(visit);
  const { state, dueAt, dueBy, since, until, replacement, nextAttemptAt, trouble, failures } = renewal;
  const color: TagColor = trouble !== undefined ? 'warning' : state === 'done' ? 'success' : 'info';
  return (
    <Facts
      rows={[
        [t.order, <Tag text={t.states[state] ?? state} meaning={t.meanings[state] ?? ''} color={color} />],
        [
          t.due,
          <>
            <Instant at={dueAt} /> {t.dueBy[dueBy]}
          </>,
        ],
        [t.since, state === 'waiting' ? undefined : <Instant at={since} />],
        [t.until, until && <Instant at={until} />],
        [
          t.replacement,
          replacement && (
            <a class="ds-link" href={pathOf(replacement)}>
              {replacement.slice(0, 16)}…
            </a>
          ),
        ],
        [
          t.lastError,
          trouble && (
            <>
              {trouble.text} ({trouble.code}) <Instant at={trouble.at} />
              {trouble.remedy !== undefined && <p class="wg-hint">{trouble.remedy}</p>}
            </>
          ),
        ],
        [t.failures, failures === 0 ? undefined : String(failures)],
        [t.next, nextAttemptAt && <Instant at={nextAttemptAt} />],
      ]}
    />
  );
}
