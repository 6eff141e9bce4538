import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import {
  type BundleContent,
  containerName,
  EvidenceError,
  hasEvidence,
  judgeOwnArchive,
  numbersAround,
  parseFacts,
  type Trust,
} from '../../gateway/evidence/index.ts';
import { Fault } from '../../gateway/fault/index.ts';
import { printEncoded } from '../../gateway/identifier/index.ts';
import {
  ArchiveError,
  type MessageParties,
  partiesOfMessage,
  readArchive,
  readErasedContainer,
} from '../../gateway/signature/index.ts';
import { createAuditor } from '../auditor/index.ts';
import { type ArchiveToImport, ImportError, type ImportedMessage, type ImportedStretch } from './model.ts';

/** Characters of what a sender wrote that the index keeps. */
const maxText = 1024;

/**
 * Verifies an archive of a message log, X-Road's or ours, and reads who asked whom in it. In an archive of X-Road each
 * message has its own verdict, and one that is not good is brought in with it: nothing is lost by being looked at. An
 * archive of ours is judged as a whole.
 * @param trust for archives of X-Road with the configuration of then
 * @throws ImportError not-an-archive, not-linked, not-good
 */
export async function readForImport(name: string, bytes: Buffer, trust: Trust): Promise<ArchiveToImport> {
  try {
    return hasEvidence(bytes) ? await readOwn(name, bytes, trust) : await readForeign(name, bytes, trust);
  } catch (error) {
    if (error instanceof EvidenceError) throw new ImportError('not-good', error.message, { cause: error });
    if (!(error instanceof ArchiveError)) throw error;
    const code = error.code === 'unreadable' ? 'not-an-archive' : 'not-linked';
    throw new ImportError(code, error.message, { cause: error });
  }
}

async function readOwn(name: string, bytes: Buffer, trust: Trust): Promise<ArchiveToImport> {
  const { verdict, archive, trouble } = await judgeOwnArchive(bytes, trust);
  if (archive === undefined) throw trouble;
  const { lastDigest, previous, content } = archive;
  if (!verdict.valid) {
    throw new ImportError('not-good', `${verdict.place ?? name}: ${verdict.code}: ${verdict.reason}`);
  }
  return {
    ...{ name, bytes, maker: 'waygate', lastDigest, previous: previous ?? null },
    messages: content.records.flatMap(messageOf),
    stretch: stretchOf(content),
  };
}

function stretchOf(content: BundleContent): ImportedStretch | undefined {
  const { scope, origin } = content;
  const numbers = numbersAround(content);
  if (scope.kind !== 'archive' || numbers === undefined) return undefined;
  const { grouping, group, from, to } = scope;
  return { log: JSON.stringify([origin, grouping, group]), from, to, numbers };
}

function messageOf({ facts: octets, index, container }: BundleContent['records'][number]): ImportedMessage[] {
  const facts = parseFacts(octets);
  // What only counts, between a tally and the stretch, is in another archive.
  if (facts.kind !== 'message' || container === null) return [];
  const { queryId, direction, client, service, userId = null, issue = null, status = null, at } = facts;
  return [
    {
      ...{ entry: containerName(octets, index), queryId, direction, client, service, userId, issue, status },
      ...{ at: Date.parse(at), code: null, reason: null },
    },
  ];
}

async function readForeign(name: string, bytes: Buffer, { configuration }: Trust): Promise<ArchiveToImport> {
  const { containers, lastDigest, previous } = await readArchive(bytes);
  const judge = judgeOf(configuration);
  const messages: ImportedMessage[] = [];
  for (const { name: entry, bytes: container } of containers) {
    messages.push({ ...tell(container), ...(await judge(entry, container)), entry });
  }
  return { name, bytes, maker: 'x-road', lastDigest, previous: previous ?? null, messages };
}

type Verdict = Pick<ImportedMessage, 'at' | 'code' | 'reason'>;

function judgeOf(configuration: GlobalConfiguration | undefined) {
  if (configuration === undefined) {
    const remedy = 'give the configuration of then';
    throw new ImportError('not-good', `The archive says not whom to trust about its messages: ${remedy}`);
  }
  const auditor = createAuditor(configuration);
  return async (entry: string, container: Buffer): Promise<Verdict> => {
    const { code, reason, timestampedAt } = await auditor.judgeContainer(entry, container);
    return { at: timestampedAt === null ? null : Date.parse(timestampedAt), code, reason };
  };
}

const nothingTold = {
  ...{ queryId: null, direction: null, client: null, service: null, userId: null, issue: null, status: null },
} as const;

/** What a container says of its message, whether that is signed or not. */
function tell(container: Buffer): Omit<ImportedMessage, 'entry' | 'at' | 'code' | 'reason'> {
  try {
    const { head } = readErasedContainer(container);
    return head === undefined ? nothingTold : show(partiesOfMessage(head));
  } catch (error) {
    // Its verdict says what is wrong with it.
    if (error instanceof Fault) return nothingTold;
    throw error;
  }
}

function show({ queryId, direction, client, service, userId, issue, status }: MessageParties) {
  return {
    ...{ queryId: queryId.slice(0, maxText), direction },
    client: client === undefined ? null : printEncoded(client),
    service: service === undefined ? null : printEncoded(service),
    userId: userId?.slice(0, maxText) ?? null,
    issue: issue?.slice(0, maxText) ?? null,
    status: status ?? null,
  };
}
