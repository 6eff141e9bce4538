import { buffer } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { describe, expect, it } from 'vitest';
import { sealStream } from './seal.ts';

describe('sealing a stream', () => {
  it('that fails before it is read tells whoever reads it, and ends no program', async () => {
    const to = { recipients: [await identityToRecipient(await generateX25519Identity())] };
    let hasFailed = false;
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('so far, so good');
      hasFailed = true;
      throw new RangeError('the disk is gone');
    }
    const sealed = await sealStream(failing(), to);
    // The stream reads ahead; what nobody listens to ends the program in the next turn.
    while (!hasFailed) await setImmediate();
    await setImmediate();
    await expect(buffer(sealed)).rejects.toThrow(RangeError);
  });
});
