import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { createSecureContext } from 'node:tls';
import { softwareSigningKey } from '../../certs/key/index.ts';
import { buildName, createCertificate } from '../../certs/x509/index.ts';
import { type Listening, listen } from '../../gateway/http/index.ts';
import {
  type Connection,
  type ConnectionOutcome,
  type InvitationClaims,
  tryConnection,
} from '../../gateway/joining/index.ts';
import { serveTls } from '../../gateway/transport/index.ts';

const timeoutMs = 4_000;

type Wanted = Omit<Connection, 'outcome'> & { readonly tls: boolean };

/** Tries what this server needs of the registry and the authority, before it depends on it. */
export function tryRegistry(claims: InvitationClaims): Promise<Connection[]> {
  const { configurationUrl, registrationUrl, enrolment } = claims;
  return tryAll([
    { direction: 'joiner-to-registry', ...placeOf(configurationUrl) },
    { direction: 'joiner-to-registry', ...placeOf(registrationUrl) },
    ...(enrolment === undefined
      ? []
      : [{ direction: 'joiner-to-authority', ...placeOf(enrolment.url) } as const]),
  ]);
}

/** Tries the servers behind which the registry takes requests. */
export function tryServers(hosts: readonly string[], port: number): Promise<Connection[]> {
  return tryAll(hosts.map((host) => ({ direction: 'joiner-to-server', host, port, tls: true })));
}

function tryAll(wanted: readonly Wanted[]): Promise<Connection[]> {
  return Promise.all(
    wanted.map(async ({ direction, host, port, tls }) => ({
      ...{ direction, host, port },
      outcome: await tryConnection({ host, port, tls, timeoutMs }),
    })),
  );
}

function placeOf(text: string): { host: string; port: number; tls: boolean } {
  const { hostname, port, protocol } = new URL(text);
  const tls = protocol === 'https:';
  const host = hostname.replace(/^\[|\]$/g, '');
  return { host, port: port === '' ? (tls ? 443 : 80) : Number(port), tls };
}

/**
 * Listens where the server will, so that the registry can try to reach it before it is founded. What comes is given
 * a handshake, and no answer to anything.
 * @returns ends it
 * @throws PortError when something else listens there
 */
export async function listenForTrial(host: string, ports: readonly number[]): Promise<() => Promise<void>> {
  const secureContext = await trialContext();
  const listening: Listening[] = [];
  const close = async () => {
    for (const one of listening.splice(0)) await one.close(0);
  };
  try {
    for (const port of ports) {
      const server = createServer((_, response) => response.writeHead(404, { connection: 'close' }).end());
      server.setTimeout(timeoutMs);
      serveTls(server, { context: async () => secureContext });
      listening.push(await listen(server, host, port, '--peer-port'));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return close;
}

/** Nobody is to trust it: the key is gone with the process. */
async function trialContext() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = buildName({ CN: 'trial of a connection' });
  const now = Date.now();
  const { pem } = await createCertificate(
    {
      ...{ subject, issuer: subject, publicKey },
      serialNumber: BigInt(`0x01${randomBytes(8).toString('hex')}`),
      notBefore: new Date(now - 3_600_000),
      notAfter: new Date(now + 86_400_000),
      keyUsage: ['digitalSignature'],
    },
    softwareSigningKey(privateKey),
  );
  return createSecureContext({ key: privateKey.export({ format: 'pem', type: 'pkcs8' }), cert: pem });
}

const isReached = ({ outcome }: Connection) => outcome === 'reached' || outcome === 'address-not-allowed';

/** @returns the lines a firewall lacks, for people; nothing when all is reached */
export function missingLines(connections: readonly Connection[]): string | undefined {
  const missing = connections.filter((one) => !isReached(one));
  if (missing.length === 0) return undefined;
  return missing
    .map(({ direction, host, port, outcome }) => `${ways[direction]} ${host} port ${port}: ${found[outcome]}`)
    .join('; ');
}

/** @returns what was reached, for people */
export function describeReached(connections: readonly Connection[]): string {
  const all = connections.map(({ host, port, outcome }) =>
    outcome === 'reached' ? `${host}:${port}` : `${host}:${port} (${found[outcome]})`,
  );
  return all.length === 0 ? 'nothing to reach' : all.join(', ');
}

const ways: Readonly<Record<Connection['direction'], string>> = {
  'joiner-to-registry': 'from this server to the registry at',
  'joiner-to-authority': 'from this server to the authority at',
  'joiner-to-server': 'from this server to the server of the management services at',
  'registry-to-joiner': 'from the registry and other servers to this server at',
};

const found: Readonly<Record<ConnectionOutcome, string>> = {
  reached: 'reached',
  refused: 'refused: nobody listens there, or a firewall rejects',
  timeout: 'no answer: a firewall drops it',
  unreachable: 'no route',
  'no-tls': 'something answers that does not speak TLS',
  'unknown-name': 'the name is not known there',
  'address-not-allowed': 'not tried: the registry does not connect to addresses of this kind',
};
