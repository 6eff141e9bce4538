import { type OwnCertificate, ownCertificates, removeOwnCertificate } from '../signer/index.ts';
import { RenewalError } from './error.ts';
import { orderSuccessor } from './order-step.ts';
import { findOwn, idOf, isRegistered, type RenewalParts, switchTo } from './parts.ts';
import { settleRegistration } from './registration-steps.ts';
import type { Renewal } from './state.ts';

/** What becomes of a renewal in one step: what changes of it; `stay`: nothing yet; `drop`: there is none any more. */
export type Step = Partial<Renewal> | 'stay' | 'drop';

type Take = (parts: RenewalParts, renewal: Renewal) => Promise<Step>;

/**
 * The step of each stage, `waiting` and `done` apart. Each looks at what is so already, and does the rest: taken
 * twice, it does as much as once. The certificate that serves is not touched before another one can.
 */
const steps: Readonly<Record<Exclude<Renewal['stage'], 'waiting' | 'done'>, Take>> = {
  ordering: async (parts, { certificate, use }) => {
    const old = await findOwn(parts, certificate);
    // Somebody removed it: nothing is to be replaced.
    if (old === undefined) return 'drop';
    const successor = await orderSuccessor(parts, old);
    if (successor === undefined) return 'stay';
    return {
      replacement: idOf(successor),
      stage: use === 'authentication' ? 'registering' : 'activating',
    };
  },

  registering: async (parts, renewal) => {
    const { certificate } = await requireSuccessor(parts, renewal);
    if (!(await settleRegistration(parts, 'authCertReg', certificate, renewal.requestedAt))) return 'stay';
    const { expiresAt } = parts.configuration();
    const soonest = parts.spreadMs === undefined ? undefined : parts.now().getTime() + parts.spreadMs;
    return { stage: 'spreading', until: new Date(Math.min(soonest ?? Infinity, expiresAt.getTime())) };
  },

  spreading: async ({ now }, { until }) =>
    until !== undefined && now() < until ? 'stay' : { stage: 'activating', until: undefined },

  activating: async (parts, renewal) => {
    const successor = await requireSuccessor(parts, renewal);
    await requireGoodStatus(parts, successor);
    await switchTo(parts, successor, true);
    requireServing(parts, { ...successor, isActive: true });
    return { stage: 'retiring' };
  },

  retiring: async (parts, renewal) => {
    const successor = await requireSuccessor(parts, renewal);
    requireServing(parts, successor);
    const old = await findOwn(parts, renewal.certificate);
    if (old?.isActive === true) await switchTo(parts, old, false);
    return { stage: 'grace', until: new Date(parts.now().getTime() + parts.graceMs) };
  },

  grace: async ({ now }, { until, use }) => {
    if (until !== undefined && now() < until) return 'stay';
    return { stage: use === 'authentication' ? 'deregistering' : 'removing', until: undefined };
  },

  deregistering: async (parts, renewal) => {
    const old = await findOwn(parts, renewal.certificate);
    // Gone, or switched on again by somebody, who then wants it registered.
    if (old === undefined || old.isActive) return { stage: 'removing' };
    // The last word before others forget the old one: they have to know the new one.
    const { certificate } = await requireSuccessor(parts, renewal);
    if (!isRegistered(parts, certificate)) {
      throw new RenewalError('successor-not-registered', 'the registry no longer names the new certificate', {
        remedy: 'ask the operator of the registry; switch the old certificate on until that is settled',
      });
    }
    const isGone = await settleRegistration(parts, 'authCertDeletion', old.certificate, renewal.requestedAt);
    return isGone ? { stage: 'removing' } : 'stay';
  },

  removing: async (parts, { certificate }) => {
    const old = await findOwn(parts, certificate);
    if (old !== undefined && !old.isActive) await remove(parts, old);
    return { stage: 'done', nextAt: undefined };
  },
};

/** @throws RenewalError, Fault, TokenError and whatever else came in between; it is tried again */
export function advance(parts: RenewalParts, renewal: Renewal): Promise<Step> {
  const { stage } = renewal;
  if (stage === 'waiting' || stage === 'done') throw new Error(`a renewal that is ${stage} takes no step`);
  return steps[stage](parts, renewal);
}

async function requireSuccessor(parts: RenewalParts, { replacement }: Renewal): Promise<OwnCertificate> {
  const own = await findOwn(parts, replacement);
  if (own !== undefined) return own;
  throw new RenewalError('successor-gone', 'the new certificate was removed', {
    remedy: 'have this certificate renewed now: another one is ordered',
  });
}

async function requireGoodStatus({ signer }: RenewalParts, { certificate }: OwnCertificate): Promise<void> {
  try {
    await signer.askStatus(certificate);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RenewalError('status-not-good', `the new certificate has no good status yet: ${why}`, {
      cause,
      remedy: 'nothing, if it was issued just now; else ask the authority why its responder does not know it',
    });
  }
}

function requireServing({ signer }: RenewalParts, successor: OwnCertificate): void {
  const reasons = signer.explain(successor);
  if (reasons.length === 0) return;
  const why = reasons.map(({ text }) => text).join('; ');
  throw new RenewalError('successor-not-usable', `the new certificate cannot serve yet: ${why}`, {
    remedy: 'see on its page why it does not serve',
  });
}

/** The key first: a certificate that is left without one says on its own which key went. */
async function remove(parts: RenewalParts, old: OwnCertificate): Promise<void> {
  const { settings, tokens } = parts;
  const isShared = (await ownCertificates(settings.db)).some(
    (own) => own.keyId === old.keyId && idOf(own) !== idOf(old),
  );
  const token = tokens.get(old.tokenId);
  const isThere = token?.listKeys().some(({ id }) => id === old.keyId) === true;
  if (isThere && !isShared) await token.deleteKey(old.keyId);
  await removeOwnCertificate(settings.db, idOf(old));
  await parts.reloadCertificates();
}
