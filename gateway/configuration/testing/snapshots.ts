import { randomBytes } from 'node:crypto';
import {
  type Anchor,
  type ConfigurationFile,
  type PrivateParameters,
  type SignedDirectory,
  type SnapshotContent,
  writeAnchor,
  writeDirectory,
  writePrivateParameters,
  writeSharedParameters,
} from '../index.ts';
import { fullParameters, type KeyAndCertificate, privateParameters } from './samples.ts';

/** The registry of one instance, as its servers meet it. */
export interface TestRegistry {
  readonly instance: string;
  readonly signer: KeyAndCertificate;
}

export interface Issue {
  readonly expiresAt: Date;
  readonly groups?: string;
  /** Registries whose anchors the private parameters have; undefined issues no private parameters. */
  readonly federated?: readonly TestRegistry[];
  /** Registries whose certificates the shared parameters name as those that may sign for the instance. */
  readonly introduces?: readonly TestRegistry[];
}

export interface Issued {
  readonly files: readonly ConfigurationFile[];
  readonly directory: SignedDirectory;
}

export function anchorTo({ instance, signer }: TestRegistry): Anchor {
  const source = { url: `http://${instance}.example/conf`, verificationCerts: [signer.certificate.der] };
  return { instance, sources: [source] };
}

/** What a registry serves: files, and the directory that it signed for them. */
export async function issue(
  registry: TestRegistry,
  { expiresAt, groups, federated, introduces = [] }: Issue,
): Promise<Issued> {
  const { instance, signer } = registry;
  const shared = { ...fullParameters(signer), instance, members: [], securityServers: [], globalGroups: [] };
  const sources = introduces.map((next) => ({
    address: 'registry.example',
    internalVerificationCerts: [next.signer.certificate.der],
    externalVerificationCerts: [],
  }));
  const described = { groupCode: 'all', description: groups ?? 'all of them', members: [] };
  const contents: [string, string, Buffer][] = [
    [
      'SHARED-PARAMETERS',
      'shared-params.xml',
      writeSharedParameters({ ...shared, sources, globalGroups: [described] }, 6),
    ],
  ];
  if (federated !== undefined) {
    const own: PrivateParameters = { ...privateParameters(signer), instance };
    const content = writePrivateParameters({ ...own, federatedAnchors: federated.map(anchorTo) });
    contents.push(['PRIVATE-PARAMETERS', 'private-params.xml', content]);
  }
  const files = contents.map(
    ([contentIdentifier, fileName, content]): ConfigurationFile => ({
      instance,
      contentIdentifier,
      fileName,
      content,
      expiresAt,
      version: 6,
      location: `/V6/${randomBytes(4).toString('hex')}/${fileName}`,
    }),
  );
  const parts = files.map(({ contentIdentifier, content, location = '' }) => ({
    contentIdentifier,
    instance,
    location,
    content,
  }));
  const verificationCert = signer.certificate.der;
  const wanted = { version: 6, expiresAt, parts, verificationCert } as const;
  const body = await writeDirectory(wanted, signer.key, () => randomBytes(12).toString('hex'));
  return { files, directory: { instance, body } };
}

/** What a server of the first registry's instance holds. */
export function contentOf(registry: TestRegistry, ...issues: readonly Issued[]): SnapshotContent {
  return {
    anchor: writeAnchor(anchorTo(registry)),
    own: registry.instance,
    files: issues.flatMap(({ files }) => files),
    directories: issues.map(({ directory }) => directory),
  };
}
