import { isIP } from 'node:net';
import type { Authority } from './authority.ts';
import type { Enrolment } from './enrolment-book.ts';
import type { Applicant, CertificateKind, ProfileName } from './profiles.ts';
import { profileClasses } from './profiles.ts';

/** A request that is refused; its message goes to the applicant. */
export class EnrolmentError extends Error {
  override readonly name = 'EnrolmentError';
  /** HTTP status. */
  readonly status: 400 | 401 | 409 | 503;

  constructor(status: EnrolmentError['status'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** Longest time a token may be open. Days. */
const maxDays = 90;
const maxTextLength = 255;

/**
 * Opens an enrolment for an applicant whom somebody vouches for.
 * @param body JSON: `{ applicant: { instance, memberClass, memberCode, memberName, country?, serverCode? }, profile,
 *   expiresAt }`
 * @returns the token, which opens one certificate for signing and one for authentication
 * @throws EnrolmentError
 */
export async function openEnrolment({ enrolments, now }: Authority, body: unknown): Promise<string> {
  const { expiresAt } = fieldsOf(body);
  const expires = new Date(textOf(expiresAt, 'expiresAt'));
  const at = now();
  // Not a number compares as neither.
  if (!(expires > at && expires.getTime() <= at.getTime() + maxDays * 86_400_000)) {
    throw new EnrolmentError(400, `expiresAt must be an instant within the next ${maxDays} days`);
  }
  const enrolment: Enrolment = {
    ...readHolder(body),
    kinds: ['signing', 'authentication'],
    expiresAt: expires,
  };
  try {
    return await enrolments.add(enrolment, at);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new EnrolmentError(503, error.message, { cause: error });
  }
}

/**
 * Issues what a token opens. Asked again with the same request, it answers as before; another request under the same
 * token is refused.
 * @param body JSON: `{ request, kind, dnsName? }`, the request as PEM
 * @returns PEM
 * @throws EnrolmentError; CertificateError for a request that is not good
 */
export async function enrol(
  authority: Authority,
  token: string,
  body: unknown,
  ocspUrl: string,
): Promise<string> {
  const enrolment = authority.enrolments.find(token, authority.now());
  if (enrolment === undefined) {
    throw new EnrolmentError(401, 'the token is not known here, or it expired: ask for a new invitation');
  }
  const { request: pem, kind: wanted, dnsName: host } = fieldsOf(body);
  const kind = kindOf(wanted, enrolment.kinds);
  const request = Buffer.from(textOf(pem, 'request', Number.POSITIVE_INFINITY));
  const dnsName = host === undefined ? undefined : hostOf(host);
  const certificate = await authority.enrolments.issueOnce(token, kind, request, async () => {
    const { profile, applicant } = enrolment;
    const order = {
      ...{ request, kind, profile, ocspUrl },
      applicant: { ...applicant, ...(dnsName !== undefined && { dnsName }) },
    };
    return (await authority.issue(order)).pem;
  });
  if (certificate !== undefined) return certificate;
  const message = `the ${kind} certificate of this token was issued to another request: ask for a new invitation`;
  throw new EnrolmentError(409, message);
}

/**
 * Who certificates are for, as somebody vouches for them.
 * @param body JSON: `{ applicant, profile }` as of an enrolment
 * @throws EnrolmentError
 */
export function readHolder(body: unknown): Pick<Enrolment, 'applicant' | 'profile'> {
  const { applicant, profile } = fieldsOf(body);
  return { applicant: applicantOf(applicant), profile: profileOf(profile) };
}

function applicantOf(value: unknown): Omit<Applicant, 'dnsName'> {
  const { instance, memberClass, memberCode, memberName, country, serverCode } = fieldsOf(value);
  return {
    instance: textOf(instance, 'instance'),
    memberClass: textOf(memberClass, 'memberClass'),
    memberCode: textOf(memberCode, 'memberCode'),
    memberName: textOf(memberName, 'memberName'),
    ...(country !== undefined && { country: textOf(country, 'country', 2) }),
    ...(serverCode !== undefined && { serverCode: textOf(serverCode, 'serverCode') }),
  };
}

function profileOf(value: unknown): ProfileName {
  const name = textOf(value, 'profile');
  if (!Object.hasOwn(profileClasses, name))
    throw new EnrolmentError(400, 'profile is not one of those known');
  return name as ProfileName;
}

function kindOf(value: unknown, kinds: readonly CertificateKind[]): CertificateKind {
  const kind = kinds.find((one) => one === value);
  if (kind === undefined) throw new EnrolmentError(400, `kind must be one of ${kinds.join(', ')}`);
  return kind;
}

function hostOf(value: unknown): string {
  const host = textOf(value, 'dnsName');
  if (isIP(host) === 0 && !/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(host)) {
    throw new EnrolmentError(400, 'dnsName must be the name of a host, or an address');
  }
  return host;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new EnrolmentError(400, 'a JSON object is expected');
}

function textOf(value: unknown, name: string, maxLength = maxTextLength): string {
  if (typeof value === 'string' && value !== '' && value.length <= maxLength) return value;
  throw new EnrolmentError(400, `${name} must be text of 1 to ${maxLength} characters`);
}
