import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseOcspResponse } from '../../certs/ocsp/index.ts';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import type { MemberId, ServerId } from '../../gateway/identifier/index.ts';
import { issueAuthority } from '../../gateway/trust/testing/small-world.ts';
import { SettingsStore } from '../settings/index.ts';
import { member, pin, startTrustServices, type TrustServices } from '../testing/trust-services.ts';
import {
  type OwnCertificate,
  ownCertificates,
  putOwnCertificate,
  removeStatus,
  ServerSigner,
  savedStatuses,
  saveStatus,
} from './index.ts';

const serverId: ServerId = { ...member, kind: 'SERVER', serverCode: 'ss1' };
const other: MemberId = { ...member, memberCode: '2' };
const minute = 60_000;
const day = 1_440 * minute;

let dir: string;
let services: TrustServices;
let settings: SettingsStore;
let own: OwnCertificate;
let failures: Error[];
const signers: ServerSigner[] = [];
let databases = 0;
/** What the configuration says otherwise than usual. */
let changes: Partial<GlobalConfiguration>;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'waygate-signer-'));
  services = await startTrustServices(dir);
});
afterAll(async () => {
  await services.close();
  rmSync(dir, { recursive: true });
});
beforeEach(async () => {
  services.isDown = false;
  services.at = Date.now();
  if (!services.token.isActive()) await services.token.activate(pin);
  failures = [];
  changes = {};
  databases += 1;
  const path = join(dir, `settings-${databases}.sqlite`);
  await SettingsStore.create(path, serverId);
  settings = await SettingsStore.open(path);
  own = await issue(member);
});
afterEach(() => {
  for (const signer of signers.splice(0)) signer.close();
  settings.close();
});

async function issue(
  owner: MemberId,
  use: OwnCertificate['use'] = 'signing',
  days?: number,
): Promise<OwnCertificate> {
  const { keyId, certificate } = await services.issue(owner, use, days);
  const { id: tokenId } = services.token;
  const common = { tokenId, keyId, certificate, intermediates: [], isActive: true, use };
  return use === 'signing' ? { ...common, member: owner } : common;
}

/** A signer as the server makes it, with what an earlier one left in the settings. */
async function start(...certificates: OwnCertificate[]): Promise<ServerSigner> {
  const signer = new ServerSigner({
    serverId,
    tokens: new Map([[services.token.id, services.token]]),
    configuration: { current: () => ({ ...services.configuration, ...changes }) },
    tls: { minVersion: 'TLSv1.3' },
    now: services.now,
    signingModes: new Map(),
    savedStatuses: await savedStatuses(settings.db),
    saveStatus: (sha256, status) => saveStatus(settings.db, sha256, status),
    removeStatus: (sha256) => removeStatus(settings.db, sha256),
    onFailure: (_own, error) => failures.push(error),
  });
  signers.push(signer);
  await signer.use(certificates);
  return signer;
}

const cannotSign = (reason: RegExp) => ({
  code: 'CannotCreateSignature',
  message: expect.stringMatching(reason),
});

