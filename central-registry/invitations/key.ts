import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Token } from '../../certs/token/index.ts';
import type { Book, Register } from '../register/index.ts';

/** Signs invitations, and nothing else. */
export interface InvitationKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const settingName = 'invitationKey';
/** What the token seals it for: it opens for nothing else. */
const purpose = 'invitations';

/**
 * The key of this registry's invitations (Ed25519), made when first asked for. It is kept in the register, sealed by
 * the token: whoever has the file alone cannot invite.
 * @throws TokenError not-active, damaged
 */
export async function loadOrMakeInvitationKey(register: Register, token: Token): Promise<InvitationKey> {
  const known = await register.read(readSealed);
  if (known !== undefined) return opened(token, known);
  const { privateKey } = generateKeyPairSync('ed25519');
  const sealed = token.wrapKey(privateKey.export({ format: 'der', type: 'pkcs8' }), purpose);
  // Two that start at once agree on the one that was written first.
  const kept = await register.change(
    { by: 'system', why: 'invitations need a key' },
    async (book) => {
      const former = await readSealed(book);
      if (former !== undefined) return former;
      await book.db.insertInto('setting').values({ name: settingName, value: sealed }).execute();
      return sealed;
    },
    () => false,
  );
  return opened(token, kept);
}

async function readSealed({ db }: Book): Promise<string | undefined> {
  const row = await db
    .selectFrom('setting')
    .select('value')
    .where('name', '=', settingName)
    .executeTakeFirst();
  return row?.value;
}

function opened(token: Token, sealed: string): InvitationKey {
  const privateKey = createPrivateKey({
    key: token.unwrapKey(sealed, purpose),
    format: 'der',
    type: 'pkcs8',
  });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}
