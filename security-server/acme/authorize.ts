import { keyAuthorization } from './account-key.ts';
import { type AcmeIdentifier, type Authorization, authorizationSchema } from './documents.ts';
import { AcmeError } from './error.ts';
import { nameOf, type ProblemDocument, problemError } from './problem.ts';
import type { AcmeSession } from './session.ts';
import { type Patience, waitFor } from './wait.ts';

/** Answers an authority that wants to see that an address is ours. */
export interface ChallengeResponder {
  /**
   * Begins to answer for a token.
   * @returns ends it
   * @throws Error when nothing can be answered here, with what to do
   */
  show(token: string, keyAuthorization: string): Promise<() => Promise<void>>;
}

export interface Verification {
  readonly responder: ChallengeResponder;
  readonly patience: Patience;
  /** IP addresses from which the authority looks, when they are known. */
  readonly verifiesFrom: string | undefined;
}

/** 128 bits of randomness in base64url. @see RFC 8555 §8.3 */
const tokenForm = /^[\w-]{22,255}$/;

/**
 * Convinces the authority that the address of one authorization is ours.
 * @param url of the authorization
 * @throws AcmeError challenge-failed, refused, slow
 * @see RFC 8555 §7.5
 */
export async function authorize(
  session: AcmeSession,
  url: string,
  { responder, patience, verifiesFrom }: Verification,
): Promise<void> {
  const asked = 'an authorization';
  const read = () => session.postFor(authorizationSchema, { url, asked });
  const { document: first } = await read();
  const { identifier } = first;
  if (first.status === 'valid') return;
  const challenge = first.challenges.find(({ type }) => type === 'http-01');
  if (first.status !== 'pending') throw failure(first, verifiesFrom);
  if (challenge?.token === undefined || !tokenForm.test(challenge.token)) {
    throw new AcmeError('refused', `the authority verifies ${identifier.value} not over HTTP (http-01)`, {
      remedy: 'ask the authority for verification over HTTP, or have certificates issued by hand',
    });
  }
  const { token } = challenge;
  const hide = await responder.show(token, keyAuthorization(session.key, token));
  try {
    // Of a challenge that is tried already, from before a crash, the outcome is awaited.
    if (challenge.status === 'pending') {
      await session.post({
        url: challenge.url,
        payload: {},
        asked: `the verification of ${identifier.value}`,
      });
    }
    await waitFor(`the verification of ${identifier.value}`, patience, async () => {
      const { document, retryAfterMs } = await read();
      if (document.status === 'valid') return { value: true };
      if (document.status !== 'pending') throw failure(document, verifiesFrom);
      return { retryAfterMs };
    });
  } finally {
    await hide();
  }
}

function failure({ identifier, status, challenges }: Authorization, verifiesFrom?: string): AcmeError {
  const { error } = challenges.find((one) => one.type === 'http-01' && one.error !== undefined) ?? {};
  if (error === undefined) {
    return new AcmeError('challenge-failed', `the verification of ${identifier.value} is ${status}`);
  }
  return challengeError(identifier, error, verifiesFrom);
}

function challengeError(
  { type, value }: AcmeIdentifier,
  error: ProblemDocument,
  verifiesFrom = 'the authority',
): AcmeError {
  const host = type === 'ip' && value.includes(':') ? `[${value}]` : value;
  const place = `http://${host}:80/.well-known/acme-challenge/`;
  const problem = nameOf(error.type);
  const asked = `the verification of ${value}`;
  const cause = problemError(asked, error);
  if (problem === 'connection') {
    return new AcmeError('challenge-failed', `the authority could not reach ${place}…: ${cause.message}`, {
      ...{ cause, problem },
      remedy: `open port 80 of ${host} to ${verifiesFrom}, and lead it to acme.listenPort of this server`,
    });
  }
  const remedy =
    problem === 'unauthorized' || problem === 'incorrectResponse'
      ? `another program answers at ${place}: lead that path to acme.listenPort of this server`
      : cause.remedy;
  return new AcmeError('challenge-failed', cause.message, {
    cause,
    ...(problem !== undefined && { problem }),
    ...(remedy !== undefined && { remedy }),
  });
}
