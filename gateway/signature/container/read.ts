import { Fault, type FaultCode } from '../../fault/index.ts';
import type { SignatureDocuments } from '../sign.ts';
import { containerType, entryNames } from './entries.ts';
import type { BatchTimestamp } from './write.ts';
import { ZipError } from './zip-error.ts';
import { readZip, type ZipLimits } from './zip-read.ts';

/** A container taken apart; nothing in it has been verified. */
export interface Container {
  /** Bytes of `/message.xml`. */
  readonly head: Buffer;
  /** By name, e.g. `/attachment1`. Logs may have left some out. */
  readonly attachments: ReadonlyMap<string, Buffer>;
  readonly documents: SignatureDocuments;
  /** Name of the signature document as hash chains call it. */
  readonly signatureName: string;
  readonly timestamp?: BatchTimestamp;
  /** Entries outside META-INF that no signature speaks of. */
  readonly others: readonly string[];
}

const defaultLimits: ZipLimits = { maxEntries: 1000, maxOctets: 512 * 1024 * 1024 };

/** A container whose head a log may have erased. */
export interface ErasedContainer extends Omit<Container, 'head'> {
  readonly head: Buffer | undefined;
}

/**
 * Reads an ASiC-E container of X-Road.
 * @throws Fault AsicMimeTypeNotFound also for what is no zip file, AsicInvalidMimeType, AsicMessageNotFound,
 *   AsicSignatureNotFound, AsicHashChainNotFound, AsicHashChainResultNotFound, AsicTimestampNotFound,
 *   AsicManifestNotFound
 */
export async function readContainer(bytes: Buffer, limits: ZipLimits = defaultLimits): Promise<Container> {
  const files = readFiles(bytes, limits);
  checkType(files);
  const head = demand(files, entryNames.message, 'AsicMessageNotFound');
  return { ...takeApart(files), head };
}

/**
 * Reads a container of which a log may have kept digests only.
 * @throws Fault as `readContainer`, but for a missing head
 */
export function readErasedContainer(bytes: Buffer, limits: ZipLimits = defaultLimits): ErasedContainer {
  const files = readFiles(bytes, limits);
  checkType(files);
  return { ...takeApart(files), head: files.get(entryNames.message) };
}

function checkType(files: ReadonlyMap<string, Buffer>): void {
  // Some containers end their type with a line feed.
  const type = demand(files, entryNames.mimetype, 'AsicMimeTypeNotFound').toString('latin1').trim();
  if (type !== containerType) {
    throw new Fault('AsicInvalidMimeType', `The container is of type '${type.slice(0, 80)}'`);
  }
}

function takeApart(files: ReadonlyMap<string, Buffer>): Omit<Container, 'head'> {
  const [signatureEntry, ...more] = [...files.keys()].filter((name) =>
    /^META-INF\/[^/]*signatures[^/]*\.xml$/.test(name),
  );
  if (signatureEntry === undefined)
    throw new Fault('AsicSignatureNotFound', 'The container has no signature');
  if (more.length > 0) throw new Fault('MalformedSignature', 'The container has more than one signature');
  const attachments = new Map(
    [...files]
      .filter(([name]) => /^attachment[1-9]\d{0,4}$/.test(name))
      .map(([name, data]) => [`/${name}`, data]),
  );
  const timestamp = readBatchTimestamp(files);
  const known: ReadonlySet<string> = new Set(Object.values(entryNames));
  return {
    attachments,
    documents: {
      signature: demand(files, signatureEntry, 'AsicSignatureNotFound'),
      ...readHashChain(files),
    },
    signatureName: `/${signatureEntry}`,
    ...(timestamp !== undefined && { timestamp }),
    others: [...files.keys()].filter(
      (name) => !known.has(name) && !name.startsWith('META-INF/') && !attachments.has(`/${name}`),
    ),
  };
}

function readFiles(bytes: Buffer, limits: ZipLimits): ReadonlyMap<string, Buffer> {
  try {
    return readZip(bytes, limits);
  } catch (error) {
    if (!(error instanceof ZipError)) throw error;
    throw new Fault('AsicMimeTypeNotFound', `This is not a container: ${error.message}`, { cause: error });
  }
}

function demand(files: ReadonlyMap<string, Buffer>, name: string, code: FaultCode): Buffer {
  const data = files.get(name);
  if (data === undefined) throw new Fault(code, `The container has no ${name}`);
  return data;
}

function readHashChain(
  files: ReadonlyMap<string, Buffer>,
): Pick<SignatureDocuments, 'hashChain' | 'hashChainResult'> {
  if (!files.has(entryNames.hashChain) && !files.has(entryNames.hashChainResult)) return {};
  return {
    hashChainResult: demand(files, entryNames.hashChainResult, 'AsicHashChainResultNotFound'),
    hashChain: demand(files, entryNames.hashChain, 'AsicHashChainNotFound'),
  };
}

/** Its result is what makes a batch: a token alone is passed over, the one in the signature counts then. */
function readBatchTimestamp(files: ReadonlyMap<string, Buffer>): BatchTimestamp | undefined {
  const hashChainResult = files.get(entryNames.timestampHashChainResult);
  if (hashChainResult === undefined) {
    if (!files.has(entryNames.timestampHashChain)) return undefined;
    throw new Fault(
      'AsicHashChainResultNotFound',
      'The container has no result for its timestamp hash chain',
    );
  }
  const hashChain = demand(files, entryNames.timestampHashChain, 'AsicHashChainNotFound');
  const token = demand(files, entryNames.timestamp, 'AsicTimestampNotFound');
  demand(files, entryNames.timestampManifest, 'AsicManifestNotFound');
  return { hashChainResult, hashChain, token };
}
