import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { type Authority, type RunningAcme, startAcme } from '../certs/authority/index.ts';
import { writeFileDurably } from '../gateway/store/index.ts';
import { instance, type PilotAdministration } from './plan.ts';

export interface PilotAcmeOptions {
  readonly data: string;
  readonly authority: Authority;
  readonly ocspUrl: string;
  readonly issueSecret: string;
  /** Of its ACME server. */
  readonly port: number;
  /** At which the security servers show that their addresses are theirs. */
  readonly httpPort: number;
  readonly report: (error: unknown) => void;
}

/** The authority of the pilot over ACME. */
export class PilotAcme {
  readonly #options: PilotAcmeOptions;
  readonly #running: RunningAcme;

  private constructor(options: PilotAcmeOptions, running: RunningAcme) {
    this.#options = options;
    this.#running = running;
  }

  static async start(options: PilotAcmeOptions): Promise<PilotAcme> {
    const file = join(options.data, 'authority', 'acme-accounts.json');
    return new PilotAcme(options, await startAcme({ ...options, file, host: '127.0.0.1' }));
  }

  get directoryUrl(): string {
    return this.#running.directoryUrl;
  }

  close(): Promise<void> {
    return this.#running.close();
  }

  /** `acme` of an administration's server, which has an account with the authority. */
  async settingsFor({ key, host, ...administration }: PilotAdministration) {
    const { data, authority, httpPort } = this.#options;
    const macKeyFile = join(data, `${key}-acme-mac`);
    const keyIdFile = join(data, `${key}-acme-id`);
    if (!(await isThere(keyIdFile))) {
      const { keyId, macKey } = await this.#openAccount(administration);
      await writeFileDurably(macKeyFile, macKey);
      await writeFileDurably(keyIdFile, keyId);
    }
    const trustFile = join(data, 'authority', 'ca.pem');
    if (!(await isThere(trustFile))) await writeFileDurably(trustFile, authority.caCertificate.pem);
    const externalAccount = { keyId: await readFile(keyIdFile, 'utf8'), macKeyFile };
    return {
      ...{ contact: [], listenHost: host, listenPort: httpPort, renew: true },
      directories: [{ url: this.directoryUrl, agreesToTerms: false, trustFile, externalAccount }],
    };
  }

  async #openAccount({
    memberClass,
    memberCode,
    name: memberName,
    serverCode,
  }: Omit<PilotAdministration, 'key' | 'host'>): Promise<{ keyId: string; macKey: string }> {
    const { authority, issueSecret } = this.#options;
    const dispatcher = new Agent({ connect: { ca: authority.caCertificate.pem } });
    try {
      const applicant = { instance, memberClass, memberCode, memberName, serverCode };
      const { statusCode, body } = await request(this.#running.externalAccountsUrl, {
        ...{ method: 'POST', dispatcher, headers: { authorization: `Bearer ${issueSecret}` } },
        body: JSON.stringify({ applicant, profile: 'basic-acme' }),
      });
      if (statusCode !== 201) throw new Error(`the authority opens no account: ${await body.text()}`);
      return (await body.json()) as { keyId: string; macKey: string };
    } finally {
      await dispatcher.destroy();
    }
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}
