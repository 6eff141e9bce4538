import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { createOcspRequest } from '../../../certs/ocsp/index.ts';
import { createKey } from '../../../gateway/configuration/testing/samples.ts';
import { signSnapshot } from '../../../gateway/evidence/testing/world.ts';
import { SnapshotStore } from '../../configurations/index.ts';
import { member, startTrustServices } from '../trust-services.ts';
import { type Ground, groundFile, laterFolder } from './told.ts';
import { dayMs } from './world.ts';

/** What all runs share: the compiled program, the authorities that answer it, the folder that each begins with. */
export interface FaultGround {
  readonly base: string;
  /** The program, compiled into few files so that it starts quickly. */
  readonly program: string;
  /** Copies what a scenario begins with. @returns folder of its own */
  copy(from?: string): string;
  close(): Promise<void>;
}

export async function layGround(): Promise<FaultGround> {
  const base = mkdtempSync(join(tmpdir(), 'waygate-faults-'));
  const services = await startTrustServices(base);
  const { keyId, certificate } = await services.issue(member);
  const { authority } = services;
  const status = await authority.answerOcsp(createOcspRequest(certificate, authority.caCertificate));
  const at = services.at;
  // Later than anything that it is asked to stamp.
  services.at += 200 * dayMs;
  const first = join(base, 'first');
  const registry = await createKey('Registry');
  const save = async (dir: string, expiresAt: Date) => {
    const snapshot = await signSnapshot(services, registry, expiresAt);
    await (await SnapshotStore.open(dir)).save(snapshot);
    return snapshot.id;
  };
  const later = join(first, laterFolder);
  const inYear = (year: number) => new Date(`${year}-01-01T00:00:00Z`);
  mkdirSync(join(first, 'messages'), { recursive: true });
  cpSync(join(base, 'token'), join(first, 'token'), { recursive: true });
  const ground: Ground = {
    at,
    signing: {
      keyId,
      certificate: Buffer.from(certificate.der).toString('base64'),
      status: Buffer.from(status).toString('base64'),
    },
    snapshot: await save(join(first, 'messages', 'configurations'), inYear(2090)),
    later: [
      await save(later, inYear(2091)),
      await save(later, inYear(2092)),
      // Only in force while a scenario is prepared.
      await save(later, new Date(at + 3_600_000)),
    ],
  };
  writeFileSync(join(first, groundFile), JSON.stringify(ground));
  const code = join(base, 'code');
  await compile(code);
  return {
    base,
    program: join(code, 'program.js'),
    copy: (from = first) => {
      const root = join(mkdtempSync(join(base, 'run-')), 'data');
      cpSync(from, root, { recursive: true });
      return root;
    },
    close: async () => {
      await services.close();
      rmSync(base, { recursive: true });
    },
  };
}

/** The writing thread is found beside what starts it, as in the built product. */
async function compile(into: string): Promise<void> {
  const here = fileURLToPath(new URL('.', import.meta.url));
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  await build({
    entryPoints: {
      program: join(here, 'program.ts'),
      'writer-thread': join(root, 'security-server/message-log/writer-thread.ts'),
    },
    ...{ outdir: into, bundle: true, platform: 'node', format: 'esm', target: 'node20' },
    // Whatever is not compiled in makes each start slower; what is machine code cannot be.
    external: ['better-sqlite3'],
    banner: {
      js: "import { createRequire as requireFor } from 'node:module'; const require = requireFor(import.meta.url);",
    },
    logLevel: 'error',
  });
  writeFileSync(join(into, 'package.json'), '{ "type": "module" }');
  symlinkSync(join(root, 'node_modules'), join(into, 'node_modules'));
}
