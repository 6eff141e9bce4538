import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { asFault, spellCode } from '../../gateway/fault/index.ts';
import { printShort } from '../../gateway/identifier/index.ts';
import {
  ArchiveError,
  type ArchiveErrorCode,
  createVerifier,
  readArchive,
  type VerifiedContainer,
  verifyContainer,
} from '../../gateway/signature/index.ts';

/** A part of a message: whether the signature speaks of it, and whether it is in the container. */
export interface JudgedPart {
  readonly name: string;
  readonly covered: boolean;
  readonly present: boolean;
}

/** What can be said of one container, for people and programs alike. */
export interface Judgement {
  readonly file: string;
  readonly valid: boolean;
  /** Fault code as release 7.8 spells it; null when valid. */
  readonly code: string | null;
  /** In words; null when valid. */
  readonly reason: string | null;
  /** Member that signed; null unless valid. */
  readonly signer: string | null;
  /** As the signer says. */
  readonly signedAt: string | null;
  /** As the timestamping authority says. */
  readonly timestampedAt: string | null;
  readonly messageId: string | null;
  readonly direction: 'request' | 'response' | null;
  readonly parts: readonly JudgedPart[];
  readonly warnings: readonly string[];
}

/** Judges containers and archives with nothing but a configuration: no network, no clock, no log. */
export interface Auditor {
  judgeContainer(file: string, bytes: Buffer): Promise<Judgement>;
  /** Judges the linking of an archive, and each container in it. */
  judgeArchive(file: string, bytes: Buffer): Promise<JudgedArchive>;
}

export interface JudgedArchive {
  readonly results: readonly Judgement[];
  readonly linking: {
    readonly valid: boolean;
    readonly code: ArchiveErrorCode | null;
    readonly reason: string | null;
  };
}

/** @param configuration as it was when the messages passed */
export function createAuditor(configuration: GlobalConfiguration): Auditor {
  const verifier = createVerifier();
  const judgeContainer = async (file: string, bytes: Buffer): Promise<Judgement> => {
    try {
      return show(file, await verifyContainer({ container: bytes, configuration, verifier }));
    } catch (error) {
      const fault = asFault(error);
      const reason = fault.code === 'InternalError' && error instanceof Error ? error.message : fault.message;
      return { ...nothingKnown, file, valid: false, code: spellCode(fault), reason };
    }
  };
  return {
    judgeContainer,
    judgeArchive: async (_file, bytes) => {
      try {
        const { containers } = await readArchive(bytes);
        const results: Judgement[] = [];
        for (const { name, bytes: container } of containers)
          results.push(await judgeContainer(name, container));
        return { results, linking: { valid: true, code: null, reason: null } };
      } catch (error) {
        if (!(error instanceof ArchiveError)) throw error;
        return { results: [], linking: { valid: false, code: error.code, reason: error.message } };
      }
    },
  };
}

const nothingKnown = {
  signer: null,
  signedAt: null,
  timestampedAt: null,
  messageId: null,
  direction: null,
  parts: [],
  warnings: [],
} as const;

function show(file: string, verified: VerifiedContainer): Judgement {
  const { signer, direction, queryId, signature, timestamp, warnings } = verified;
  return {
    file,
    valid: true,
    code: null,
    reason: null,
    signer: printShort(signer),
    signedAt: signature.signedAt?.toISOString() ?? null,
    timestampedAt: timestamp.at.toISOString(),
    messageId: queryId,
    direction,
    parts: [
      ...signature.covered.map((name) => ({ name, covered: true, present: true })),
      ...signature.missing.map(({ name }) => ({ name, covered: true, present: false })),
    ],
    warnings,
  };
}
