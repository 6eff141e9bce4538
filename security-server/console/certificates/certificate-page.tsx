import {
  addConfirmedAct,
  apiPath,
  Copyable,
  Download,
  Facts,
  Field,
  Fingerprint,
  Instant,
  LinkButton,
  type PageContent,
  type Pages,
  Section,
  Tag,
  type Visit,
} from '../../../gateway/console/index.ts';
import { type OwnCertificate, stateOf } from './answers.ts';
import { addRenewalAct, RenewalSection, readRenewal } from './renewal.tsx';
import { renewalTextsOf } from './renewal-texts.ts';
import { textsOf } from './texts.ts';

type Shown = OwnCertificate & { readonly pem: string };

const pathOf = (sha256: string) => `/certificates/${encodeURIComponent(sha256)}`;
const read = ({ api, param }: Visit) => api.get<Shown>(apiPath`/api/v1/certificates/${param('sha256')}`);

/** One certificate: how it stands, why it does not serve, and what can be done with it. */
export function addCertificatePage(pages: Pages): void {
  pages.get('/certificates/:sha256', certificatePage);
  pages.get('/certificates/:sha256/file', async (visit) => {
    const { pem, serialNumber } = await read(visit);
    const headers = {
      'content-type': 'application/x-pem-file',
      'content-disposition': `attachment; filename="certificate-${serialNumber.slice(0, 16)}.pem"`,
    };
    return new Response(pem, { headers });
  });
  addRenewalAct(pages);
  addSwitch(pages, true);
  addSwitch(pages, false);
  addConfirmedAct(pages, {
    path: '/certificates/:sha256/register',
    fieldNames: ['address'],
    describe: async (visit) => {
      const t = textsOf(visit);
      return {
        ...(await about(visit, t.register)),
        ...{ happens: t.registerHappens, isDangerous: false },
        fields: (values, problems) => (
          <Field
            name="address"
            label={t.address}
            hint={t.addressHint}
            maxLength={255}
            isOptional
            {...{ values, problems }}
          />
        ),
      };
    },
    act: async ({ api, param }, { address = '' }) => {
      const request = { kind: 'authCertReg', certificate: param('sha256') };
      await api.send('POST', '/api/v1/management-requests', {
        ...request,
        ...(address !== '' && { address }),
      });
      return `${pathOf(param('sha256'))}?done=asked`;
    },
  });
  addConfirmedAct(pages, {
    path: '/certificates/:sha256/unregister',
    describe: async (visit) => ({
      ...(await about(visit, textsOf(visit).unregister)),
      happens: textsOf(visit).unregisterHappens,
    }),
    act: async ({ api, param }) => {
      const request = { kind: 'authCertDeletion', certificate: param('sha256') };
      await api.send('POST', '/api/v1/management-requests', request);
      return `${pathOf(param('sha256'))}?done=asked`;
    },
  });
  addConfirmedAct(pages, {
    path: '/certificates/:sha256/remove',
    describe: async (visit) => ({
      ...(await about(visit, textsOf(visit).remove)),
      happens: textsOf(visit).removeHappens,
    }),
    act: async ({ api, param }) => {
      await api.send('DELETE', apiPath`/api/v1/certificates/${param('sha256')}`);
      return '/certificates?done=removed';
    },
  });
}

function addSwitch(pages: Pages, isActive: boolean): void {
  addConfirmedAct(pages, {
    path: `/certificates/:sha256/${isActive ? 'switch-on' : 'switch-off'}`,
    describe: async (visit) => {
      const t = textsOf(visit);
      return {
        ...(await about(visit, isActive ? t.switchOn : t.switchOff)),
        ...{ happens: isActive ? t.switchOnHappens : t.switchOffHappens, isDangerous: !isActive },
      };
    },
    act: async ({ api, param }) => {
      await api.send('PUT', apiPath`/api/v1/certificates/${param('sha256')}/activity`, { isActive });
      return `${pathOf(param('sha256'))}?done=switched`;
    },
  });
}

