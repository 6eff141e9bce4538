/**
 * `node dist/bench/device-signatures.js MODULE LABEL`: messages a second that are signed with an RSA key of 4096 bits in
 * a device, one by one and together. The key alone, without the exchange around it; it is deleted in the end. The PIN is
 * in WAYGATE_DEVICE_PIN; SoftHSM finds its tokens by SOFTHSM2_CONF.
 */
import { performance } from 'node:perf_hooks';
import { digestOf } from '../certs/key/index.ts';
import { HardwareToken, Pkcs11Module } from '../certs/pkcs11/index.ts';
import { buildName, createCertificate } from '../certs/x509/index.ts';
import type { SigningIdentity } from '../gateway/road/index.ts';
import { BatchSigner, type SigningMode } from '../security-server/signer/index.ts';

/** Messages that are waiting at any time, as exchanges that run at once. */
const concurrency = 200;
const seconds = 10;

async function main(): Promise<void> {
  const [, , path, label] = process.argv;
  const { WAYGATE_DEVICE_PIN: pin, SOFTHSM2_CONF } = process.env;
  if (path === undefined || label === undefined || pin === undefined) {
    throw new Error('expected: the module and the label of a token, and its PIN in WAYGATE_DEVICE_PIN');
  }
  const environment = SOFTHSM2_CONF === undefined ? {} : { SOFTHSM2_CONF };
  const module = new Pkcs11Module({ path, environment });
  try {
    const token = await HardwareToken.open({ module, label });
    await token.activate(pin);
    const { id } = await token.generateKey({ type: 'rsa', bits: 4096 }, 'bench');
    const identity = await identityOf(token, id);
    const single = await measure(identity, 'single');
    const batch = await measure(identity, 'batch');
    const ratio = (batch.perSecond / single.perSecond).toFixed(1);
    for (const [mode, { perSecond, signatures, messages }] of Object.entries({ single, batch })) {
      const line = `${mode}: ${perSecond.toFixed(0)} messages/s, ${messages} messages with ${signatures} signatures`;
      process.stdout.write(`${line}\n`);
    }
    process.stdout.write(`batch / single: ${ratio}\n`);
    await token.deleteKey(id);
  } finally {
    await module.close();
  }
}

async function identityOf(token: HardwareToken, id: string): Promise<SigningIdentity> {
  const key = token.signingKey(id);
  const name = buildName({ CN: 'bench' });
  const certificate = await createCertificate(
    {
      ...{ subject: name, issuer: name, publicKey: key.publicKey, serialNumber: 1n },
      ...{ notBefore: new Date(0), notAfter: new Date('2040-01-01'), keyUsage: ['nonRepudiation'] },
    },
    key,
  );
  // As large as one of an authority, which is part of each signature document.
  return { key, certificate, intermediates: [], ocspResponses: [Buffer.alloc(1_500)] };
}

async function measure(identity: SigningIdentity, mode: SigningMode) {
  let signatures = 0;
  const key: SigningIdentity['key'] = {
    ...identity.key,
    sign: (data, encoding) => {
      signatures += 1;
      return identity.key.sign(data, encoding);
    },
  };
  const signer = new BatchSigner({ elapsedMs: () => performance.now() });
  const counted = { ...identity, key };
  const from = performance.now();
  let messages = 0;
  const caller = async () => {
    while (performance.now() - from < seconds * 1_000) {
      const digest = digestOf('sha512', Buffer.from(`message ${messages}`));
      await signer.sign(counted, mode, [{ name: '/message.xml', digest }], new Date());
      messages += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
  return { signatures, messages, perSecond: messages / ((performance.now() - from) / 1_000) };
}

await main();
