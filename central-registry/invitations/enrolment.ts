import { request } from 'undici';
import { z } from 'zod';
import { InvitationRefusal } from './error.ts';
import type { NewInvitation } from './model.ts';

/** The authority of the instance, when it gives certificates out to who has a token. */
export interface EnrolmentAuthority {
  /** Base of its API, without a slash at its end. */
  readonly url: string;
  /** Opens enrolments there. */
  readonly secret: string;
  /** Of the certificates, as the authority names it. */
  readonly profile: string;
}

const timeoutMs = 10_000;
const maxAnswerBytes = 4096;
const openedSchema = z.object({ token: z.string().min(20).max(200) });

/** @returns the token with which the member fetches its certificates @throws InvitationRefusal authority-failed */
export async function openEnrolment(
  { url, secret, profile }: EnrolmentAuthority,
  { member, memberName, serverCode, expiresAt }: NewInvitation,
): Promise<string> {
  const { instance, memberClass, memberCode } = member;
  try {
    const response = await request(`${url}/enrolments`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        applicant: { instance, memberClass, memberCode, memberName, serverCode },
        profile,
        expiresAt: expiresAt.toISOString(),
      }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    let text = '';
    for await (const chunk of response.body) {
      text += String(chunk);
      if (text.length > maxAnswerBytes)
        throw new RangeError(`it answers with more than ${maxAnswerBytes} octets`);
    }
    if (response.statusCode !== 201) {
      throw new RangeError(`it answered ${response.statusCode}: ${text.slice(0, 200)}`);
    }
    return openedSchema.parse(JSON.parse(text)).token;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `the authority at ${url} opened no enrolment (${reason}): check its address and its secret in the settings`;
    throw new InvitationRefusal('authority-failed', message, { cause });
  }
}
