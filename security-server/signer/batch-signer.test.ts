import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../certs/key/index.ts';
import type { MemberId, ServerId } from '../../gateway/identifier/index.ts';
import type { MessagePart } from '../../gateway/message/index.ts';
import type { SigningIdentity } from '../../gateway/road/index.ts';
import { createVerifier, type SignatureDocuments } from '../../gateway/signature/index.ts';
import { member, startTrustServices, type TrustServices } from '../testing/trust-services.ts';
import { BatchSigner } from './batch-signer.ts';
import { type OwnCertificate, ServerSigner } from './index.ts';

const serverId: ServerId = { ...member, kind: 'SERVER', serverCode: 'ss1' };
const other: MemberId = { ...member, memberCode: '2' };

let dir: string;
let services: TrustServices;
let signer: ServerSigner;
let ours: SigningIdentity;
let theirs: SigningIdentity;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'waygate-batch-'));
  services = await startTrustServices(dir);
  signer = new ServerSigner({
    serverId,
    tokens: new Map([[services.token.id, services.token]]),
    configuration: { current: () => services.configuration },
    tls: {},
    now: services.now,
    signingModes: new Map(),
    savedStatuses: new Map(),
    saveStatus: async () => undefined,
    removeStatus: async () => undefined,
    onFailure: (_own, error) => {
      throw error;
    },
  });
  await signer.use([await issue(member), await issue(other)]);
  ours = await signer.signingIdentity(member);
  theirs = await signer.signingIdentity(other);
});
afterAll(async () => {
  signer.close();
  await services.close();
  rmSync(dir, { recursive: true });
});

async function issue(owner: MemberId): Promise<OwnCertificate> {
  const { keyId, certificate } = await services.issue(owner);
  const { id: tokenId } = services.token;
  return { use: 'signing', tokenId, keyId, certificate, intermediates: [], isActive: true, member: owner };
}

/** A token whose signatures take as long as the test says, by a clock of its own, and wait for its word. */
class Device {
  signatures = 0;
  failure: Error | undefined;
  /** When set, signatures begin and do not end. */
  isHeld = false;
  readonly #held: (() => void)[] = [];
  #elapsed = 0;
  readonly #lasts: number;

  constructor(lastsMs: number) {
    this.#lasts = lastsMs;
  }

  elapsedMs = () => this.#elapsed;

