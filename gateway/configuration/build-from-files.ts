import { createHash } from 'node:crypto';
import {
  certificateProfilesPart,
  type OwnProfiles,
  readCertificateProfiles,
} from './certificate-profiles.ts';
import type { ConfigurationFile } from './folder-layout.ts';
import {
  buildConfiguration,
  type ConfigurationContent,
  type GlobalConfiguration,
  type InstanceContent,
} from './global-configuration.ts';
import type { PrivateParameters, SharedParameters } from './model.ts';
import { type OptionalParameters, optionalParts } from './optional-parts.ts';
import { parsePrivateParameters } from './private-parameters.ts';
import { parseSharedParameters } from './shared-parameters-read.ts';
import { malformed } from './xml-fields.ts';

/** Shared parameters by the very bytes they were read from, for whoever builds again and again. */
export type ReadBefore = WeakMap<Buffer, { readonly version: number; readonly shared: SharedParameters }>;

/**
 * Parses the files of a configuration and indexes them.
 * @param own the own instance: private and optional parts of others do not count
 * @param readBefore kept by the caller: contents that came before, as the same buffers, are not parsed anew
 * @throws Fault MalformedGlobalConf, also when a file speaks of another instance than it was filed under
 */
export function buildFromFiles(
  own: string,
  files: readonly ConfigurationFile[],
  readBefore: ReadBefore = new WeakMap(),
): GlobalConfiguration {
  const instances: InstanceContent[] = [];
  const ownProfiles = new Map<string, OwnProfiles>();
  const seen = new Set<string>();
  let optional: OptionalParameters = {};
  let ownPrivate: { readonly parameters: PrivateParameters; readonly expiresAt: Date } | undefined;
  const hash = createHash('sha256').update(own);
  for (const file of [...files].sort((a, b) => (fileKey(a) < fileKey(b) ? -1 : 1))) {
    const { instance, contentIdentifier, content, expiresAt, version } = file;
    const key = fileKey(file);
    // Which of two would count is for nobody to guess.
    if (seen.has(key)) throw malformed(`${instance} has the part ${contentIdentifier} twice`);
    seen.add(key);
    hash.update(`\n${key} ${version} ${content.length}\n`).update(content);
    if (contentIdentifier === 'SHARED-PARAMETERS') {
      const shared = readShared(file, readBefore);
      requireInstance(shared.instance, instance, 'shared parameters');
      instances.push({ shared, expiresAt });
    } else if (contentIdentifier === certificateProfilesPart) {
      ownProfiles.set(instance, readCertificateProfiles(content));
    } else if (instance === own && contentIdentifier === 'PRIVATE-PARAMETERS') {
      const parameters = parsePrivateParameters(content);
      requireInstance(parameters.instance, instance, 'private parameters');
      ownPrivate = { parameters, expiresAt };
    } else if (instance === own) {
      optional = { ...optional, ...optionalParts.get(contentIdentifier)?.(content) };
    }
  }
  const content: ConfigurationContent = {
    instance: own,
    instances: instances.map((one) => {
      const profiles = ownProfiles.get(one.shared.instance);
      return profiles === undefined ? one : { ...one, ownProfiles: profiles };
    }),
    optional,
    id: hash.digest('hex'),
    ...(ownPrivate !== undefined && {
      private: ownPrivate.parameters,
      privateExpiresAt: ownPrivate.expiresAt,
    }),
  };
  return buildConfiguration(content);
}

function readShared({ content, version }: ConfigurationFile, readBefore: ReadBefore): SharedParameters {
  const known = readBefore.get(content);
  if (known?.version === version) return known.shared;
  const shared = parseSharedParameters(content, version);
  readBefore.set(content, { version, shared });
  return shared;
}

function fileKey({ instance, contentIdentifier }: ConfigurationFile): string {
  return `${instance}\u0000${contentIdentifier}`;
}

function requireInstance(found: string, expected: string, what: string): void {
  if (found !== expected) throw malformed(`the ${what} filed under ${expected} are those of ${found}`);
}
