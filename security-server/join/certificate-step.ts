import { mkdir, readFile } from 'node:fs/promises';
import { writeFileDurably } from '../../gateway/store/index.ts';
import { acmeAuthorities } from '../acme/index.ts';
import { certificatePath, requestPath } from './by-hand.ts';
import { type CertificateUse, fetchCertificate } from './enrol.ts';
import { JoinError } from './error.ts';
import { isThere } from './prepare-steps.ts';
import type { JoiningServer, RunStep, StepContext, StepOutcome } from './step.ts';

const uses: readonly CertificateUse[] = ['signing', 'authentication'];

interface OwnCertificate {
  readonly use: CertificateUse;
  readonly keyId: string;
}

/** How far the certificate of one use is. */
type Obtained = 'in-use' | 'lacking' | Extract<StepOutcome, { state: 'waiting' }>;

/**
 * A certificate for each key: from the authority that the invitation opens; else as it was brought by hand; else
 * ordered over ACME where an approved authority takes orders; else awaited by hand.
 */
export const obtainCertificates: RunStep = async (context) => {
  const running = await context.server();
  const lacking: string[] = [];
  for (const use of uses) {
    const keyId = context.state().keys?.[use] ?? '';
    const own = await running.ask<readonly OwnCertificate[]>('GET', '/certificates');
    if (own.some((one) => one.keyId === keyId && one.use === use)) continue;
    const obtained = await obtain(context, running, use, keyId);
    if (obtained === 'lacking') lacking.push(use);
    else if (obtained !== 'in-use') return obtained;
  }
  if (lacking.length === 0) return { state: 'done', detail: 'for signing and for authentication' };
  return {
    state: 'waiting',
    detail: `certificates for ${lacking.join(' and ')} are not there yet`,
    remedy: byHand(context, lacking),
  };
};

async function obtain(
  context: StepContext,
  running: JoiningServer,
  use: CertificateUse,
  keyId: string,
): Promise<Obtained> {
  const { claims, state } = context;
  const request = await requestFor(context, running, use, keyId);
  const pem =
    claims.enrolment === undefined
      ? await readBrought(context, use)
      : await fetchCertificate(claims.enrolment, use, request, state().address);
  if (pem !== undefined) {
    await running.ask('POST', '/certificates', { certificate: pem });
    return 'in-use';
  }
  const configuration = running.configuration();
  const [authority] = acmeAuthorities(configuration.shared(configuration.instance), use);
  return authority === undefined ? 'lacking' : order(context, running, use, keyId, authority.name);
}

interface OrderState {
  readonly state: 'under-way' | 'issued' | 'delayed' | 'failed';
  readonly detail: string;
  readonly remedy?: string;
  readonly code?: string;
}

/** Places an order over ACME, or hears of the one that was placed. @throws JoinError failed */
async function order(
  context: StepContext,
  running: JoiningServer,
  use: CertificateUse,
  keyId: string,
  authority: string,
): Promise<Obtained> {
  const { address } = context.state();
  const ordered = await running.ask<OrderState>('POST', `/keys/${encodeURIComponent(keyId)}/orders`, {
    ...{ use, address, authority, subject: subjectOf(context, use) },
  });
  const { state, code, remedy } = ordered;
  if (state === 'issued') return 'in-use';
  const detail = `${authority}, certificate for ${use}: ${ordered.detail}`;
  if (state !== 'failed') return { state: 'waiting', detail, ...(remedy !== undefined && { remedy }) };
  const ways = [...(remedy === undefined ? [] : [remedy]), `or ${byHand(context, [use])}`].join('; ');
  throw new JoinError('failed', `${detail} (${code})`, { remedy: ways.slice(0, 1000) });
}

function subjectOf({ claims, state }: StepContext, use: CertificateUse) {
  const { name, memberClass, memberCode } = claims.member;
  return use === 'signing'
    ? { O: name, businessCategory: memberClass, serialNumber: memberCode, CN: name }
    : { O: name, serialNumber: memberCode, CN: state().address };
}

/** The same every time: an authority that issued for it before, and whose answer was lost, answers as before. */
async function requestFor(
  context: StepContext,
  running: JoiningServer,
  use: CertificateUse,
  keyId: string,
): Promise<string> {
  const path = requestPath(context.places, use);
  if (await isThere(path)) return readFile(path, 'utf8');
  const { request } = await running.ask<{ readonly request: string }>(
    'POST',
    `/keys/${encodeURIComponent(keyId)}/requests`,
    {
      subject: subjectOf(context, use),
      subjectAltNames: use === 'signing' ? [] : [context.state().address],
    },
  );
  await mkdir(context.places.requestFolder, { recursive: true, mode: 0o700 });
  await writeFileDurably(path, request);
  return request;
}

/** @returns undefined until somebody has brought it */
async function readBrought({ places }: StepContext, use: CertificateUse): Promise<string | undefined> {
  const path = certificatePath(places, use);
  return (await isThere(path)) ? readFile(path, 'utf8') : undefined;
}

function byHand({ places }: StepContext, lacking: readonly string[]): string {
  const requests = lacking.map((use) => `${use}.csr.pem`).join(' and ');
  const certificates = lacking.map((use) => `${use}.pem`).join(' and ');
  return `take ${requests} from ${places.requestFolder} to the certification authority, and put what it issues into ${places.certificateFolder} as ${certificates}`;
}
