import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { generateKeyPair, type SigningKey, softwareSigningKey } from '../../certs/key/index.ts';
import { buildName, createCertificate } from '../../certs/x509/index.ts';
import {
  type Anchor,
  type ConfigurationVersion,
  type SharedParameters,
  writeDirectory,
  writePrivateParameters,
  writeSharedParameters,
} from '../../gateway/configuration/index.ts';

const minute = 60_000;

export interface ConfigurationSigner {
  readonly key: SigningKey;
  /** DER. */
  readonly cert: Buffer;
}

/** A key for signing directories, with its certificate. */
export async function newSigner(): Promise<ConfigurationSigner> {
  const { privateKey } = await generateKeyPair({ type: 'ec', curve: 'P-256' });
  const key = softwareSigningKey(privateKey);
  const subject = buildName({ CN: 'configuration' });
  const { der } = await createCertificate(
    {
      subject,
      issuer: subject,
      publicKey: key.publicKey,
      serialNumber: 1n,
      notBefore: new Date('2020-01-01T00:00:00Z'),
      notAfter: new Date('2040-01-01T00:00:00Z'),
    },
    key,
  );
  return { key, cert: der };
}

/** A registry that publishes one configuration, and does what tests tell it to. */
export interface TestSource {
  readonly url: string;
  /** Requests since it was last emptied: paths with queries. */
  readonly asked: string[];
  isDown: boolean;
  /** Turns what is served under a path into something else. */
  tamper: (path: string, content: Buffer) => Buffer;
  publish(change?: Partial<Publication>): Promise<void>;
  close(): Promise<void>;
}

export interface Publication {
  readonly instance: string;
  /** Instance that its shared parameters say they are of. */
  readonly sharedInstance: string;
  readonly versions: readonly ConfigurationVersion[];
  /** Of the instance's global group: a change that readers can see. */
  readonly description: string;
  readonly lifetimeMs: number;
  readonly federated: readonly Anchor[];
  readonly isExternal: boolean;
  /** Last piece of the path of the shared parameters. */
  readonly sharedFileName: string;
}

const usual: Publication = {
  instance: 'DEV',
  sharedInstance: '',
  versions: [2, 3, 4, 5, 6],
  description: 'first',
  lifetimeMs: 10 * minute,
  federated: [],
  isExternal: false,
  sharedFileName: 'shared-params.xml',
};

/**
 * @param order told its address with every request, to see in which order many are asked
 * @param now when directories are published, for their expiry
 */
export async function startConfigurationSource(
  signer: ConfigurationSigner,
  now: () => number,
  publication: Partial<Publication> = {},
  order: string[] = [],
): Promise<TestSource> {
  const files = new Map<string, Buffer>();
  const asked: string[] = [];
  const source: TestSource = {
    url: '',
    asked,
    isDown: false,
    tamper: (_path, content) => content,
    publish: (change) => publish(signer, now(), files, { ...usual, ...publication, ...change }),
    close: () => stop(server),
  };
  const server = createServer((incoming, outgoing) => {
    const { url: path = '' } = incoming;
    asked.push(path);
    order.push(source.url);
    const content = files.get(path);
    if (source.isDown) outgoing.writeHead(503).end();
    else if (content === undefined) outgoing.writeHead(404).end();
    else outgoing.end(source.tamper(path, content));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await source.publish();
  return Object.assign(source, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/conf` });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function publish(
  signer: ConfigurationSigner,
  at: number,
  files: Map<string, Buffer>,
  publication: Publication,
): Promise<void> {
  const { instance, versions, lifetimeMs, isExternal, federated, sharedFileName } = publication;
  const generation = randomUUID();
  files.clear();
  for (const version of versions) {
    const shared = writeSharedParameters(sharedOf(publication), version);
    const parts = [partOf('SHARED-PARAMETERS', `/V${version}/${generation}/${sharedFileName}`, shared)];
    if (!isExternal) {
      const content = writePrivateParameters({
        instance,
        federatedAnchors: federated,
        managementService: {
          authCertRegServiceAddress: 'https://registry.example/',
          providerId: {
            kind: 'SUBSYSTEM',
            instance,
            memberClass: 'GOV',
            memberCode: '1',
            subsystemCode: 'm',
          },
        },
        timeStampingIntervalSeconds: 60,
      });
      parts.push(partOf('PRIVATE-PARAMETERS', `/V${version}/${generation}/private-params.xml`, content));
    }
    for (const { location, content } of parts) files.set(location, content);
    const all = parts.map((part) => ({ ...part, instance }));
    const expiresAt = new Date(at + lifetimeMs);
    const wanted = { version, expiresAt, parts: all, verificationCert: signer.cert };
    const directory = await writeDirectory(wanted, signer.key, () => randomBytes(12).toString('hex'));
    files.set(`/conf?version=${version}`, directory);
  }
}

const partOf = (contentIdentifier: string, location: string, content: Buffer) => ({
  contentIdentifier,
  location,
  content,
});

function sharedOf({ instance, sharedInstance, description }: Publication): SharedParameters {
  return {
    instance: sharedInstance || instance,
    sources: [],
    approvedCas: [],
    approvedTsas: [],
    members: [],
    securityServers: [],
    globalGroups: [{ groupCode: 'all', description, members: [] }],
    memberClasses: [],
    ocspFreshnessSeconds: 3600,
  };
}
