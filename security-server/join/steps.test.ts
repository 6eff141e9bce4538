import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { softwareSigningKey } from '../../certs/key/index.ts';
import { buildName, createCertificate, createRequest, toPem } from '../../certs/x509/index.ts';
import { type GlobalConfiguration, writeAnchor } from '../../gateway/configuration/index.ts';
import type { ServerId } from '../../gateway/identifier/index.ts';
import type { InvitationClaims, JoiningStatus } from '../../gateway/joining/index.ts';
import { People, peoplePath, prepareFirstPerson } from '../../gateway/people/index.ts';
import { awaitedCertificates, bringCertificate } from './by-hand.ts';
import { obtainCertificates } from './certificate-step.ts';
import { foundServer, redeemInvitation } from './prepare-steps.ts';
import { awaitServer, firstTimestamp, makeKeys, requestClients, requestServer } from './register-steps.ts';
import type { JoinState } from './state.ts';
import type { StepContext } from './step.ts';
import { withToken } from './with-token.ts';

const serverId: ServerId = {
  kind: 'SERVER',
  instance: 'DEV',
  memberClass: 'GOV',
  memberCode: '1',
  serverCode: 'ss1',
};
const anchor = '<configurationAnchor/>';
const realAnchor = writeAnchor({
  instance: 'DEV',
  sources: [{ url: 'http://127.0.0.1:1/internalconf', verificationCerts: [Buffer.from('a certificate')] }],
}).toString();
const claims = {
  jti: 'j'.repeat(22),
  iss: 'DEV',
  member: { memberClass: 'GOV', memberCode: '1', name: 'Agency' },
  serverCode: 'ss1',
  anchorSha256: createHash('sha256').update(anchor).digest('hex'),
} as InvitationClaims;

let folder: string;
let asked: { method: string; path: string; body: unknown }[];
let keys: { id: string; label: string }[];
/** What the server says of its tokens. */
let tokens: object[];
let certificates: { sha256: string; use: string; keyId: string }[];
let status: JoiningStatus;
let state: JoinState;
/** Certification services of the configuration. */
let approvedCas: object[];
/** Where an order over ACME stands. */
let order: object;
/** What the status says of the message log. */
let log: object;
/** Whether the token has its PIN. */
let isSignedIn: boolean;
/** Whether the configuration shows the server. */
let isPublished: boolean;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'waygate-join-'));
  asked = [];
  keys = [];
  tokens = [];
  certificates = [];
  status = { requests: [] };
  state = {
    version: 1,
    server: 'DEV/GOV/1/ss1',
    address: 'ss1.example',
    subsystems: [{ code: 'x' }],
    steps: [],
  };
  approvedCas = [];
  isSignedIn = true;
  order = { state: 'under-way', detail: 'asked' };
  isPublished = false;
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What a server of this kind would answer. */
function answer(method: string, path: string, body: { label?: string; certificate?: string }): unknown {
  if (`${method} ${path}` === 'GET /keys') return keys;
  if (`${method} ${path}` === 'GET /tokens') return tokens;
  if (`${method} ${path}` === 'GET /certificates') return certificates;
  if (`${method} ${path}` === 'POST /keys') {
    const key = { id: `key-${keys.length}`, label: body.label ?? '' };
    keys = [...keys, key];
    return key;
  }
  if (path.endsWith('/orders')) return order;
  if (`${method} ${path}` === 'GET /status') return { token: { isActive: isSignedIn }, ...log };
  if (path.endsWith('/requests')) return { request: `request of ${path}` };
  if (`${method} ${path}` === 'POST /certificates') {
    const [use = '', keyId = ''] = (body.certificate ?? '').split(' ');
    certificates = [...certificates, { sha256: use, use, keyId }];
  }
  return undefined;
}

function context(more: Partial<StepContext> = {}): StepContext {
  const unused = async () => {
    throw new Error('not asked here');
  };
  return {
    places: {
      ...{ data: folder, peerHost: '127.0.0.1', peerPorts: [], instancePeerPort: 1 },
      ...{ requestFolder: join(folder, 'requests'), certificateFolder: join(folder, 'requests') },
    },
    ...{ pin: () => '1', claims, serverId },
    link: { redeem: unused, tryConnections: unused, report: unused },
    state: () => state,
    keep: async (kept) => {
      state = { ...state, ...kept };
    },
    server: async () => ({
      ask: async <Answer>(method: string, path: string, body?: object) => {
        asked.push({ method, path, body });
        return answer(method, path, body ?? {}) as Answer;
      },
      configuration: () =>
        ({
          shared: () => ({ approvedCas }),
          serversOf: () => (isPublished ? [{ id: serverId }] : []),
        }) as unknown as GlobalConfiguration,
      close: async () => undefined,
    }),
    report: async () => status,
    isListening: () => false,
    now: () => new Date(),
    ...more,
  };
}

