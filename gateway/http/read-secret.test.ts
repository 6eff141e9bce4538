import { execFile } from 'node:child_process';
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSecret, readSecretPlace } from './index.ts';

describe('a secret', () => {
  let folder: string;
  let file: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'waygate-secret-'));
    file = join(folder, 'pin');
    writeFileSync(file, 'from a file \r\n');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const read = (places: Parameters<typeof readSecretPlace>[1]) =>
    readSecret({ name: 'PIN', variable: 'X_PIN', environment: { X_PIN: 'from the environment' }, ...places });

  it('comes from a file, a descriptor or a command, and else from the environment', async () => {
    expect(await read({ file })).toBe('from a file ');
    expect(await read({ fd: openSync(file, 'r') })).toBe('from a file ');
    expect(await read({ command: ['cat', file] })).toBe('from a file ');
    expect(await read({})).toBe('from the environment');
    expect(await readSecretPlace('PIN', {})).toBeUndefined();
  });

  it('comes from a pipe that whoever starts the program holds open', async () => {
    const module = new URL('./read-secret.ts', import.meta.url).href;
    const script = `import(${JSON.stringify(module)}).then(async ({ readSecretPlace }) => {
      process.stdout.write(JSON.stringify([await readSecretPlace('PIN', { fd: 0 }), process.argv.length]));
    })`;
    const told = await new Promise<string>((resolve, reject) => {
      const child = execFile(process.execPath, ['--import', 'tsx', '-e', script], (error, stdout) =>
        error === null ? resolve(stdout) : reject(error),
      );
      child.stdin?.end('through a pipe\n');
    });
    expect(JSON.parse(told)[0]).toBe('through a pipe');
  });

  it('is never part of what is said when it cannot be read', async () => {
    const said = (places: Parameters<typeof read>[0]) => read(places).catch(({ message }: Error) => message);
    expect(await said({ file: join(folder, 'none') })).toMatch(/^the PIN file cannot be read/);
    expect(await said({ fd: 7_777 })).toMatch(/^the PIN descriptor 7777 cannot be read/);
    const failing = await said({ command: ['sh', '-c', 'echo secret; exit 3'] });
    expect(failing).toBe('the PIN command cannot be read: sh ended with 3');
    expect(await said({ command: '/nonexistent/program' })).toMatch(/program ended with ENOENT$/);
    writeFileSync(join(folder, 'long'), 'secret'.repeat(1_000));
    for (const places of [{ file: join(folder, 'long') }, { command: ['cat', join(folder, 'long')] }]) {
      expect(await said(places)).toMatch(/^the PIN (?!.*secret)/);
    }
    expect(await said({ file, fd: 0 })).toBe('the PIN is expected from one place, and 2 are named');
  });

  it('command is read by no shell', async () => {
    expect(await read({ command: ['echo', '$HOME;`id`'] })).toBe('$HOME;`id`');
  });
});
