import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { request } from 'undici';
import { peakRssOf, type Running } from './processes.ts';

export function hasNginx(): boolean {
  return spawnSync('nginx', ['-v']).status === 0;
}

/**
 * Two plain hops of nginx in one process, over kept connections.
 * @param target of the last hop, `host:port`
 * @returns with the port of the first hop in `ready`
 */
export async function startNginx(dir: string, target: string): Promise<Running> {
  const [front, back] = [await freePort(), await freePort()];
  const home = join(dir, 'nginx');
  await mkdir(home, { recursive: true });
  const hop = (port: number, upstream: string) =>
    `server { listen 127.0.0.1:${port}; location / { proxy_pass http://${upstream}; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering on; } }`;
  const configuration = `
daemon off; master_process off; pid ${home}/pid; error_log ${home}/error.log;
events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 1000000; client_body_temp_path ${home}/body; proxy_temp_path ${home}/proxy;
  fastcgi_temp_path ${home}/f; uwsgi_temp_path ${home}/u; scgi_temp_path ${home}/s;
  upstream back { server 127.0.0.1:${back}; keepalive 128; keepalive_requests 1000000; }
  upstream service { server ${target}; keepalive 128; keepalive_requests 1000000; }
  ${hop(front, 'back')}
  ${hop(back, 'service')}
}
`;
  const file = join(home, 'nginx.conf');
  await writeFile(file, configuration);
  const child = spawn('nginx', ['-c', file, '-p', home], { stdio: 'ignore' });
  for (let attempt = 0; ; attempt += 1) {
    const isReady = await request(`http://127.0.0.1:${front}/1`).then(
      async (response) => {
        await response.body.dump();
        return response.statusCode === 200;
      },
      () => false,
    );
    if (isReady) break;
    if (attempt > 100)
      throw new Error(`nginx did not start: ${readFileSync(join(home, 'error.log'), 'utf8')}`);
    await setTimeout(20);
  }
  return {
    name: 'nginx',
    ready: { port: front },
    peakRssBytes: () => peakRssOf(child),
    stop: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve();
        child.once('exit', () => resolve());
        child.kill('SIGTERM');
      }),
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