const sent = () => asked.filter(({ path }) => path === '/management-requests').map(({ body }) => body);

describe('redeeming', () => {
  const redeem = (redeemed: object) =>
    redeemInvitation(
      context({
        link: { redeem: async () => ({ instance: 'DEV', anchor, ports: [], ...redeemed }) } as never,
      }),
    );

  it('keeps the anchor that the invitation names', async () => {
    await redeem({});
    expect(state.anchor).toBe(anchor);
  });

  it.each([{ anchor: `${anchor} ` }, { instance: 'OTHER' }])('keeps no other: %o', async (more) => {
    await expect(redeem(more)).rejects.toMatchObject({ code: 'refused' });
    expect(state.anchor).toBeUndefined();
  });
});

describe('keys', () => {
  it('are made once, though the process dies before it notes them', async () => {
    await makeKeys(context());
    const made = keys;
    state = { ...state };
    delete state.keys;
    await makeKeys(context());
    expect(keys).toEqual(made);
    expect(state.keys).toEqual({ signing: 'key-0', authentication: 'key-1' });
  });
});

describe('certificates by hand', () => {
  it('are awaited where their requests lie, and taken in as they come', async () => {
    await makeKeys(context());
    expect(await obtainCertificates(context())).toMatchObject({ state: 'waiting' });
    const requests = join(folder, 'requests');
    expect(readdirSync(requests).sort()).toEqual(['authentication.csr.pem', 'signing.csr.pem']);
    const first = readFileSync(join(requests, 'signing.csr.pem'), 'utf8');
    writeFileSync(join(requests, 'signing.pem'), 'signing key-0');
    expect(await obtainCertificates(context())).toMatchObject({
      state: 'waiting',
      detail: expect.stringContaining('authentication'),
    });
    writeFileSync(join(requests, 'authentication.pem'), 'authentication key-1');
    expect(await obtainCertificates(context())).toMatchObject({ state: 'done' });
    expect(certificates.map(({ use }) => use)).toEqual(['signing', 'authentication']);
    // The authority has the first ones: another request would be for nothing.
    expect(readFileSync(join(requests, 'signing.csr.pem'), 'utf8')).toBe(first);
  });
});

describe('certificates over ACME', () => {
  const acmeServer = { directoryUrl: 'https://ca.example/directory' };
  const ordered = () => asked.filter(({ path }) => path.endsWith('/orders')).map(({ body }) => body);
  beforeEach(() => makeKeys(context()));

  it('are ordered where an approved authority takes orders, one after the other', async () => {
    approvedCas = [{ name: 'CA', authenticationOnly: false, acmeServer }];
    expect(await obtainCertificates(context())).toMatchObject({
      state: 'waiting',
      detail: expect.stringContaining('CA'),
    });
    order = { state: 'issued', detail: 'in use' };
    expect(await obtainCertificates(context())).toMatchObject({ state: 'done' });
    expect(ordered()).toMatchObject([
      { use: 'signing', address: 'ss1.example', authority: 'CA' },
      { use: 'signing' },
      { use: 'authentication', subject: { CN: 'ss1.example', serialNumber: '1' } },
    ]);
  });

  it('give way to those brought by hand', async () => {
    approvedCas = [{ name: 'CA', authenticationOnly: false, acmeServer }];
    await obtainCertificates(context());
    writeFileSync(join(folder, 'requests', 'signing.pem'), 'signing key-0');
    writeFileSync(join(folder, 'requests', 'authentication.pem'), 'authentication key-1');
    asked = [];
    expect(await obtainCertificates(context())).toMatchObject({ state: 'done' });
    expect(ordered()).toEqual([]);
  });

  it('are for signing from no authority that only authenticates', async () => {
    approvedCas = [{ name: 'CA', authenticationOnly: true, acmeServer }];
    order = { state: 'issued', detail: 'in use' };
    expect(await obtainCertificates(context())).toMatchObject({
      state: 'waiting',
      remedy: expect.stringContaining('signing.csr.pem'),
    });
    expect(ordered()).toMatchObject([{ use: 'authentication' }]);
  });

  it('that are refused fail the step with what to do, by hand too', async () => {
    approvedCas = [{ name: 'CA', authenticationOnly: false, acmeServer }];
    order = { state: 'failed', code: 'account-required', detail: 'no', remedy: 'ask it' };
    await expect(obtainCertificates(context())).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining('account-required'),
      remedy: expect.stringMatching(/^ask it; or take signing\.csr\.pem/),
    });
  });
});

