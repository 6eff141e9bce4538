import type { KeySpec } from '../../certs/key/index.ts';
import type { KeyInfo, Token } from '../../certs/token/index.ts';
import { createRequest } from '../../certs/x509/index.ts';
import { equal } from '../../gateway/identifier/index.ts';
import { type OwnCertificate, ownCertificates, removeOwnCertificate } from '../signer/index.ts';
import { RenewalError } from './error.ts';
import { acmeAuthorityOf, idOf, type RenewalParts } from './parts.ts';

/** How long one look waits for an order; it goes on by itself. */
const waitMs = 2_000;
const usualKey: KeySpec = { type: 'ec', curve: 'P-256' };

/**
 * Orders the successor of a certificate for a key of its own, and takes it in, switched off. Asked again, after a
 * crash too, it goes on with the same key and the same order.
 * @returns undefined while the order is under way
 * @throws RenewalError
 */
export async function orderSuccessor(
  parts: RenewalParts,
  old: OwnCertificate,
): Promise<OwnCertificate | undefined> {
  const { orders, settings } = parts;
  const authority = acmeAuthorityOf(old, parts.configuration());
  if (authority === undefined) {
    throw new RenewalError(
      'no-acme-authority',
      'the authority that issued it takes no orders over ACME now',
      {
        remedy: 'ask the registry whether that is meant; else get the next certificate by hand',
      },
    );
  }
  const token = tokenOf(parts, old);
  const key = await keyFor(old, token);
  const successor = async () => (await ownCertificates(settings.db)).find(({ keyId }) => keyId === key.id);
  const taken = await successor();
  if (taken !== undefined) return taken;
  const address = addressOf(parts);
  const view = await orders.order(
    {
      ...{ keyId: key.id, publicKeyInfo: key.publicKeyInfo, address, replaces: old.certificate },
      directoryUrl: authority.directoryUrl,
      profile: authority.profile,
      verifiesFrom: authority.verifiesFrom,
      request: () =>
        createRequest(
          { subject: old.certificate.subject, subjectAltNames: [address] },
          token.signingKey(key.id),
        ),
      takeIn: async ({ certificate, intermediates }) => {
        const own = await parts.takeIn(certificate, intermediates, old.use);
        if (isForSame(old, own)) return;
        await removeOwnCertificate(settings.db, idOf(own));
        throw new Error(`it is for ${own.certificate.subject.describe()}, another member than before`);
      },
    },
    waitMs,
  );
  if (view.state === 'under-way') return undefined;
  if (view.state === 'issued') return successor();
  const { code, detail, remedy, retryAt } = view;
  throw new RenewalError(code, detail, {
    ...(remedy !== undefined && { remedy }),
    ...(retryAt !== undefined && { retryAt }),
  });
}

function isForSame({ member: a }: OwnCertificate, { member: b }: OwnCertificate): boolean {
  return a === undefined || b === undefined ? a === b : equal(a, b);
}

/** A handshake cannot wait for a device: for authentication always the software token. */
function tokenOf({ token, tokens }: RenewalParts, { use, tokenId }: OwnCertificate): Token {
  const found = use === 'authentication' ? token : tokens.get(tokenId);
  if (found?.isActive() === true) return found;
  const what = found === undefined ? `token ${tokenId} is not here` : `token '${found.label}' is closed`;
  throw new RenewalError('token-not-active', what, { remedy: 'attach it, and enter its PIN' });
}

/** The key of the successor is known by its label, so that a crash leaves none behind that nobody knows. */
async function keyFor(old: OwnCertificate, token: Token): Promise<KeyInfo> {
  const label = `${old.use}, in place of ${idOf(old).slice(0, 16)}`;
  const keys = token.listKeys();
  const spec = keys.find(({ id }) => id === old.keyId)?.spec ?? usualKey;
  return keys.find((one) => one.label === label) ?? token.generateKey(spec, label);
}

function addressOf({ settings, configuration }: RenewalParts): string {
  const current = configuration();
  const { serverId } = settings;
  const servers = current.shared(serverId.instance)?.securityServers ?? [];
  const address = servers.find(({ id }) => equal(id, serverId))?.address ?? '';
  if (address !== '') return address;
  throw new RenewalError('no-address', 'the configuration names no address of this server', {
    remedy: 'register the address of this server with the registry (management request addressChange)',
  });
}
