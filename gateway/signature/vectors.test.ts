import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../certs/key/index.ts';
import { readConfigurationFolder } from '../configuration/index.ts';
import { Fault } from '../fault/index.ts';
import type { MessagePart } from '../message/index.ts';
import type { SignatureDocuments } from './sign.ts';
import { createVerifier } from './verify.ts';

const folder = '../shared/vectors';
const vectors = existsSync(`${folder}/signatures`);
const vector = (name: string) => readFileSync(`${folder}/signatures/${name}`);

/** By a configuration that knows none of their authorities. */
async function outcomeOf(
  documents: SignatureDocuments,
  head: Buffer,
  attachments: readonly MessagePart[] = [],
): Promise<string> {
  const configuration = await readConfigurationFolder(`${folder}/asic/globalconf`);
  try {
    createVerifier().verify({
      documents,
      head,
      parts: [{ name: '/message.xml', digest: digestOf('sha512', head) }, ...attachments],
      signer: { kind: 'MEMBER', instance: 'EE', memberClass: 'BUSINESS', memberCode: 'consumer' },
      configuration,
      at: new Date('2015-06-03T10:23:32Z'),
      mode: 'message',
    });
  } catch (error) {
    if (error instanceof Fault) return [...error.within, error.code].join('.');
    throw error;
  }
  return 'accepted';
}

describe('signatures of X-Road', () => {
  it.skipIf(!vectors).each([
    ['sign-0-no-signature', 'MalformedSignature'],
    ['sign-0-ocsp-no-responses', 'MalformedSignature'],
    ['extra-certs-digest-invalid', 'MalformedSignature'],
    ['sign-0-invalid-signature-value', 'InvalidSignatureValue'],
  ])('such as %s: %s (needs ../shared/vectors)', async (name, outcome) => {
    expect(await outcomeOf({ signature: vector(`${name}.xml`) }, Buffer.from('head'))).toBe(outcome);
  });

  it.skipIf(!vectors)(
    'of a batch fit their messages; only the certificate is refused (needs ../shared/vectors)',
    async () => {
      const documents = {
        signature: vector('batch-sig.xml'),
        hashChainResult: vector('hash-chain-result.xml'),
        hashChain: vector('hash-chain-1.xml'),
      };
      const head = vector('message-1.xml');
      const written = /attachment1">\s*<DigestValue>([^<]*)/.exec(documents.hashChain.toString())?.[1] ?? '';
      const attachment = { name: '/attachment1', digest: Buffer.from(written, 'base64') } as const;
      // Its certificate is for signing and for authentication, which is asked after all that was signed was found good.
      expect(await outcomeOf(documents, head, [attachment])).toBe('MalformedSignature');
      expect(await outcomeOf(documents, head)).toBe('MalformedSignature.InvalidReference');
      expect(await outcomeOf(documents, Buffer.from('other'), [attachment])).toBe(
        'MalformedSignature.InvalidHashChainRef',
      );
      const altered = Buffer.from(documents.signature.toString().replace('ziyOEKLQ', 'ZiyOEKLQ'));
      expect(await outcomeOf({ ...documents, signature: altered }, head, [attachment])).toBe(
        'InvalidSignatureValue',
      );
    },
  );
});
