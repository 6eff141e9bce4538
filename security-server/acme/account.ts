import { z } from 'zod';
import { bindExternalAccount, type ExternalAccount } from './account-key.ts';
import { AcmeError } from './error.ts';
import type { AcmeSession } from './session.ts';

const accountSchema = z.object({ status: z.enum(['valid', 'deactivated', 'revoked']) });

export interface AccountWanted {
  /** Mail addresses the authority may write to. */
  readonly contact: readonly string[];
  readonly externalAccount: ExternalAccount | undefined;
  readonly agreesToTerms: boolean;
}

/**
 * Makes the account of the session's key, or finds the one it has; the session goes on in its name.
 * @returns its address
 * @throws AcmeError account-required, not-set-up, refused
 * @see RFC 8555 §7.3
 */
export async function openAccount(session: AcmeSession, wanted: AccountWanted): Promise<string> {
  const { newAccount, meta } = session.directory;
  const { contact, externalAccount, agreesToTerms } = wanted;
  if (meta?.externalAccountRequired === true && externalAccount === undefined) {
    throw new AcmeError('account-required', 'the authority takes only who has an account with it', {
      remedy:
        'ask it for a key identifier and a MAC key, and enter them as externalAccount of this directory in the settings',
    });
  }
  if (meta?.termsOfService !== undefined && !agreesToTerms) {
    throw new AcmeError('not-set-up', `the authority has terms: ${meta.termsOfService}`, {
      remedy: 'read them, and set agreesToTerms of this directory to true in the settings',
    });
  }
  const { document, location } = await session
    .postFor(accountSchema, {
      url: newAccount,
      payload: {
        ...(agreesToTerms && { termsOfServiceAgreed: true }),
        contact: contact.map((address) => `mailto:${address}`),
        ...(externalAccount !== undefined && {
          externalAccountBinding: await bindExternalAccount(session.key, externalAccount, newAccount),
        }),
      },
      asked: 'an account',
    })
    .catch((error: unknown) => {
      throw externalAccount === undefined ? error : withRemedy(error, externalAccount.keyId);
    });
  if (document.status !== 'valid') throw accountClosed(`the account is ${document.status}`);
  if (location === undefined)
    throw new AcmeError('malformed', 'the authority names no address of the account');
  session.useAccount(location);
  return location;
}

/**
 * Somebody closed the account with the authority, who may have had reasons: no other one is made behind their back.
 * @param detail what the authority says
 */
export function accountClosed(detail: string, options?: ErrorOptions): AcmeError {
  return new AcmeError('account-closed', detail, {
    ...options,
    remedy:
      'ask the authority who closed the account, and why; to open another one, enter its new external account in the settings, stop the server, remove acme/acme.json from its data folder, and start it',
  });
}

/** Of an account that is refused, the binding is what can be wrong most easily. */
function withRemedy(error: unknown, keyId: string): unknown {
  if (!(error instanceof AcmeError) || error.code !== 'refused' || error.remedy !== undefined) return error;
  const { code, message, problem, status } = error;
  return new AcmeError(code, message, {
    cause: error,
    ...(problem !== undefined && { problem }),
    ...(status !== undefined && { status }),
    remedy: `check the key identifier '${keyId}' and its MAC key in the settings, or ask the authority for new ones`,
  });
}
