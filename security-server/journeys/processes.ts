import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../gateway/http/testing/free-ports.ts';
import { loadOrMakeSecrets, portCount, startInfrastructure, startPilot } from '../../pilot/index.ts';

export type ServerName = 'ministry' | 'city';

/** A security server that is a program of its own. */
export interface ServerProcess {
  /** Ends it at whatever instruction it is, as a power cut would. */
  kill(): Promise<void>;
  stop(): Promise<void>;
  /** What it wrote so far: its log, and the lines that say that it is live. */
  log(): string;
  readonly pid: number;
}

/** A founded pilot network whose two security servers run as programs of their own, and can be killed. */
export interface ProcessNetwork {
  readonly data: string;
  readonly clientUrls: Readonly<Record<ServerName, string>>;
  /** Of the administration APIs, and of the authority. */
  readonly urls: Readonly<Record<ServerName | 'registry' | 'authority', string>>;
  /** What the registry and the authority reported. */
  readonly troubles: readonly unknown[];
  /**
   * @param more further options of `waygate server start`
   * @throws Error with its log when it ends instead of going live
   */
  start(name: ServerName, more?: readonly string[], pin?: string): Promise<ServerProcess>;
  close(): Promise<void>;
}

const hosts = { ministry: '127.0.0.1', city: '127.0.0.2' } as const;

export async function foundNetwork(): Promise<ProcessNetwork> {
  const data = await mkdtemp(join(tmpdir(), 'waygate-processes-'));
  const portBase = await freePorts(portCount);
  const troubles: unknown[] = [];
  const onTrouble = (...trouble: unknown[]) => troubles.push(...trouble);
  const options = { data, portBase, onStep: () => undefined, onTrouble };
  const network = await startPilot(options);
  const { ports } = network;
  await network.close();
  const infrastructure = await startInfrastructure(options);
  const secrets = await loadOrMakeSecrets(data);
  const running = new Set<ServerProcess>();
  return {
    data,
    clientUrls: {
      ministry: `http://127.0.0.1:${ports.ministryClient}`,
      city: `http://127.0.0.1:${ports.cityClient}`,
    },
    urls: {
      ministry: `http://127.0.0.1:${ports.ministryAdmin}`,
      city: `http://127.0.0.1:${ports.cityAdmin}`,
      registry: `http://127.0.0.1:${ports.registryAdmin}`,
      authority: `http://127.0.0.1:${ports.authority}`,
    },
    troubles,
    start: async (name, more = [], pin = secrets[name]) => {
      const args = [
        ...['server', 'start', '--json', '--data', join(data, name), '--log-level', 'warn'],
        ...[
          '--client-port',
          String(ports[`${name}Client`]),
          '--client-tls-port',
          String(ports[`${name}ClientTls`]),
        ],
        ...['--peer-host', hosts[name], '--peer-port', String(ports.peers)],
        ...['--instance-peer-port', String(ports.peers), '--admin-port', String(ports[`${name}Admin`])],
        ...more,
      ];
      const server = await startProcess(args, { WAYGATE_SERVER_PIN: pin });
      running.add(server);
      return server;
    },
    close: async () => {
      for (const server of running) await server.stop();
      await infrastructure.close();
      await rm(data, { recursive: true, force: true });
    },
  };
}

/** Starts the built program and waits for the line that says it is live. */
function startProcess(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<ServerProcess> {
  const child = spawn(process.execPath, ['dist/bin/waygate.js', ...args], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${log}`)));
    child.stdout.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
    child.stdout.once('data', () => {
      child.removeAllListeners('exit');
      resolve({
        kill: () => end(child, 'SIGKILL'),
        stop: () => end(child, 'SIGTERM'),
        log: () => log,
        pid: child.pid ?? 0,
      });
    });
  });
}

function end(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill(signal);
  });
}
