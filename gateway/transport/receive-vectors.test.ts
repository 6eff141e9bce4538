import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createBodySink, receiveMessage } from './index.ts';

/** The bodies of these messages are small: no file is ever written. */
const newSink = () => createBodySink({ dir: tmpdir(), maxSize: 60_000, digest: 'sha512' });

async function* streamOf(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

const vectors = '../shared/vectors/transport';

describe.skipIf(!existsSync(vectors))('messages of other software (needs ../shared/vectors)', () => {
  /** The boundary of a file is its first line; the header that names it is not kept. */
  async function receiveVector(name: string, direction: 'request' | 'response') {
    const bytes = readFileSync(join(vectors, name));
    const boundary = bytes.toString('latin1').split('\n', 1)[0]?.trim().slice(2);
    const contentType = `multipart/mixed; boundary=${boundary}`;
    return receiveMessage(streamOf(bytes), { contentType, digest: 'sha512', direction, newSink });
  }

  it.each([
    ['normal.request', 'request', 0],
    ['normal.response', 'response', 0],
    ['attachment.request', 'request', 1],
    ['invalid-ocsp.request', 'request', 0],
  ] as const)('%s is read', async (name, direction, attachments) => {
    const received = await receiveVector(name, direction);
    expect(received.protocol).toBe('soap');
    expect(received.attachments).toHaveLength(attachments);
    expect(received.parts).toHaveLength(1 + attachments);
    expect(received.signature.toString()).toContain('XAdESSignatures');
  });

  it('invalid-ocsp.request gives its OCSP response as it is, for others to refuse', async () => {
    expect(await receiveVector('invalid-ocsp.request', 'request')).toMatchObject({
      ocspResponses: [Buffer.from('OCSP RESPONSE DUMMY\n')],
    });
  });

  it('attachment.request gives its attachment', async () => {
    expect(await receiveVector('attachment.request', 'request')).toMatchObject({
      attachments: [{ bytes: Buffer.from('blaah') }],
    });
  });

  it('extracontent.request is refused for what follows its signature', async () => {
    await expect(receiveVector('extracontent.request', 'request')).rejects.toMatchObject({
      code: 'InvalidMessage',
    });
  });
});
