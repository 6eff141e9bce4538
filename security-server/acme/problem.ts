import { z } from 'zod';
import { AcmeError, type AcmeErrorCode, printable } from './error.ts';
import type { AcmeAnswer } from './https.ts';

const prefix = 'urn:ietf:params:acme:error:';
const text = z.string().max(20_000);

const identifierSchema = z.object({ type: text, value: text });
/** @see RFC 9457, RFC 8555 §6.7.1 */
export const problemSchema = z.object({
  type: text.default('about:blank'),
  detail: text.default(''),
  subproblems: z
    .array(z.object({ type: text, detail: text.default(''), identifier: identifierSchema.optional() }))
    .max(100)
    .optional(),
});
export type ProblemDocument = z.infer<typeof problemSchema>;

/** A checklist and a log show it on one line. */
const maxMessageLength = 700;

interface Meaning {
  readonly code: AcmeErrorCode;
  readonly remedy: string;
}

/** What an operator can do about an error of the authority. @see RFC 8555 §6.7 */
const meanings: Readonly<Record<string, Meaning>> = {
  rateLimited: {
    code: 'rate-limited',
    remedy: 'nothing: the authority takes no more for now; it is tried again when it said so',
  },
  rejectedIdentifier: {
    code: 'rejected-name',
    remedy: 'ask the authority to allow this address for you, or give the server another one',
  },
  unsupportedIdentifier: {
    code: 'rejected-name',
    remedy: 'give the server a host name: the authority certifies no address of this kind',
  },
  externalAccountRequired: {
    code: 'account-required',
    remedy:
      'ask the authority for a key identifier and a MAC key, and enter them as externalAccount of this directory in the settings',
  },
  userActionRequired: {
    code: 'refused',
    remedy: 'read and agree to what the authority asks for, at the address it names',
  },
  badPublicKey: { code: 'refused', remedy: 'make a key of another kind: the authority takes none like this' },
  badCSR: {
    code: 'refused',
    remedy: 'ask the authority which profile it certifies, and whether the registry names the right one',
  },
  invalidContact: {
    code: 'not-set-up',
    remedy: 'correct the mail addresses in acme.contact of the settings',
  },
  unsupportedContact: {
    code: 'not-set-up',
    remedy: 'correct the mail addresses in acme.contact of the settings',
  },
  caa: {
    code: 'challenge-failed',
    remedy: 'add a CAA record for this authority to the domain, or have the one that forbids it removed',
  },
  dns: {
    code: 'challenge-failed',
    remedy: 'check that the host name of this server resolves where the authority looks it up',
  },
  serverInternal: { code: 'refused', remedy: 'nothing: the authority has trouble of its own' },
};

/** The name of an error, when it is one of ACME. */
export function nameOf(type: string): string | undefined {
  return type.startsWith(prefix) ? printable(type.slice(prefix.length), 60) : undefined;
}

/** A refusal with cause and remedy. @param asked what was asked of the authority, for people */
export function refusalOf(asked: string, { status, headers, body, retryAfterMs }: AcmeAnswer): AcmeError {
  if (status >= 300 && status < 400) {
    const detail = `${asked}: the ACME server redirects (${status}), which is not followed`;
    return new AcmeError('malformed', detail, {
      status,
      remedy: 'have the registry name the address it redirects to',
    });
  }
  const document = readProblem(headers['content-type'], body);
  if (document === undefined) {
    const code = status >= 500 ? 'unreachable' : 'refused';
    return new AcmeError(code, `${asked}: the ACME server answers with status ${status}`, {
      ...{ status, ...(retryAfterMs !== undefined && { retryAfterMs }) },
    });
  }
  return problemError(asked, document, { status, ...(retryAfterMs !== undefined && { retryAfterMs }) });
}

/** @param asked what was asked of the authority, for people */
export function problemError(
  asked: string,
  document: ProblemDocument,
  more: { readonly status?: number; readonly retryAfterMs?: number } = {},
): AcmeError {
  const problem = nameOf(document.type);
  const known = problem === undefined ? undefined : meanings[problem];
  const { code, remedy } = known ?? { code: 'refused' as const };
  const why = printable(document.detail) || printable(document.type, 100);
  const parts = (document.subproblems ?? [])
    .slice(0, 5)
    .map(
      ({ detail, type, identifier }) =>
        `${printable(identifier?.value ?? '', 100)} ${printable(detail || type)}`,
    );
  const message = [
    `${asked}: the authority refuses (${problem ?? more.status ?? 'unknown'}): ${why}`,
    ...parts,
  ];
  return new AcmeError(code, printable(message.join('; '), maxMessageLength), {
    ...more,
    ...(problem !== undefined && { problem }),
    ...(remedy !== undefined && { remedy }),
  });
}

function readProblem(type: unknown, body: Buffer): ProblemDocument | undefined {
  if (!String(type).startsWith('application/problem+json')) return undefined;
  try {
    return problemSchema.parse(JSON.parse(body.toString('utf8')));
  } catch {
    // Whoever refuses in broken words refuses all the same: the status says enough.
    return undefined;
  }
}
