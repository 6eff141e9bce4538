import { setTimeout } from 'node:timers/promises';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { describe, expect, it } from 'vitest';
import { sealStream } from './seal.ts';

async function readAll(octets: AsyncIterable<Uint8Array>): Promise<number> {
  let length = 0;
  for await (const chunk of octets) length += chunk.length;
  return length;
}

describe('sealing a stream', () => {
  it('that fails before it is read tells whoever reads it, and ends no program', async () => {
    const to = { recipients: [await identityToRecipient(await generateX25519Identity())] };
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('so far, so good');
      throw new RangeError('the disk is gone');
    }
    const sealed = await sealStream(failing(), to);
    // The stream reads ahead, and what nobody listens to would end the program by now.
    await setTimeout(50);
    await expect(readAll(sealed)).rejects.toThrow(RangeError);
  });
});
