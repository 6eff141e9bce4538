import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const source = fileURLToPath(new URL('checker', import.meta.url));
/** Where Debian's golang-golang-x-mod-dev puts it. */
const goPath = '/usr/share/gocode';

/** What the checker said, and whether all was good. */
export interface CheckerAnswer {
  readonly isGood: boolean;
  readonly line: string;
}

/** Proofs against one checkpoint; a record is given as its entry or as the hash of its leaf. */
export interface ProofsToCheck {
  readonly checkpoint: string;
  readonly inclusion?: readonly {
    readonly index: number;
    readonly entry?: Buffer;
    readonly leaf?: Buffer;
    readonly proof: readonly Buffer[];
  }[];
  readonly consistency?: readonly {
    readonly oldSize: number;
    readonly oldRoot: Buffer;
    readonly proof: readonly Buffer[];
  }[];
}

/** Go's own packages for transparency logs, which know nothing of our code. */
export interface GoChecker {
  checkLog(dir: string, verifierKey: string): Promise<CheckerAnswer>;
  checkProofs(proofs: ProofsToCheck, verifierKey: string): Promise<CheckerAnswer>;
  openNote(note: string, verifierKey: string): Promise<CheckerAnswer>;
  sign(text: string, signerKey: string): Promise<string>;
  generateKey(name: string): Promise<{ readonly signerKey: string; readonly verifierKey: string }>;
  close(): void;
}

/** Without it, and its package for logs, there is no second opinion. */
export const hasGo =
  existsSync(join(goPath, 'src/golang.org/x/mod/sumdb')) &&
  (await execute('go', ['version']).then(
    () => true,
    () => false,
  ));

export async function buildGoChecker(): Promise<GoChecker> {
  const dir = mkdtempSync(join(tmpdir(), 'waygate-checker-'));
  const program = join(dir, 'checker');
  const env = { ...process.env, GO111MODULE: 'off', GOPATH: goPath, GOFLAGS: '', CGO_ENABLED: '0' };
  await execute('go', ['build', '-o', program, '.'], { cwd: source, env, timeout: 240_000 });

  const run = async (parameters: readonly string[], input = ''): Promise<CheckerAnswer> => {
    const child = spawn(program, parameters);
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    // A checker that refuses its input early has closed it.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const [line, complaint, status] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    if (status !== 0 && status !== 1) throw new Error(`the checker failed: ${complaint}`);
    return { isGood: status === 0, line };
  };
  const good = async (parameters: readonly string[], input?: string) => {
    const { isGood, line } = await run(parameters, input);
    if (!isGood) throw new Error(line);
    return line;
  };
  return {
    checkLog: (folder, verifierKey) => run(['log', folder, verifierKey]),
    checkProofs: (proofs, verifierKey) => run(['proofs', verifierKey], printProofs(proofs)),
    openNote: (note, verifierKey) => run(['open', verifierKey], note),
    sign: (unsigned, signerKey) => good(['sign', signerKey], unsigned),
    generateKey: async (name) => {
      const [signerKey = '', verifierKey = ''] = (await good(['generate', name])).split('\n');
      return { signerKey, verifierKey };
    },
    close: () => rmSync(dir, { recursive: true }),
  };
}

/** JSON of the checker's job: Go takes octets as base64. */
function printProofs(proofs: ProofsToCheck): string {
  return JSON.stringify(proofs, (_key, value: unknown) => {
    if (!isPrintedBuffer(value)) return value;
    return Buffer.from(value.data).toString('base64');
  });
}

/** What a Buffer makes of itself before a replacer sees it. */
function isPrintedBuffer(value: unknown): value is { readonly data: number[] } {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer';
}
