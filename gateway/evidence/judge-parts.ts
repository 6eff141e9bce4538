import { createHash } from 'node:crypto';
import { Fault, spellCode } from '../fault/index.ts';
import { type ErasedContainer, readErasedContainer } from '../signature/index.ts';
import { commitPart, type MessageFacts } from './facts.ts';
import type { BundleRecord } from './model.ts';
import { bad, good, type Step } from './verdict.ts';

/** What of a message there is, once it was found to be what the log committed to. */
export interface KnownParts {
  readonly container: ErasedContainer;
  /** Names such as `/attachment1`, of what the log no longer has. */
  readonly erased: readonly string[];
}

export interface JudgedParts {
  readonly steps: readonly Step[];
  readonly parts?: KnownParts;
}

/**
 * Whether a container holds the parts that the log committed to: all of them but those that are said to be erased,
 * and nothing else.
 */
export function judgeParts(record: BundleRecord, facts: MessageFacts, about: string): JudgedParts {
  if (record.container === null) return { steps: [] };
  try {
    const container = readErasedContainer(record.container);
    const erased = record.erased.map((name) => `/${name}`);
    const wrong = findWrong(container, erased, facts.bodies.length);
    if (wrong !== undefined) return { steps: [bad('container', about, wrong.code, wrong.text)] };
    return { steps: [judgeCommitments(container, record, facts, about)], parts: { container, erased } };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const text = `The container cannot be read: ${error.message}.`;
    return { steps: [bad('container', about, spellCode(error), text)] };
  }
}

/** Parts that are neither here nor said to be erased, or more than that. */
function findWrong(
  { head, attachments }: ErasedContainer,
  erased: readonly string[],
  bodies: number,
): { readonly code: string; readonly text: string } | undefined {
  const here = new Set([...(head === undefined ? [] : ['/message.xml']), ...attachments.keys()]);
  const expected = [
    '/message.xml',
    ...Array.from({ length: bodies }, (_, at) => `/attachment${at + 1}`),
  ] as const;
  const inOrder = expected.filter((name) => erased.includes(name));
  if (inOrder.join() !== erased.join()) {
    return {
      code: 'erased-malformed',
      text: 'The list of what was erased is not one of parts of this message, in order.',
    };
  }
  const missing = expected.filter((name) => !here.has(name) && !erased.includes(name));
  if (missing.length > 0) {
    return {
      code: 'part-missing',
      text: `The container lacks ${missing.join(', ')}, which is not said to be erased or left out.`,
    };
  }
  const strange = [...here].filter((name) => !expected.includes(name) || erased.includes(name));
  if (strange.length > 0) {
    return {
      code: 'part-unknown',
      text: `The container has ${strange.join(', ')}, which the log does not know, or which is said not to be there.`,
    };
  }
  return undefined;
}

function judgeCommitments(
  { head, attachments, documents }: ErasedContainer,
  { salts }: BundleRecord,
  facts: MessageFacts,
  about: string,
): Step {
  if (salts.bodies.length !== facts.bodies.length) {
    const text = `The message has ${facts.bodies.length} bodies, and salts for ${salts.bodies.length}.`;
    return bad('commitments', about, 'salts-differ', text);
  }
  const claims = [
    { name: '/message.xml', bytes: head, salt: salts.head, commitment: facts.head },
    {
      name: '/META-INF/signatures.xml',
      bytes: documents.signature,
      salt: salts.signature,
      commitment: facts.signature,
    },
    ...facts.bodies.map((commitment, at) => {
      const name = `/attachment${at + 1}`;
      return { name, bytes: attachments.get(name), salt: salts.bodies[at], commitment };
    }),
  ];
  const kept: string[] = [];
  for (const { name, bytes, salt, commitment } of claims) {
    if (bytes === undefined || salt === undefined) continue;
    if (commitPart(salt, sha512Of(bytes)) !== commitment) {
      const text = `${name} is not what the log recorded: it was changed after it was logged, or is of another message.`;
      return bad('commitments', about, 'part-differs', text, [['part', name]]);
    }
    kept.push(name);
  }
  return good('commitments', about, 'Every part that is here is the one the log recorded.', [
    ['parts', kept.join(', ')],
  ]);
}

/**
 * Whether the signature is over the very digests that the log committed to for what it erased: then it is still known
 * who signed what, although nobody can read it any more.
 * @param signed digests that the signature has for parts that are not here
 */
export function judgeErasure(
  erased: readonly string[],
  signed: ReadonlyMap<string, Buffer>,
  { salts }: BundleRecord,
  facts: MessageFacts,
  about: string,
): Step {
  for (const name of erased) {
    const at = name === '/message.xml' ? undefined : Number(name.slice('/attachment'.length)) - 1;
    const [salt, commitment] =
      at === undefined ? [salts.head, facts.head] : [salts.bodies[at], facts.bodies[at]];
    const digest = signed.get(name);
    if (digest === undefined || salt === undefined) {
      const text = `${name} is not here, and the signature has no SHA-512 digest of it that could be compared with the log's.`;
      return bad('erasure', about, 'erasure-unprovable', text, [['part', name]]);
    }
    if (commitPart(salt, digest) !== commitment) {
      const text = `${name} is not here, and the signature is over another digest than the log recorded.`;
      return bad('erasure', about, 'part-differs', text, [['part', name]]);
    }
  }
  const names = erased.join(', ');
  const text = `Of ${names} only the digest is here, for the log erased it or it was not exported: that it was signed and recorded is proven, what it said is not shown.`;
  return good(
    'erasure',
    about,
    text,
    [...erased].map((name) => [`SHA-512 of ${name}`, signed.get(name)?.toString('hex') ?? ''] as const),
  );
}

function sha512Of(bytes: Uint8Array): Buffer {
  return createHash('sha512').update(bytes).digest();
}
