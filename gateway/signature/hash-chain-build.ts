import { type DigestAlgorithm, type DigestName, digestAlgorithms } from '../../certs/key/index.ts';
import { escapeAttribute } from '../xml/index.ts';
import { dsNamespace, hashChainName, hashChainNamespace } from './names.ts';
import { digestStep } from './step-digest.ts';

/** A file that a hash chain speaks of. */
export interface HashedFile {
  /** Absolute inside the message or container, e.g. `/message.xml`. */
  readonly name: string;
  readonly digest: Buffer;
}

export interface HashChains {
  /** The one document that is signed or stamped for all of them. */
  readonly result: Buffer;
  /** One document per message, in order: its way to the result. */
  readonly chains: readonly Buffer[];
}

/** What stands beside a node on its way up to the root. */
interface Sibling {
  readonly digest: Buffer;
  readonly isLeft: boolean;
}

/**
 * Binds the parts of one message, or messages of a batch, to one digest. Neighbours are paired level by level; an
 * odd last one moves up as it is.
 * @param messages parts of each message in order, digested with `digest`; none may be empty
 * @param chainName what the result calls the chain document
 * @throws RangeError when there is nothing to bind
 */
export function buildHashChains(
  messages: readonly (readonly HashedFile[])[],
  digest: DigestName,
  chainName: string = hashChainName,
): HashChains {
  const algorithm = digestAlgorithms[digest];
  const isAlone = messages.length === 1;
  const leaves = messages.map((parts) => leafDigest(parts, algorithm, isAlone));
  const { root, paths } = climb(leaves, algorithm);
  return {
    result: Buffer.from(writeResult(root, algorithm, chainName)),
    chains: messages.map((parts, index) => Buffer.from(writeChain(parts, paths[index] ?? [], algorithm))),
  };
}

function leafDigest(parts: readonly HashedFile[], algorithm: DigestAlgorithm, isAlone: boolean): Buffer {
  const [first] = parts;
  if (first === undefined) throw new RangeError('a message of a hash chain has no parts');
  // In a batch a message of one part stands for itself in its pair; alone it has a step of its own.
  if (parts.length === 1 && !isAlone) return first.digest;
  return digestStep(
    parts.map((part) => ({ digest: part.digest, algorithm })),
    algorithm,
  );
}

/** @returns per leaf its siblings, the one next to it first */
function climb(
  leaves: readonly Buffer[],
  algorithm: DigestAlgorithm,
): { readonly root: Buffer; readonly paths: readonly (readonly Sibling[])[] } {
  const paths: Sibling[][] = leaves.map(() => []);
  let level = leaves.map((digest, index) => ({ digest, first: index, end: index + 1 }));
  while (level.length > 1) {
    const above: typeof level = [];
    for (let at = 0; at < level.length; at += 2) {
      const left = level[at];
      const right = level[at + 1];
      if (left === undefined) continue;
      if (right === undefined) {
        above.push(left);
        continue;
      }
      for (const path of paths.slice(left.first, left.end))
        path.push({ digest: right.digest, isLeft: false });
      for (const path of paths.slice(right.first, right.end))
        path.push({ digest: left.digest, isLeft: true });
      const entries = [left, right].map((node) => ({ digest: node.digest, algorithm }));
      above.push({ digest: digestStep(entries, algorithm), first: left.first, end: right.end });
    }
    level = above;
  }
  const [root] = level;
  if (root === undefined) throw new RangeError('a hash chain has no messages');
  return { root: root.digest, paths };
}

const xmlDeclaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const declarations = `xmlns="${dsNamespace}" xmlns:ns2="${hashChainNamespace}"`;

function writeResult(root: Buffer, algorithm: DigestAlgorithm, chainName: string): string {
  return `${xmlDeclaration}<ns2:HashChainResult URI="${escapeAttribute(chainName)}#STEP0" ${declarations}>
    <DigestMethod Algorithm="${algorithm.xmlUri}"/>
    <DigestValue>${root.toString('base64')}</DigestValue>
</ns2:HashChainResult>
`;
}

function writeChain(
  parts: readonly HashedFile[],
  path: readonly Sibling[],
  algorithm: DigestAlgorithm,
): string {
  const steps: string[] = [];
  const own = parts.map(
    ({ name, digest }) =>
      `        <ns2:DataRef URI="${escapeAttribute(name)}">\n${digestValue(digest)}        </ns2:DataRef>\n`,
  );
  const isLeafInPair = parts.length === 1;
  for (let index = path.length - 1; index >= 0; index -= 1) {
    const sibling = path[index];
    if (sibling === undefined) continue;
    const entry =
      index === 0 && isLeafInPair ? own.join('') : `        <ns2:StepRef URI="#STEP${steps.length + 1}"/>\n`;
    const beside = `        <ns2:HashValue>\n${digestValue(sibling.digest)}        </ns2:HashValue>\n`;
    steps.push(sibling.isLeft ? beside + entry : entry + beside);
  }
  if (!isLeafInPair || path.length === 0) steps.push(own.join(''));
  const written = steps.map(
    (step, index) => `    <ns2:HashStep id="STEP${index}">\n${step}    </ns2:HashStep>\n`,
  );
  return `${xmlDeclaration}<ns2:HashChain ${declarations}>
    <ns2:DefaultDigestMethod Algorithm="${algorithm.xmlUri}"/>
${written.join('')}</ns2:HashChain>
`;
}

function digestValue(digest: Buffer): string {
  return `            <DigestValue>${digest.toString('base64')}</DigestValue>\n`;
}
