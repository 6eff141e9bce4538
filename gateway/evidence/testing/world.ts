import { generateKeyPairSync } from 'node:crypto';
import {
  type Anchor,
  buildConfiguration,
  buildSnapshot,
  type GlobalConfiguration,
  writeAnchor,
  writeDirectory,
  writeSharedParameters,
} from '../../configuration/index.ts';
import { createKey, type KeyAndCertificate } from '../../configuration/testing/samples.ts';
import type { SigningMaterial } from '../../signature/index.ts';
import { type AuthorityEnds, alice, bob, createPki, type Pki } from '../../signature/testing/pki.ts';
import { createNoteSigner, type NoteSigner } from '../../transparency/index.ts';
import type { BundleConfiguration } from '../model.ts';

/** All that signs and stamps in the bundles of tests. */
export interface World {
  readonly pki: Pki;
  /** Asks. */
  readonly alice: SigningMaterial;
  /** Answers. */
  readonly bob: SigningMaterial;
  readonly note: NoteSigner;
  readonly registry: KeyAndCertificate;
  /** Signed by the registry; counts until 2040 unless told. */
  snapshot(expiresAt?: Date): Promise<BundleConfiguration>;
}

export const origin = 'ss1.example/DEV/GOV/1/ss1';

export async function createWorld(ends: AuthorityEnds = {}): Promise<World> {
  const pki = await createPki('test', ends);
  const registry = await createKey('Registry');
  return {
    pki,
    registry,
    alice: await pki.issueTo(alice),
    bob: await pki.issueTo(bob),
    note: createNoteSigner(origin, generateKeyPairSync('ed25519').privateKey),
    snapshot: (expiresAt = new Date('2040-01-01T00:00:00Z')) => signSnapshot(pki, registry, expiresAt),
  };
}

/** A configuration with the timestamping authorities of another in the place of its own. */
export function withTsasOf(one: GlobalConfiguration, other: GlobalConfiguration): GlobalConfiguration {
  const [shared, { approvedTsas = [] } = {}] = [one.shared('DEV'), other.shared('DEV')];
  if (shared === undefined) throw new Error('the tests have an instance DEV');
  return buildConfiguration({
    ...{ id: `${one.id} with the timestamps of ${other.id}`, instance: 'DEV', optional: {} },
    instances: [{ expiresAt: one.expiresAt, shared: { ...shared, approvedTsas } }],
  });
}

/** The shared parameters of a configuration, as a security server keeps them beside its log. */
export async function signSnapshot(
  { configuration }: { readonly configuration: GlobalConfiguration },
  { key, certificate }: KeyAndCertificate,
  expiresAt: Date,
): Promise<BundleConfiguration> {
  const shared = configuration.shared('DEV');
  if (shared === undefined) throw new Error('the tests have an instance DEV');
  const content = writeSharedParameters(shared, 6);
  const anchor: Anchor = {
    instance: 'DEV',
    generatedAt: new Date('2026-01-01T00:00:00Z'),
    sources: [{ url: 'http://registry.invalid/internalconf', verificationCerts: [certificate.der] }],
  };
  let boundaries = 0;
  const directory = await writeDirectory(
    {
      version: 6,
      expiresAt,
      parts: [
        {
          contentIdentifier: 'SHARED-PARAMETERS',
          instance: 'DEV',
          location: '/V6/1/shared-params.xml',
          content,
        },
      ],
      verificationCert: certificate.der,
    },
    key,
    () => {
      boundaries += 1;
      return `boundary${boundaries}`;
    },
  );
  return buildSnapshot({
    anchor: writeAnchor(anchor),
    own: 'DEV',
    files: [
      {
        ...{ instance: 'DEV', contentIdentifier: 'SHARED-PARAMETERS', fileName: 'shared-params.xml' },
        ...{ content, expiresAt, version: 6, location: '/V6/1/shared-params.xml' },
      },
    ],
    directories: [{ instance: 'DEV', body: directory }],
  });
}