async function about(visit: Visit, word: string) {
  const { sha256, subject } = await read(visit);
  return {
    ...{ title: `${word}: ${subject}`, submit: word, cancel: pathOf(sha256) },
    crumbs: [
      { href: '/certificates', text: textsOf(visit).certificates },
      { href: pathOf(sha256), text: subject },
    ],
  };
}

async function certificatePage(visit: Visit): Promise<PageContent> {
  const t = textsOf(visit);
  const own = await read(visit);
  const renewal = await readRenewal(visit, own);
  const renewing = renewalTextsOf(visit).begun;
  const done = { imported: t.imported, switched: t.switched, asked: t.asked, renewing }[
    visit.url.searchParams.get('done') ?? ''
  ];
  return {
    title: own.subject,
    crumbs: [{ href: '/certificates', text: t.certificates }],
    ...(done !== undefined && { done }),
    body: (
      <>
        <div id="certificate" class="wg-sections" data-live="10">
          <CertificateFacts visit={visit} own={own} />
          <Reasons visit={visit} own={own} />
          <RenewalSection visit={visit} own={renewal} />
        </div>
        <Acts visit={visit} own={own} />
      </>
    ),
  };
}

interface Props {
  readonly visit: Visit;
  readonly own: OwnCertificate;
}

function CertificateFacts({ visit, own }: Props) {
  const t = textsOf(visit);
  const { use, member, registration, statusValidUntil, isActive, keyId } = own;
  const { text, meaning, color } = stateOf(visit, own);
  return (
    <Facts
      rows={[
        [visit.texts.state, <Tag text={text} meaning={meaning} color={color} />],
        [t.use, t.uses[use] ?? use],
        [t.member, member && <Copyable text={member} what={t.member} />],
        [t.activity, isActive ? t.on : t.off],
        [
          t.registration,
          registration && (
            <Tag
              text={t.registrations[registration] ?? registration}
              meaning={t.registrationMeanings[registration] ?? ''}
              color={registration === 'registered' ? 'success' : 'neutral'}
            />
          ),
        ],
        [t.statusGood, statusValidUntil && <Instant at={statusValidUntil} />],
        [t.begins, <Instant at={own.notBefore} />],
        [t.ends, <Instant at={own.notAfter} />],
        [t.authority, own.authority],
        [t.issuer, own.issuer],
        [t.serial, <Copyable text={own.serialNumber} what={t.serial} />],
        [
          t.key,
          own.reasons.some(({ code }) => code.startsWith('token-') || code === 'key-missing') ? (
            keyId
          ) : (
            <a class="ds-link" href={`/keys/${encodeURIComponent(keyId)}`}>
              {keyId}
            </a>
          ),
        ],
        ['SHA-256', <Fingerprint hex={own.sha256} algorithm="SHA-256" />],
      ]}
    />
  );
}

function Reasons({ visit, own }: Props) {
  const t = textsOf(visit);
  if (own.reasons.length === 0) return null;
  return (
    <Section title={t.why}>
      <ul>
        {own.reasons.map(({ code, text }) => (
          <li>
            {text}. {t.remedies[code]}{' '}
            {t.links[code] !== undefined && (
              <a class="ds-link" href="/tokens">
                {t.links[code]}
              </a>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Acts({ visit, own }: Props) {
  const t = textsOf(visit);
  const { sha256, isActive, registration } = own;
  const path = pathOf(sha256);
  const canRegister = registration === 'saved' || registration === 'withdrawn';
  return (
    <p class="wg-inline">
      {canRegister && <LinkButton href={`${path}/register`} text={t.register} />}
      {registration === 'registered' && (
        <LinkButton href={`${path}/unregister`} text={t.unregister} isQuiet />
      )}
      <LinkButton
        href={`${path}/${isActive ? 'switch-off' : 'switch-on'}`}
        text={isActive ? t.switchOff : t.switchOn}
        isQuiet
      />
      <Download href={`${path}/file`} text={t.download} />
      <LinkButton href={`${path}/remove`} text={t.remove} isQuiet />
    </p>
  );
}
