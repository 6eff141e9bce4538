import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** The page that judges evidence in a browser, as it is handed out. */
export interface JudgingPage {
  readonly html: Buffer;
  /** Hexadecimal; whoever gets the page compares it with that of somebody they trust. */
  readonly sha256: string;
}

/** Beside the compiled form of this room, and in the folder of what was compiled, seen from its source. */
const places = ['../../judge.html', '../../dist/judge.html'];

/** @throws Error when the program was never built */
export async function readJudgingPage(): Promise<JudgingPage> {
  for (const place of places) {
    const html = await readIfThere(new URL(place, import.meta.url));
    if (html !== undefined) return { html, sha256: createHash('sha256').update(html).digest('hex') };
  }
  throw new Error('the judging page is made by `npm run build`, and is not there');
}

async function readIfThere(file: URL): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
