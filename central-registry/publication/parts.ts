import { createHash } from 'node:crypto';
import {
  type ConfigurationVersion,
  type OptionalPart,
  type RegistryHistory,
  type registryHistoryPart,
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
    ...(history === undefined ? [] : [historyPart(history)]),
  ];
}

function historyPart(history: RegistryHistory): Part {
  const { content, ...named } = writeRegistryHistory(history);
  return { ...named, sources: ['internal', 'external'], ...digested(content) };
}

function digested(content: Buffer): Pick<Part, 'content' | 'digest'> {
  return { content, digest: createHash('sha512').update(content).digest() };
}