describe('which key signs', () => {
  it('signs for each member with its own certificate, and authenticates with neither', async () => {
    const [theirs, authentication] = [await issue(other), await issue(member, 'authentication')];
    const signer = await start(authentication, own, theirs);
    expect((await signer.signingIdentity(member)).certificate).toBe(own.certificate);
    expect((await signer.signingIdentity(other)).certificate).toBe(theirs.certificate);
    expect((await signer.authenticationIdentity()).chain).toEqual([authentication.certificate]);
    const { key, certificate } = await signer.signingIdentity(other);
    expect(key.publicKey.equals(certificate.publicKey)).toBe(true);
  });

  it('refuses for a member that has no certificate here, and for one that only authenticates', async () => {
    const signer = await start(own, await issue(other, 'authentication'));
    await expect(signer.signingIdentity(other)).rejects.toMatchObject(cannotSign(/no active signing/));
  });

  it('refuses to authenticate with a signing certificate', async () => {
    const signer = await start(own);
    await expect(signer.authenticationIdentity()).rejects.toMatchObject({ code: 'SslAuthenticationFailed' });
  });

  it('shows the authorities between with a status of each, and leaves out those that have none', async () => {
    const authentication = await issue(member, 'authentication');
    // What stands between is to the signer a certificate like any other.
    const [near, far] = [await services.issue(other), services.authority.tsaCertificate];
    const between = { ...authentication, intermediates: [near.certificate] };
    const identity = await (await start(between)).authenticationIdentity();
    expect(identity.chain).toEqual([authentication.certificate, near.certificate]);
    const about = identity.ocspResponses.map((der) => parseOcspResponse(der).responses[0]?.certId);
    expect(new Set(about.map((id) => id?.toString('hex'))).size).toBe(2);

    const stranger = (await issueAuthority('Elsewhere')).certificate;
    const above = { ...authentication, intermediates: [near.certificate, stranger, far] };
    const cut = await (await start(above)).authenticationIdentity();
    expect(cut.chain).toEqual([authentication.certificate, near.certificate]);
    expect(cut.ocspResponses).toHaveLength(2);
    expect(failures).toHaveLength(1);
  });

  it('passes over certificates that are switched off or expired, and takes the next that serves', async () => {
    const expiring = await issue(member, 'signing', 1);
    services.at += 2 * day;
    const signer = await start({ ...(await issue(member)), isActive: false }, expiring, own);
    expect((await signer.signingIdentity(member)).certificate).toBe(own.certificate);
  });

  it('names every reason when none serves', async () => {
    const expiring = await issue(member, 'signing', 1);
    services.at += 2 * day;
    const signer = await start({ ...own, isActive: false }, expiring);
    const refusal = cannotSign(/is switched off; .*is not valid at this time/);
    await expect(signer.signingIdentity(member)).rejects.toMatchObject(refusal);
  });

  it('stops at the very end of a certificate, though the identity was used before', async () => {
    const signer = await start(await issue(member, 'signing', 1));
    services.at += day - minute;
    await signer.refresh();
    await signer.signingIdentity(member);
    services.at += 2 * minute;
    await expect(signer.signingIdentity(member)).rejects.toMatchObject(cannotSign(/not valid/));
  });

  it('serves a certificate that was imported while a round was under way', async () => {
    const signer = await start(own);
    services.at += 50 * minute;
    const theirs = await issue(other);
    const round = signer.refresh();
    await signer.use([own, theirs]);
    expect((await signer.signingIdentity(other)).certificate).toBe(theirs.certificate);
    await round;
  });
});

describe('token', () => {
  it('neither hands out keys nor lets those sign that were handed out, once it is signed out', async () => {
    const signer = await start(own);
    const { key } = await signer.signingIdentity(member);
    services.token.deactivate();
    await expect(key.sign(Buffer.from('x'))).rejects.toThrow();
    // As the administration does after a sign-out.
    await signer.use([own]);
    await expect(signer.signingIdentity(member)).rejects.toMatchObject(cannotSign(/not signed in/));
    await services.token.activate(pin);
    const { key: again } = await signer.signingIdentity(member);
    await expect(again.sign(Buffer.from('x'))).resolves.toBeInstanceOf(Buffer);
  });
});

