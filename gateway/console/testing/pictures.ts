import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';

const documented = fileURLToPath(new URL('../../../docs/screenshots', import.meta.url));

/** Pictures of a console for the documentation: made anew by its journey each time, and kept there when asked for. */
export class Pictures {
  readonly #kind: string;
  readonly #folder: string;
  readonly #made: string[] = [];
  readonly #isKept = process.env['WAYGATE_SCREENSHOTS'] === '1';

  /** @param kind with which the names of this console's pictures begin */
  constructor(kind: string) {
    this.#kind = kind;
    this.#folder = this.#isKept ? documented : mkdtempSync(join(tmpdir(), 'waygate-pictures-'));
  }

  /** @param isWhole the whole page, however long, in place of what fits the window */
  async take(page: Page, name: string, isWhole = false): Promise<void> {
    const file = `${this.#kind}-${name}.png`;
    await page.screenshot({ path: join(this.#folder, file), fullPage: isWhole });
    this.#made.push(file);
  }

  /** Names of what was made. */
  get made(): readonly string[] {
    return this.#made.toSorted();
  }

  /** Names of this console's pictures in the documentation. */
  get documented(): readonly string[] {
    return readdirSync(documented)
      .filter((file) => file.startsWith(`${this.#kind}-`))
      .sort();
  }

  close(): void {
    if (!this.#isKept) rmSync(this.#folder, { recursive: true });
  }
}
