import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openAuthority } from '../../certs/authority/index.ts';
import { createOcspRefusal, createOcspRequest } from '../../certs/ocsp/index.ts';
import { issueAuthority } from '../../gateway/trust/testing/small-world.ts';
import { AskedBook } from '../asked/index.ts';
import type { SentRequest } from '../management/index.ts';
import { pin } from '../testing/trust-services.ts';
import { DiagnosticBench, serverId, service } from './testing/bench.ts';

const day = 86_400_000;

let bench: DiagnosticBench;
beforeAll(async () => {
  bench = await DiagnosticBench.start();
});
afterAll(() => bench.close());
beforeEach(() => bench.reset());

const [signing, authentication] = [0, 1];

/** Puts another in the place of one of the two certificates. */
async function replace(index: number, change: Partial<(typeof bench.certificates)[number]>, days?: number) {
  const use = index === signing ? 'signing' : 'authentication';
  bench.certificates[index] = { ...(await bench.issue(use, days)), ...change };
}

function sent(status: SentRequest['status'], reason?: string): SentRequest {
  const authCert = bench.certificates[authentication]?.certificate.der ?? Buffer.alloc(0);
  const [at] = [bench.services.now()];
  const request = { kind: 'authCertReg', server: serverId, authCert } as const;
  const common = { id: 1, messageId: 'm', request, status, sentAt: at, changedAt: at };
  return reason === undefined ? common : { ...common, reason };
}

/** The instance does not know the authentication certificate. */
const unregistered = () => {
  bench.shared = { securityServers: [] };
  return bench.settings.removeClient(service.provider);
};

describe('certificates of the server', () => {
  it('nothing is diagnosed where nothing is wrong', async () => {
    expect(await bench.diagnose()).toEqual([]);
  });

  it('certificate-renewal-fails: the step, what came in between, and what to do', async () => {
    const certificate = bench.certificates[signing]?.certificate.sha256.toString('hex') ?? '';
    const at = bench.services.now();
    const trouble = { code: 'account-closed', text: 'the account is deactivated', remedy: 'ask', at };
    const renewal = {
      certificate,
      use: 'signing',
      stage: 'ordering',
      dueAt: at,
      dueBy: 'age',
      since: at,
    } as const;
    const renewals = () => [
      { ...renewal, failures: 1, trouble },
      { ...renewal, failures: 0 },
    ];
    const found = await bench.diagnose({ renewals });
    expect(found.map(({ code }) => code)).toEqual(['certificate-renewal-fails']);
    expect(found[0]?.detail).toBe('ordering: the account is deactivated (account-closed); ask');
    expect(found[0]?.subject).toContain(certificate.slice(0, 16));
  });

  it('notices-not-delivered: by which way and why, and not to whom', async () => {
    const at = bench.services.now();
    const failure = {
      ...{ at, code: 'connection-refused', text: 'nobody listens', remedy: 'check the port' },
      ...{ count: 1, nextAttemptAt: at },
    } as const;
    const notices = async () => [{ channel: 'mail anna@agency.example', failure }, { channel: 'webhook' }];
    const found = await bench.diagnose({ notices });
    expect(found).toMatchObject([{ code: 'notices-not-delivered', subject: 'mail', severity: 'warns' }]);
    expect(found[0]?.detail).toBe('nobody listens (connection-refused); check the port');
  });

  it('signing-certificate-missing: a member with a client and no certificate', async () => {
    bench.certificates.splice(signing, 1);
    const [found] = await bench.diagnose();
    expect(found).toMatchObject({
      code: 'signing-certificate-missing',
      subject: 'DEV:GOV:1',
      severity: 'stops',
    });
  });

  it('signing-certificate-expired: and since when', async () => {
    await replace(signing, {}, 1);
    await replace(authentication, {}, 400);
    bench.services.at += 2 * day;
    const [found] = await bench.diagnose();
    expect(found?.code).toBe('signing-certificate-expired');
    expect(found?.since).toEqual(bench.certificates[signing]?.certificate.notAfter);
  });

  it('signing-certificate-not-yet-valid', async () => {
    bench.services.at += 9 * day;
    await replace(signing, {});
    bench.services.at -= 9 * day;
    expect(await bench.codes()).toContain('signing-certificate-not-yet-valid');
  });

  it('signing-certificate-inactive', async () => {
    await replace(signing, { isActive: false });
    expect(await bench.codes()).toEqual(['signing-certificate-inactive']);
  });

  it('signing-fails: the key of the certificate is not in the token', async () => {
    await replace(signing, {});
    await bench.services.token.deleteKey(bench.certificates[signing]?.keyId ?? '');
    expect(await bench.codes()).toEqual(['signing-fails']);
  });

  it('signing-fails: the key is that of another certificate', async () => {
    const { keyId } = await bench.issue('signing');
    await replace(signing, { keyId });
    const [found] = await bench.diagnose();
    expect(found).toMatchObject({ code: 'signing-fails', detail: expect.stringContaining('does not fit') });
  });

  it('authentication-certificate-missing', async () => {
    bench.certificates.splice(authentication, 1);
    expect(await bench.codes()).toEqual(['authentication-certificate-missing']);
  });

  it('authentication-certificate-expired', async () => {
    await replace(authentication, {}, 1);
    bench.services.at += 2 * day;
    expect(await bench.codes()).toContain('authentication-certificate-expired');
  });

  it('authentication-certificate-not-yet-valid', async () => {
    bench.services.at += 9 * day;
    await replace(authentication, {});
    bench.services.at -= 9 * day;
    expect(await bench.codes()).toContain('authentication-certificate-not-yet-valid');
  });

  it('authentication-certificate-inactive', async () => {
    await replace(authentication, { isActive: false });
    expect(await bench.codes()).toEqual(['authentication-certificate-inactive']);
  });

  it('authentication-certificate-not-registered', async () => {
    await unregistered();
    expect(await bench.codes()).toEqual(['authentication-certificate-not-registered']);
  });

  it('authentication-certificate-registration-waiting', async () => {
    await unregistered();
    bench.requests = [sent('waiting')];
    expect(await bench.codes()).toEqual(['authentication-certificate-registration-waiting']);
  });

  it('authentication-certificate-registration-declined: with the reason of the registry', async () => {
    await unregistered();
    bench.requests = [sent('declined', 'not this address')];
    const [found] = await bench.diagnose();
    expect(found).toMatchObject({
      ...{ code: 'authentication-certificate-registration-declined', detail: 'not this address' },
    });
  });

  it('certificate-expires-soon: unless another stands ready', async () => {
    await replace(signing, {}, 20);
    const [found] = await bench.diagnose();
    expect(found).toMatchObject({ code: 'certificate-expires-soon', severity: 'will-stop' });
    bench.certificates.push(await bench.issue('signing'));
    expect(await bench.codes()).toEqual([]);
  });
});

