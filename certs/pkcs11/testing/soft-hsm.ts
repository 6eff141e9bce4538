import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const modules = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so',
];
const modulePath = modules.find((path) => existsSync(path)) ?? '';

export function hasSoftHsm(): boolean {
  return modulePath !== '' && existsSync('/usr/bin/softhsm2-util');
}

/** Tokens of SoftHSM in a folder of their own. */
export class SoftHsm {
  readonly module = modulePath;
  readonly environment: Readonly<Record<string, string>>;
  readonly #dir = mkdtempSync(join(tmpdir(), 'waygate-softhsm-'));

  readonly #tokens = join(this.#dir, 'tokens');

  constructor() {
    mkdirSync(this.#tokens);
    const file = join(this.#dir, 'softhsm2.conf');
    writeFileSync(
      file,
      `directories.tokendir = ${this.#tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`,
    );
    this.environment = { SOFTHSM2_CONF: file };
  }

  addToken(label: string, pin: string): void {
    const args = ['--init-token', '--free', '--label', label, '--so-pin', 'so-12345678', '--pin', pin];
    execFileSync('softhsm2-util', args, { env: { ...process.env, ...this.environment }, stdio: 'pipe' });
  }

  /** As if the device were pulled out: whoever looks now finds none. */
  hide(): void {
    renameSync(this.#tokens, `${this.#tokens}.away`);
    mkdirSync(this.#tokens);
  }

  show(): void {
    rmSync(this.#tokens, { recursive: true });
    renameSync(`${this.#tokens}.away`, this.#tokens);
  }

  remove(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
