import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../certs/key/index.ts';
import { HardwareToken, Pkcs11Module } from '../../certs/pkcs11/index.ts';
import { hasSoftHsm, SoftHsm } from '../../certs/pkcs11/testing/soft-hsm.ts';
import { buildName, createRequest } from '../../certs/x509/index.ts';
import type { ServerId } from '../../gateway/identifier/index.ts';
import type { MessagePart } from '../../gateway/message/index.ts';
import { createVerifier } from '../../gateway/signature/index.ts';
import { member, startTrustServices, type TrustServices } from '../testing/trust-services.ts';
import { type OwnCertificate, ServerSigner, type SigningMode } from './index.ts';

const serverId: ServerId = { ...member, kind: 'SERVER', serverCode: 'ss1' };
const pin = '12345678';

/** Counts what the device has to sign. */
class CountingModule extends Pkcs11Module {
  signatures = 0;
  override call: Pkcs11Module['call'] = (verb, ...args) => {
    if (verb === 'sign') this.signatures += 1;
    return super.call(verb, ...args);
  };
}

describe.skipIf(!hasSoftHsm())('messages signed in a device (needs softhsm2)', () => {
  let dir: string;
  let hsm: SoftHsm;
  let module: CountingModule;
  let services: TrustServices;
  let token: HardwareToken;
  let own: OwnCertificate;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'waygate-device-'));
    services = await startTrustServices(dir);
    hsm = new SoftHsm();
    hsm.addToken('city', pin);
    module = new CountingModule({ path: hsm.module, environment: hsm.environment });
    token = await HardwareToken.open({ module, label: 'city' });
    await token.activate(pin);
    const { id: keyId } = await token.generateKey({ type: 'rsa', bits: 4096 }, 'signing');
    const request = await createRequest({ subject: buildName({ CN: 'any' }) }, token.signingKey(keyId));
    const certificate = await services.authority.issue({
      ...{ request, kind: 'signing', profile: 'ejbca' },
      applicant: { instance: 'DEV', memberClass: 'GOV', memberCode: '1', memberName: 'M' },
    });
    own = {
      use: 'signing',
      tokenId: token.id,
      keyId,
      certificate,
      intermediates: [],
      isActive: true,
      member,
    };
  }, 120_000);
  afterAll(async () => {
    await module.close();
    hsm.remove();
    await services.close();
    rmSync(dir, { recursive: true });
  });

  const count = 200;
  const messages = Array.from({ length: count }, (_none, index) => {
    const head = Buffer.from(`message ${index}`);
    const parts: MessagePart[] = [{ name: '/message.xml', digest: digestOf('sha512', head) }];
    return { head, parts };
  });

  /** @returns signatures that the device made for messages that came at once, each of which verifies */
  async function signAtOnce(mode: SigningMode): Promise<number> {
    const signer = new ServerSigner({
      ...{ serverId, tokens: new Map([[token.id, token]]), tls: {}, now: services.now },
      configuration: { current: () => services.configuration },
      signingModes: new Map([[token.id, mode]]),
      savedStatuses: new Map(),
      saveStatus: async () => undefined,
      removeStatus: async () => undefined,
      onFailure: (_own, error) => {
        throw error;
      },
    });
    try {
      await signer.use([own]);
      const identity = await signer.signingIdentity(member);
      const before = module.signatures;
      const at = services.now();
      const signed = await Promise.all(messages.map(({ parts }) => signer.sign(identity, parts, at)));
      const made = module.signatures - before;
      const { configuration } = services;
      for (const [index, documents] of signed.entries()) {
        const { head = Buffer.alloc(0), parts = [] } = messages[index] ?? {};
        const question = {
          head,
          parts,
          documents,
          signer: member,
          configuration,
          at,
          mode: 'message',
        } as const;
        expect(createVerifier().verify(question).covered).toEqual(['/message.xml']);
      }
      return made;
    } finally {
      signer.close();
    }
  }

  it('one by one needs a signature of the device for each', async () => {
    expect(await signAtOnce('single')).toBe(count);
  }, 120_000);

  it.each(['batch', 'automatic'] as const)(
    'in mode %s needs a fifth of the signatures at most, and each message verifies alone',
    async (mode) => {
      const made = await signAtOnce(mode);
      expect(made).toBeGreaterThan(0);
      expect(made).toBeLessThanOrEqual(count / 5);
    },
    120_000,
  );
});