describe('statuses', () => {
  it('has none to show when no responder answers, and says so', async () => {
    services.isDown = true;
    const signer = await start(own);
    await expect(signer.signingIdentity(member)).rejects.toMatchObject(cannotSign(/no good OCSP response/));
    expect(failures).toHaveLength(1);
    services.isDown = false;
    services.at += 6_000;
    await signer.refresh();
    await expect(signer.signingIdentity(member)).resolves.toBeDefined();
  });

  it.each([
    ['60 seconds', { ocspFetchIntervalMs: minute }, minute],
    ['20 minutes when nothing is told', {}, 20 * minute],
    [
      'half of what is left, when a status would be too old before',
      { ocspFetchIntervalMs: day },
      30 * minute,
    ],
  ])('are fetched again after the interval of the instance: %s', async (_name, told, pause) => {
    changes = told;
    const signer = await start(own);
    const { ocsp: asked } = services.asked;
    services.at += pause - 1000;
    await signer.refresh();
    expect(services.asked.ocsp).toBe(asked);
    services.at += 2000;
    await signer.refresh();
    expect(services.asked.ocsp).toBe(asked + 1);
  });

  it('goes on with the good one through an outage, until peers would no longer take it', async () => {
    const signer = await start(own);
    services.isDown = true;
    services.at += 59 * minute;
    await signer.refresh();
    await expect(signer.signingIdentity(member)).resolves.toBeDefined();
    services.at += 2 * minute;
    await signer.refresh();
    await expect(signer.signingIdentity(member)).rejects.toMatchObject(cannotSign(/no good OCSP response/));
  });

  it('drops the good one the moment the responder says revoked', async () => {
    const authentication = await issue(member, 'authentication');
    const signer = await start(own, authentication);
    await signer.signingIdentity(member);
    await signer.authenticationIdentity();
    await services.authority.revoke(own.certificate.serialNumber);
    await services.authority.revoke(authentication.certificate.serialNumber);
    services.at += 31 * minute;
    await signer.refresh();
    await expect(signer.signingIdentity(member)).rejects.toMatchObject(cannotSign(/no good OCSP response/));
    await expect(signer.authenticationIdentity()).rejects.toMatchObject({ code: 'SslAuthenticationFailed' });
    expect(failures.map(({ message }) => message)).toEqual([
      expect.stringContaining('is revoked'),
      expect.stringContaining('is revoked'),
    ]);
  });

  it('does not find the good one again after a restart during an outage', async () => {
    const signer = await start(own);
    await services.authority.revoke(own.certificate.serialNumber);
    services.at += 31 * minute;
    await signer.refresh();
    services.isDown = true;
    const restarted = await start(own);
    await expect(restarted.signingIdentity(member)).rejects.toMatchObject(cannotSign(/no good OCSP/));
  });

  it('leaves other certificates of the member in use when one is revoked', async () => {
    const second = await issue(member);
    const signer = await start(own, second);
    await services.authority.revoke(own.certificate.serialNumber);
    services.at += 31 * minute;
    await signer.refresh();
    expect((await signer.signingIdentity(member)).certificate).toBe(second.certificate);
  });

  it('keeps them over a restart, so that an outage does not stop a server that restarts', async () => {
    await putOwnCertificate(settings.db, own);
    await start(own);
    services.isDown = true;
    const restarted = await start(...(await ownCertificates(settings.db)));
    const { certificate, ocspResponses } = await restarted.signingIdentity(member);
    expect(certificate.der).toEqual(own.certificate.der);
    expect(ocspResponses).toHaveLength(1);
    services.at += 61 * minute;
    await expect(restarted.signingIdentity(member)).rejects.toMatchObject(cannotSign(/no good OCSP/));
  });

  it('fetches the next one long before the last grows stale, and not before it is due', async () => {
    const signer = await start(own);
    const first = (await signer.signingIdentity(member)).ocspResponses;
    const { ocsp } = services.asked;
    services.at += 5 * minute;
    await signer.refresh();
    expect(services.asked.ocsp).toBe(ocsp);
    services.at += 26 * minute;
    await signer.refresh();
    expect(services.asked.ocsp).toBe(ocsp + 1);
    expect((await signer.signingIdentity(member)).ocspResponses).not.toEqual(first);
  });

  it('asks ever more seldom of a responder that is down', async () => {
    services.isDown = true;
    const signer = await start(own);
    const { ocsp } = services.asked;
    const pauses: number[] = [];
    let last = services.at;
    for (let seconds = 0; seconds < 100; seconds += 1) {
      services.at += 1_000;
      const before = services.asked.ocsp;
      await signer.refresh();
      if (services.asked.ocsp === before) continue;
      pauses.push((services.at - last) / 1_000);
      last = services.at;
    }
    expect(pauses).toEqual([5, 10, 20, 40]);
    expect(services.asked.ocsp - ocsp).toBe(4);
  });
});
