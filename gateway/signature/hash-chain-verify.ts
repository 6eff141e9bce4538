import type { DigestAlgorithm, DigestName } from '../../certs/key/index.ts';
import { type Entry, readChain, readResult, refuse, type Steps } from './hash-chain-read.ts';
import { hashChainName, messageName } from './names.ts';
import { digestStep, type StepEntry } from './step-digest.ts';

export interface HashChainQuestion {
  readonly result: Uint8Array;
  readonly chain: Uint8Array;
  /** The only document the result may name. */
  readonly chainName?: string;
  /** Files that are here, in order; each must be in the chain. */
  readonly names: readonly string[];
  /** Digest of a file that is here. */
  readonly digestOfFile: (name: string, digest: DigestName) => Buffer;
  /** Whether the chain may name files that are not here: bodies that a log did not keep. */
  readonly allowMissing?: boolean;
}

export interface HashChainVerdict {
  /** Files that the chain names and that are not here, with the digest it gives them. */
  readonly missing: readonly { readonly name: string; readonly digest: Buffer }[];
}

/**
 * Whether a chain leads from files to its result. What signs the result is not asked here.
 *
 * Beyond X-Road itself: steps are bounded and used once, transforms are refused, a digest that is written for a
 * file must be that file's, each file is used once, and files stand in the order of the message.
 * @throws Fault MalformedHashChain, InvalidHashChainRef, InvalidReference, InvalidHashChain,
 *   HashChainUnusedInputs, all within MalformedSignature
 */
export function verifyHashChain(question: HashChainQuestion): HashChainVerdict {
  const result = readResult(question.result, question.chainName ?? hashChainName);
  const steps = readChain(question.chain);
  const here = new Set(question.names);
  const walk: Walk = { question, steps, here, met: new Set(), named: new Set(), missing: [] };
  const root = digestOfStep(result.step, result.algorithm, walk);
  if (!root.equals(result.digest)) refuse('InvalidHashChain', 'The hash chain does not lead to its result');
  const unused = question.names.filter((name) => !walk.named.has(name));
  if (unused.length > 0) {
    refuse('HashChainUnusedInputs', `Not every part is in the hash chain: ${unused.join(', ')} is not`);
  }
  checkOrder([...walk.named]);
  return { missing: walk.missing };
}

interface Walk {
  readonly question: HashChainQuestion;
  readonly steps: Steps;
  /** Steps met so far. */
  readonly met: Set<string>;
  /** Names of the files that are here. */
  readonly here: ReadonlySet<string>;
  /** Files met so far, in order. */
  readonly named: Set<string>;
  readonly missing: { readonly name: string; readonly digest: Buffer }[];
}

/** Steps are met at most once, so depth is bounded by their number. */
function digestOfStep(id: string, algorithm: DigestAlgorithm, walk: Walk): Buffer {
  const step = walk.steps.get(id);
  if (step === undefined) refuse('MalformedHashChain', `The hash chain has no step '${id}'`);
  // A step within itself would never end; one used twice would let few steps stand for very many.
  if (walk.met.has(id)) refuse('MalformedHashChain', `Step '${id}' of the hash chain is used twice`);
  walk.met.add(id);
  return digestStep(
    step.map((entry) => resolveEntry(entry, walk)),
    algorithm,
  );
}

function resolveEntry(entry: Entry, walk: Walk): StepEntry {
  if (entry.kind === 'HashValue') return { digest: entry.digest, algorithm: entry.algorithm };
  if (entry.kind === 'StepRef') {
    return { digest: digestOfStep(entry.step, entry.algorithm, walk), algorithm: entry.algorithm };
  }
  const { name, digest, algorithm } = entry;
  if (walk.named.has(name)) refuse('MalformedHashChain', `${name} is in the hash chain twice`);
  walk.named.add(name);
  if (!walk.here.has(name)) {
    if (walk.question.allowMissing !== true) {
      refuse('InvalidReference', `The hash chain names ${name}, which is not part of the message`);
    }
    walk.missing.push({ name, digest });
    return { digest, algorithm };
  }
  // X-Road goes by the file's own digest. Were another one let through here, the message would be accepted
  // today and its evidence refused later.
  if (!walk.question.digestOfFile(name, algorithm.name).equals(digest)) {
    refuse('InvalidHashChainRef', `The hash chain has another digest for ${name}`);
  }
  return { digest, algorithm };
}

/** Digests in a step bear no names: only their order keeps an attachment from posing as the head. */
function checkOrder(named: readonly string[]): void {
  const isMessage = named.some((name) => name === messageName || name.startsWith('/attachment'));
  if (!isMessage) return;
  named.forEach((name, index) => {
    const expected = index === 0 ? messageName : `/attachment${index}`;
    if (name !== expected) {
      refuse('MalformedHashChain', `The hash chain has ${name} where ${expected} is expected`);
    }
  });
}