describe('certificates towards information systems', () => {
  /** One that ends in so many days. */
  const ending = async (days: number) => (await bench.issue('signing', days)).certificate.der;

  it('internal-certificate-expired and internal-certificate-expires-soon', async () => {
    await bench.settings.setInternalCertificate(await ending(10));
    expect(await bench.codes()).toEqual(['internal-certificate-expires-soon']);
    bench.services.at += 11 * day;
    expect(await bench.codes()).toContain('internal-certificate-expired');
  });

  it('information-system-certificate-expired: of a client and of a service', async () => {
    await bench.putClient('registered', [await ending(1)]);
    expect(await bench.codes()).toEqual([]);
    bench.services.at -= 5 * day;
    const [ofClient, ofService] = [await ending(1), await ending(2)];
    bench.services.at += 5 * day;
    await bench.putClient('registered', [ofClient]);
    expect(await bench.codes()).toEqual(['information-system-certificate-expired']);
    await bench.putClient('registered');
    expect(await bench.codes()).toEqual([]);
    await bench.settings.putService({ ...service, certificates: [ofService] });
    expect(await bench.codes()).toEqual(['information-system-certificate-expired']);
  });
});

describe('statuses of certificates', () => {
  /** The instance names this address as the only responder. */
  const askAt = (url: string) => {
    const { authority } = bench.services;
    const ocsp = [{ url, certificate: authority.ocspCertificate }];
    const [approved] = bench.services.configuration.shared('DEV')?.approvedCas ?? [];
    if (approved === undefined) throw new Error('the services have an authority');
    bench.shared = { approvedCas: [{ ...approved, top: { certificate: authority.caCertificate, ocsp } }] };
  };
  const codesOf = async () => [...new Set(await bench.codes())];

  it('authority-not-approved', async () => {
    bench.shared = { approvedCas: [] };
    expect(await codesOf()).toEqual(['authority-not-approved']);
  });

  it('ocsp-responder-unknown: the authority has none in the configuration', async () => {
    const { caCertificate: certificate } = bench.services.authority;
    const [approved] = bench.services.configuration.shared('DEV')?.approvedCas ?? [];
    bench.shared = { approvedCas: approved ? [{ ...approved, top: { certificate, ocsp: [] } }] : [] };
    expect(await codesOf()).toEqual(['ocsp-responder-unknown']);
  });

  it('ocsp-missing: nobody was asked, for there is no configuration', async () => {
    const latest = () => undefined;
    const configuration = { latest, failure: () => undefined, fetchedAt: () => undefined, sources: () => [] };
    // What the signer of the bench fetched is not at hand here.
    const codes = await bench.codes({ configuration, statusOf: () => undefined });
    expect(new Set(codes)).toEqual(new Set(['configuration-missing', 'ocsp-missing']));
  });

  it('ocsp-stale: the responder says again what it said hours ago', async () => {
    const kept = new Map<string, Buffer>();
    askAt(
      await bench.servers.answering(async (body) => {
        const key = body.toString('hex');
        const answer = kept.get(key) ?? (await bench.services.authority.answerOcsp(body));
        kept.set(key, answer);
        return answer;
      }),
    );
    expect(await codesOf()).toEqual([]);
    bench.services.at += 3 * 3_600_000;
    const found = await bench.diagnose();
    expect(found.filter(({ code }) => code === 'ocsp-stale').map(({ severity }) => severity)).toEqual([
      'stops',
      'stops',
    ]);
  });

  it('ocsp-revoked', async () => {
    await bench.services.authority.revoke(bench.certificates[signing]?.certificate.serialNumber ?? 0n);
    const [found] = await bench.diagnose();
    expect(found).toMatchObject({ code: 'ocsp-revoked', severity: 'stops', who: 'security-officer' });
  });

  it('ocsp-unknown: a responder whose book does not have the certificate', async () => {
    const dir = join(bench.root, 'authority');
    const copy = join(bench.root, `copy-${Date.now()}`);
    cpSync(dir, copy, { recursive: true });
    const older = await openAuthority(copy, { pin, now: bench.services.now });
    bench.certificates = [await bench.issue('signing'), await bench.issue('authentication')];
    askAt(await bench.servers.answering((body) => older.answerOcsp(body)));
    expect(await codesOf()).toEqual(['ocsp-unknown']);
  });

  it('ocsp-not-trusted: the instance names another certificate of the responder', async () => {
    const { authority } = bench.services;
    const other = await issueAuthority('Other');
    const [approved] = bench.services.configuration.shared('DEV')?.approvedCas ?? [];
    const elsewhere = await DiagnosticBench.start();
    await elsewhere.reset();
    // A good answer of a responder whom nobody vouches for.
    const otherAnswer = await elsewhere.services.authority.answerOcsp(await requestFor(elsewhere));
    await elsewhere.close();
    const url = await bench.servers.answering(async () => otherAnswer);
    const ocsp = [{ url, certificate: other.certificate }];
    bench.shared = {
      approvedCas: approved ? [{ ...approved, top: { certificate: authority.caCertificate, ocsp } }] : [],
    };
    expect(await codesOf()).toEqual(['ocsp-not-trusted']);
  });

  it('ocsp-responder-refuses: an HTTP error, an OCSP refusal, and bytes that are neither', async () => {
    for (const url of [
      await bench.servers.status(503),
      await bench.servers.answering(async () => createOcspRefusal(3)),
      await bench.servers.answering(async () => Buffer.from('<html>')),
    ]) {
      askAt(url);
      bench.asked = new AskedBook();
      expect(await codesOf()).toEqual(['ocsp-responder-refuses']);
    }
  });

  it('ocsp-responder-unreachable: nobody listens, or the name is not known', async () => {
    for (const url of [await bench.servers.refusing(), 'http://responder.invalid/']) {
      askAt(url);
      bench.asked = new AskedBook();
      expect(await codesOf()).toEqual(['ocsp-responder-unreachable']);
    }
  });

  it('are good for longer while the responder is away: that is said, and stops nothing yet', async () => {
    await bench.signer();
    askAt(await bench.servers.refusing());
    const found = await bench.diagnose();
    expect(found.map(({ code, severity }) => [code, severity])).toEqual([
      ['ocsp-responder-unreachable', 'will-stop'],
      ['ocsp-responder-unreachable', 'will-stop'],
    ]);
  });
});

async function requestFor(other: DiagnosticBench): Promise<Buffer> {
  const [own] = other.certificates;
  if (own === undefined) throw new Error('the bench has certificates');
  return createOcspRequest(own.certificate, other.services.authority.caCertificate);
}
