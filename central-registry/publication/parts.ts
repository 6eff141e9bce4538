import { createHash } from 'node:crypto';
import {
  type ConfigurationVersion,
  type certificateProfilesPart,
  type OptionalPart,
  type RegistryHistory,
  type registryHistoryPart,
  writeCertificateProfiles,
  writeOptionalParts,
  writePrivateParameters,
  writeRegistryHistory,
  writeSharedParameters,
} from '../../gateway/configuration/index.ts';
import type { ConfigurationSource } from '../register/index.ts';
import type { Parameters } from './parameters.ts';

/** One file that signed directories name. */
export interface Part {
  readonly contentIdentifier:
    | 'SHARED-PARAMETERS'
    | 'PRIVATE-PARAMETERS'
    | typeof certificateProfilesPart
    | typeof registryHistoryPart
    | OptionalPart['contentIdentifier'];
  readonly fileName: string;
  /** Directories that name it; other instances have no use for what concerns own servers only. */
  readonly sources: readonly ConfigurationSource[];
  readonly content: Buffer;
  /** SHA-512 of `content`. */
  readonly digest: Buffer;
}

/** The files of one version. The same parameters give the same bytes. */
export function writeParts(
  parameters: Parameters,
  version: ConfigurationVersion,
  history?: RegistryHistory,
): Part[] {
  const shared = writeSharedParameters(parameters.shared, version);
  const own = writePrivateParameters(parameters.private);
  return [
    {
      contentIdentifier: 'PRIVATE-PARAMETERS',
      fileName: 'private-params.xml',
      sources: ['internal'],
      ...digested(own),
    },
    {
      contentIdentifier: 'SHARED-PARAMETERS',
      fileName: 'shared-params.xml',
      sources: ['internal', 'external'],
      ...digested(shared),
    },
    ...writeOptionalParts(parameters.optional).map(
      ({ content, ...named }): Part => ({
        ...named,
        sources: ['internal'],
        ...digested(content),
      }),
    ),
    // Other instances read the certificates of its members by them as well.
    ...[parameters.ownProfiles && writeCertificateProfiles(parameters.ownProfiles)].flatMap(toAll),
    ...[history && writeRegistryHistory(history)].flatMap(toAll),
  ];
}

/** A part for own servers and for other instances, when there is one. */
function toAll(written: Pick<Part, 'contentIdentifier' | 'fileName' | 'content'> | undefined): Part[] {
  if (written === undefined) return [];
  const { content, ...named } = written;
  return [{ ...named, sources: ['internal', 'external'], ...digested(content) }];
}

function digested(content: Buffer): Pick<Part, 'content' | 'digest'> {
  return { content, digest: createHash('sha512').update(content).digest() };
}