  identity(of: SigningIdentity): SigningIdentity {
    const sign: SigningIdentity['key']['sign'] = async (data, encoding) => {
      this.signatures += 1;
      if (this.isHeld) await new Promise<void>((resolve) => this.#held.push(resolve));
      this.#elapsed += this.#lasts;
      if (this.failure !== undefined) throw this.failure;
      return of.key.sign(data, encoding);
    };
    return { ...of, key: { ...of.key, sign } };
  }

  release(): void {
    this.isHeld = false;
    for (const resolve of this.#held.splice(0)) resolve();
  }
}

interface Message {
  readonly head: Buffer;
  readonly parts: readonly MessagePart[];
}

/** Every third has a body too. */
const messages: readonly Message[] = Array.from({ length: 50 }, (_, index) => {
  const head = Buffer.from(`message ${index}`);
  const body: MessagePart = {
    name: '/attachment1',
    digest: digestOf('sha512', Buffer.from(`body ${index}`)),
  };
  return {
    head,
    parts: [{ name: '/message.xml', digest: digestOf('sha512', head) }, ...(index % 3 === 0 ? [body] : [])],
  };
});

function expectVerified(message: Message | undefined, documents: SignatureDocuments, by = member): void {
  const { head, parts } = message ?? { head: Buffer.alloc(0), parts: [] };
  const { covered } = createVerifier().verify({
    head,
    parts,
    documents,
    signer: by,
    configuration: services.configuration,
    at: services.now(),
    mode: 'message',
  });
  expect(covered).toEqual(parts.map(({ name }) => name));
}

let device: Device;
let batches: BatchSigner;

beforeEach(() => {
  device = new Device(100);
  batches = new BatchSigner({ elapsedMs: () => device.elapsedMs() });
});

describe('a slow token', () => {
  it.each(['automatic', 'batch'] as const)(
    'signs what waits for it together when set to %s',
    async (mode) => {
      const identity = device.identity(ours);
      const signed = await Promise.all(
        messages.map(({ parts }) => batches.sign(identity, mode, parts, services.now())),
      );
      expect(device.signatures).toBe(2);
      signed.forEach((documents, index) => {
        expectVerified(messages[index], documents);
      });
      expect(new Set(signed.slice(1).map(({ signature }) => signature)).size).toBe(1);
    },
  );

  it('signs each message for itself when set to single, and keeps none waiting', async () => {
    const identity = device.identity(ours);
    device.isHeld = true;
    const signing = messages.map(({ parts }) => batches.sign(identity, 'single', parts, services.now()));
    expect(device.signatures).toBe(messages.length);
    device.release();
    (await Promise.all(signing)).forEach((documents, index) => {
      expectVerified(messages[index], documents);
    });
  });

  it('signs at once, and plainly, what comes while it is idle', async () => {
    const identity = device.identity(ours);
    for (const message of messages.slice(1, 3)) {
      const documents = await batches.sign(identity, 'batch', message.parts, services.now());
      expect(Object.keys(documents)).toEqual(['signature']);
    }
    expect(device.signatures).toBe(2);
  });

  it('signs no more than 64 messages at once', async () => {
    const identity = device.identity(ours);
    const many = [...messages, ...messages, ...messages];
    await Promise.all(many.map(({ parts }) => batches.sign(identity, 'batch', parts, services.now())));
    expect(device.signatures).toBe(1 + Math.ceil((many.length - 1) / 64));
  });

  it('is noticed also when it became slow later, under load that never pauses', async () => {
    let lastsMs = 0.1;
    let elapsed = 0;
    let signatures = 0;
    const moody = new BatchSigner({ elapsedMs: () => elapsed });
    const sign: SigningIdentity['key']['sign'] = async (data, encoding) => {
      signatures += 1;
      elapsed += lastsMs;
      return ours.key.sign(data, encoding);
    };
    const identity: SigningIdentity = { ...ours, key: { ...ours.key, sign } };
    const [message] = messages;
    const burst = () =>
      Promise.all(
        messages.map(() => moody.sign(identity, 'automatic', message?.parts ?? [], services.now())),
      );
    await burst();
    expect(signatures).toBe(messages.length);
    lastsMs = 1000;
    await burst();
    signatures = 0;
    await burst();
    expect(signatures).toBe(2);
  });
});

describe('a fast key', () => {
  it('signs each message for itself once the first has shown that it is fast', async () => {
    device = new Device(0.3);
    const identity = device.identity(ours);
    const signed = await Promise.all(
      messages.map(({ parts }) => batches.sign(identity, 'automatic', parts, services.now())),
    );
    expect(device.signatures).toBe(messages.length);
    expect(signed.filter(({ hashChain }) => hashChain === undefined)).toHaveLength(
      messages.filter(({ parts }) => parts.length === 1).length,
    );
  });
});

describe('a batch', () => {
  it('holds messages of one identity only', async () => {
    const [a, b] = [device.identity(ours), device.identity(theirs)];
    // As after a new OCSP response for the same certificate.
    const renewed = device.identity({ ...ours });
    const signing = await Promise.all(
      [a, a, renewed, b, renewed, a].map((identity, index) =>
        batches.sign(identity, 'batch', messages[index]?.parts ?? [], services.now()),
      ),
    );
    signing.forEach((documents, index) => {
      expectVerified(messages[index], documents, index === 3 ? other : member);
    });
    // a | a | renewed | renewed | a of one key, b of the other: only neighbours share.
    expect(device.signatures).toBe(5);
  });

  it('bears the time at which its last message came', async () => {
    const identity = device.identity(ours);
    const times = [1, 3, 2].map((seconds) => new Date(services.at + seconds * 1000));
    const [, ...together] = await Promise.all(
      [services.now(), ...times].map((at) => batches.sign(identity, 'batch', messages[1]?.parts ?? [], at)),
    );
    for (const { signature } of together) {
      expect(signature.toString()).toContain(`<xades:SigningTime>${times[1]?.toISOString()}<`);
    }
  });

  it('of a token that fails fails each of its messages with a fault of its own, and the next one succeeds', async () => {
    const identity = device.identity(ours);
    device.failure = new Error('the device is gone');
    const outcomes = await Promise.allSettled(
      messages.map(({ parts }) => batches.sign(identity, 'batch', parts, services.now())),
    );
    const reasons = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason : undefined));
    for (const reason of reasons) {
      expect(reason).toMatchObject({ code: 'CannotCreateSignature', cause: device.failure });
      // Strangers are not told what happens inside the device.
      expect(reason.message).not.toContain('gone');
    }
    expect(new Set(reasons).size).toBe(messages.length);
    device.failure = undefined;
    const [message] = messages;
    expectVerified(message, await batches.sign(identity, 'batch', message?.parts ?? [], services.now()));
  });

  it('is not failed by one message that is none', async () => {
    const identity = device.identity(ours);
    const [good, better] = messages;
    const [first, bad, second] = await Promise.allSettled(
      [good?.parts ?? [], [], better?.parts ?? []].map((parts) =>
        batches.sign(identity, 'batch', parts, services.now()),
      ),
    );
    expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'CannotCreateSignature' } });
    expect([first?.status, second?.status]).toEqual(['fulfilled', 'fulfilled']);
  });
});

describe('a token that does not answer', () => {
  it('fails what waits for it when its time is over, and is asked anew for what came later', async () => {
    const hasty = new BatchSigner({ elapsedMs: () => 0, deadlineMs: 20 });
    device.isHeld = true;
    const identity = device.identity(ours);
    const [message] = messages;
    const sign = () => hasty.sign(identity, 'batch', message?.parts ?? [], services.now());
    const [first, second] = await Promise.allSettled([sign(), sign()]);
    for (const outcome of [first, second]) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'CannotCreateSignature' } });
    }
    device.release();
    expectVerified(message, await sign());
  });

  it('has no more than a few thousand messages wait for it', async () => {
    device.isHeld = true;
    const identity = device.identity(ours);
    const [, message] = messages;
    const sign = () => batches.sign(identity, 'batch', message?.parts ?? [], services.now());
    const signing = Array.from({ length: 4097 }, sign);
    await expect(sign()).rejects.toMatchObject({ code: 'CannotCreateSignature' });
    device.release();
    await Promise.all(signing);
  });
});
