import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askAdmin } from '../../gateway/http/testing/ask-admin.ts';
import { initRegistry, type RegistrySettings, type RunningRegistry, startRegistry } from '../index.ts';

const pin = 'Correct-Horse-7';

/** A registry of its own folder on free ports, and its administrator. */
export class AskedRegistry {
  /** Errors that nobody foresaw. */
  readonly reported: unknown[] = [];
  readonly #data = mkdtempSync(join(tmpdir(), 'waygate-registry-'));
  #registry: RunningRegistry | undefined;

  static async found(instance: string): Promise<AskedRegistry> {
    const asked = new AskedRegistry();
    await initRegistry({ data: asked.#data, instance, address: '127.0.0.1', pin });
    await asked.start();
    return asked;
  }

  get running(): RunningRegistry {
    if (this.#registry === undefined) throw new Error('the registry does not run');
    return this.#registry;
  }

  /** Starts it, anew if it runs. */
  async start(more: Partial<RegistrySettings> = {}): Promise<void> {
    await this.#registry?.close();
    this.#registry = await startRegistry({
      data: this.#data,
      pin,
      configurationHost: '127.0.0.1',
      configurationPort: 0,
      adminHost: '127.0.0.1',
      adminPort: 0,
      report: (error) => this.reported.push(error),
      ...more,
    });
  }

  /** Asks the administration API. @param path below its version @param why of the change, as the history keeps it */
  ask(method: string, path: string, body?: unknown, why?: string) {
    return askAdmin(this.running, method, path, body, why);
  }

  async close(): Promise<void> {
    await this.#registry?.close();
    rmSync(this.#data, { recursive: true });
  }
}