describe('the first timestamp', () => {
  it.each([
    [{ recordsWithoutTimestamp: 0, lastTimestampAt: '2026-11-24T00:00:00.000Z' }, 'done'],
    [{ recordsWithoutTimestamp: 2 }, 'waiting'],
    // Of the first server of an instance, which sent nothing: it would wait for ever.
    [{ recordsWithoutTimestamp: 0 }, 'done'],
  ])('with %o is %s', async (status, outcome) => {
    log = status;
    expect(await firstTimestamp(context())).toMatchObject({ state: outcome });
  });
});

describe('a management request', () => {
  beforeEach(async () => {
    await makeKeys(context());
    certificates = [{ sha256: 'abc', use: 'authentication', keyId: 'key-1' }];
  });

  it('is sent once, though the process dies before it notes that', async () => {
    await requestServer(context());
    expect(sent()).toEqual([{ kind: 'authCertReg', certificate: 'abc', address: 'ss1.example' }]);
    status = { requests: [{ id: 1, kind: 'authCertReg', status: 'waiting' }] };
    await requestServer(context());
    expect(sent()).toHaveLength(1);
  });

  it('is sent again after one that was declined, for then somebody invited again', async () => {
    status = { requests: [{ id: 1, kind: 'authCertReg', status: 'declined', reason: 'r' }] };
    await requestServer(context());
    expect(sent()).toHaveLength(1);
  });

  it('is sent for each subsystem that none waits for', async () => {
    state = { ...state, subsystems: [{ code: 'x' }, { code: 'y', name: 'Ypsilon' }] };
    status = { requests: [{ id: 2, kind: 'clientReg', client: 'DEV:GOV:1:x', status: 'approved' }] };
    await requestClients(context());
    expect(sent()).toEqual([{ kind: 'clientReg', client: 'DEV:GOV:1:y', subsystemName: 'Ypsilon' }]);
  });

  it('is waited for until the configuration shows what it asked for', async () => {
    status = { requests: [{ id: 1, kind: 'authCertReg', status: 'waiting' }] };
    expect(await awaitServer(context())).toMatchObject({ state: 'waiting' });
    status = { decision: 'approved', requests: [{ id: 1, kind: 'authCertReg', status: 'approved' }] };
    expect(await awaitServer(context())).toMatchObject({ state: 'waiting' });
    isPublished = true;
    expect(await awaitServer(context())).toMatchObject({ state: 'done' });
  });

  it.each([
    [{ decision: 'declined', reason: 'why', requests: [] }, 'JoiningDeclined', 'why'],
    [
      { requests: [{ id: 1, kind: 'authCertReg', status: 'declined', reason: 'why' }] },
      'JoiningDeclined',
      'why',
    ],
    [{ requests: [{ id: 1, kind: 'authCertReg', status: 'revoked' }] }, 'JoinError', 'taken request 1 back'],
  ] as const)('that was decided otherwise ends the waiting: %o', async (told, name, message) => {
    status = told as unknown as JoiningStatus;
    await expect(awaitServer(context())).rejects.toMatchObject({ name });
    await expect(awaitServer(context())).rejects.toThrow(message);
  });
});

describe('founding the server', () => {
  const people = async () => {
    const settings = { path: peoplePath(folder), now: () => new Date(), program: 'Waygate security server' };
    const opened = await People.open({ ...settings, isHttps: false, journal: { append: () => 0 } as never });
    const names = opened.users.list().map(({ name }) => name);
    opened.close();
    return names;
  };
  const prepared = () => prepareFirstPerson({ name: 'anna', password: 'four words of oil' });
  const found = (more: Partial<StepContext> = {}) =>
    foundServer(context({ pin: () => 'Correct-Horse-7', ...more }));

  it('waits for a PIN that nobody has entered since the program was started', async () => {
    expect(await found({ pin: () => undefined })).toMatchObject({ state: 'waiting' });
    expect(existsSync(join(folder, 'token'))).toBe(false);
  });

  it('makes the person who was named at the beginning, and forgets what is kept of the password', async () => {
    state = { ...state, anchor: realAnchor, administrator: await prepared() };
    expect(await found()).toMatchObject({ state: 'done' });
    expect(await people()).toEqual(['anna']);
    expect(state.administrator).toBeUndefined();
  });

  it('begins anew after a crash before the server was there, and leaves it alone after', async () => {
    const administrator = await prepared();
    state = { ...state, anchor: realAnchor, administrator };
    // A folder where a file is to be: the person is made by then.
    mkdirSync(join(folder, 'configuration-anchor.xml'));
    await expect(found()).rejects.toThrow();
    expect(await people()).toEqual(['anna']);
    rmSync(join(folder, 'configuration-anchor.xml'), { recursive: true });
    await found();
    state = { ...state, administrator };
    expect(await found({ pin: () => 'Another-Horse-8' })).toMatchObject({ state: 'done' });
    expect(await people()).toEqual(['anna']);
    expect(state.administrator).toBeUndefined();
  });
});

