import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeFileDurably } from '../../gateway/store/index.ts';
import type { DiskSample } from './forecast.ts';

const fileSchema = z.strictObject({
  version: z.literal(1),
  samples: z.array(
    z.strictObject({
      at: z.number().int().nonnegative(),
      free: z.number().nonnegative(),
      log: z.number().nonnegative(),
    }),
  ),
});

/** Two weeks of hours. */
const maxSamples = 336;

/** Samples of past hours in one small file, oldest first. */
export class Samples {
  readonly #path: string;
  #list: readonly DiskSample[];

  private constructor(path: string, list: readonly DiskSample[]) {
    this.#path = path;
    this.#list = list;
  }

  /** @param onTrouble told when the file cannot be read: it is begun anew then, for it holds nothing but measurements */
  static async open(path: string, onTrouble: (error: Error) => void): Promise<Samples> {
    try {
      const { samples } = fileSchema.parse(JSON.parse(await readFile(path, 'utf8')));
      return new Samples(path, samples.slice(-maxSamples));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') {
        onTrouble(new Error(`${path} cannot be read; the forecast begins anew`, { cause }));
      }
      return new Samples(path, []);
    }
  }

  get list(): readonly DiskSample[] {
    return this.#list;
  }

  /** Keeps a sample, in memory even when the file cannot be written. What is younger stems from a clock put back. */
  async add(sample: DiskSample): Promise<void> {
    this.#list = [...this.#list.filter(({ at }) => at < sample.at), sample].slice(-maxSamples);
    await writeFileDurably(this.#path, JSON.stringify({ version: 1, samples: this.#list }));
  }
}
