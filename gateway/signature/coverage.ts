import { hashChainResultName, messageName } from './names.ts';
import { malformed } from './shape.ts';

export interface CoverageQuestion {
  /** Files that the signature refers to. */
  readonly references: readonly string[];
  /** Names of the parts that are here, head first. */
  readonly parts: readonly string[];
  readonly hasHashChainResult: boolean;
  readonly hasHashChain: boolean;
  /** A container may hold a hash chain that nothing refers to: X-Road servers accepted such messages. */
  readonly allowUnusedHashChain: boolean;
}

/** How a signature covers its message: the head alone, all parts through a hash chain, or each part by itself. */
export type Coverage = 'head' | 'hash-chain' | 'direct';

/**
 * Demands that a signature is over the whole message and nothing else. A good signature by the right member over
 * a part of the message says nothing about the rest, which may have been put there by anyone.
 * @throws Fault MalformedSignature
 */
export function checkCoverage(question: CoverageQuestion): Coverage {
  const { references, parts, hasHashChainResult, hasHashChain } = question;
  if (references.includes(hashChainResultName)) {
    if (references.length > 1)
      throw malformed('The signature refers to more than the result of a hash chain');
    // Which parts the chain is about is for the chain to show.
    if (!hasHashChainResult || !hasHashChain) throw malformed('The hash chain of the signature is missing');
    return 'hash-chain';
  }
  if (!references.includes(messageName)) {
    throw malformed(`The signature refers neither to ${messageName} nor to ${hashChainResultName}`);
  }
  if ((hasHashChainResult || hasHashChain) && !question.allowUnusedHashChain) {
    throw malformed('The message has a hash chain that its signature does not refer to');
  }
  const signed = new Set(references);
  const here = new Set(parts);
  const unsigned = parts.filter((name) => !signed.has(name));
  if (unsigned.length > 0) throw malformed(`The signature does not cover ${unsigned.join(', ')}`);
  const unknown = references.filter((name) => !here.has(name));
  if (unknown.length > 0) throw malformed(`The signature refers to ${unknown.join(', ')}, which is not here`);
  if (signed.size < references.length) throw malformed('The signature refers to a part twice');
  return references.length === 1 ? 'head' : 'direct';
}