describe('a step that needs keys', () => {
  it('waits for the PIN where the server was started without it, and asks for nothing meanwhile', async () => {
    isSignedIn = false;
    expect(await withToken(makeKeys)(context())).toMatchObject({ state: 'waiting', awaits: 'joiner' });
    expect(asked.map(({ path }) => path)).toEqual(['/status']);
    isSignedIn = true;
    expect(await withToken(makeKeys)(context())).toMatchObject({ state: 'done' });
  });

  it('waits for the device that was chosen, and says whether it is away, signed out, or not in the settings', async () => {
    state = { ...state, signingToken: 'city' };
    const device = { id: 'hsm-1', kind: 'device', name: 'city' };
    const awaited = async (...known: readonly object[]) => {
      tokens = [{ id: 'software', kind: 'software', name: 'city', isActive: true }, ...known];
      asked = [];
      const outcome = await withToken(makeKeys)(context());
      expect(asked.map(({ path }) => path)).toEqual(['/status', '/tokens']);
      return outcome;
    };
    const waiting = { state: 'waiting', awaits: 'joiner' };
    const not = { ...device, isActive: false };
    expect(await awaited()).toMatchObject({ ...waiting, detail: expect.stringContaining('no device city') });
    expect(await awaited(not)).toMatchObject({ ...waiting, detail: expect.stringContaining('its PIN') });
    expect(await awaited({ ...not, trouble: 'pulled out' })).toMatchObject({
      ...{ ...waiting, detail: expect.stringContaining('pulled out') },
    });
  });

  it('makes the key for signing in that device, and the one for authentication in the own token', async () => {
    state = { ...state, signingToken: 'city' };
    tokens = [{ id: 'hsm-1', kind: 'device', name: 'city', isActive: true }];
    expect(await withToken(makeKeys)(context())).toMatchObject({ state: 'done' });
    const made = asked.filter(({ method, path }) => `${method} ${path}` === 'POST /keys');
    expect(made.map(({ body }) => body)).toEqual([
      expect.objectContaining({ label: `signing ${claims.jti}`, tokenId: 'hsm-1' }),
      expect.not.objectContaining({ tokenId: expect.anything() }),
    ]);
  });
});

describe('a certificate that somebody brings', () => {
  const steps = [{ code: 'certificates', state: 'waiting' }] as const;
  const keysOf = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = buildName({ CN: 'somebody' });
  const certificateFor = async (publicKey: KeyObject) => {
    const issuer = softwareSigningKey(keysOf().privateKey);
    const [notBefore, notAfter] = [new Date(0), new Date(86_400_000)];
    const wanted = { subject, issuer: subject, publicKey, serialNumber: 1n, notBefore, notAfter };
    return (await createCertificate(wanted, issuer)).pem;
  };

  it('is taken for the key that asked, and for no other', async () => {
    const own = keysOf();
    const here = { ...context().places, certificateFolder: join(folder, 'in') };
    await expect(bringCertificate(here, 'signing', 'x')).rejects.toMatchObject({ code: 'wrong-use' });
    expect(await awaitedCertificates(here, steps)).toEqual([]);
    const request = await createRequest({ subject }, softwareSigningKey(own.privateKey));
    mkdirSync(here.requestFolder, { recursive: true });
    writeFileSync(join(here.requestFolder, 'signing.csr.pem'), toPem(request, 'CERTIFICATE REQUEST'));
    expect(await awaitedCertificates(here, steps)).toEqual([{ use: 'signing', isBrought: false }]);
    for (const wrong of ['', 'no certificate', await certificateFor(keysOf().publicKey)]) {
      await expect(bringCertificate(here, 'signing', wrong)).rejects.toMatchObject({ code: 'wrong-use' });
    }
    expect(await awaitedCertificates(here, steps)).toEqual([{ use: 'signing', isBrought: false }]);
    await bringCertificate(here, 'signing', await certificateFor(own.publicKey));
    expect(await awaitedCertificates(here, steps)).toEqual([{ use: 'signing', isBrought: true }]);
    expect(await awaitedCertificates(here, [{ code: 'certificates', state: 'done' }])).toEqual([]);
  });
});
