import { type ClientId, printEncoded } from '../../gateway/identifier/index.ts';
import { describe, failureOf } from './describe.ts';
import type { Failure } from './model.ts';
import type { Questions } from './questions.ts';
import type { OfferedService } from './read-methods.ts';
import type { CatalogueStore } from './store.ts';

interface Means {
  readonly questions: Pick<Questions, 'restMethods' | 'soapMethods' | 'openApi' | 'wsdl'>;
  readonly store: CatalogueStore;
  readonly now: () => Date;
  readonly isEnding: () => boolean;
  /** Told of what nobody foresaw; the rest goes on. */
  readonly onTrouble: (error: unknown) => void;
}

/** Descriptions that are asked of one provider in one go, and how long one is good for. */
const maxDescriptions = 50;
const descriptionAgeMs = 7 * 86_400_000;
/** After this no further description of a provider is asked for: others wait for their turn. */
const longestMs = 120_000;
/** Octets of descriptions of one provider that are kept. */
const maxKeptBytes = 4 * 1024 * 1024;

const protocols = [
  { ask: 'restMethods', kinds: ['REST', 'OPENAPI'] },
  { ask: 'soapMethods', kinds: ['WSDL'] },
] as const;

/**
 * Asks a provider over both protocols what it offers and what a client may call of it, then for descriptions that are
 * lacking or old. What one protocol told is kept when the other fails.
 * @returns the first failure
 */
export async function gatherProvider(
  means: Means,
  client: ClientId,
  provider: ClientId,
): Promise<Failure | undefined> {
  const { questions, store } = means;
  const ids = { provider: printEncoded(provider), client: printEncoded(client) };
  const failures: Failure[] = [];
  for (const { ask, kinds } of protocols) {
    try {
      const offered = await questions[ask](client, provider, 'listMethods');
      const allowed = offered.length === 0 ? [] : await questions[ask](client, provider, 'allowedMethods');
      store.putOffered(ids, kinds, offered, allowed);
    } catch (error) {
      failures.push(known(error, means));
    }
  }
  // Who answered nothing is asked nothing more.
  if (failures.length < protocols.length) await describeServices(means, client, provider);
  return failures[0];
}

async function describeServices(means: Means, client: ClientId, provider: ClientId): Promise<void> {
  const { questions, store, now, isEnding } = means;
  const id = printEncoded(provider);
  const startedAt = now().getTime();
  const before = new Date(startedAt - descriptionAgeMs);
  for (const service of store.undescribed(id, before, maxDescriptions)) {
    if (isEnding() || now().getTime() - startedAt > longestMs) return;
    const outcome = await describe(questions, client, provider, service).catch((error: unknown) => ({
      error: known(error, means),
    }));
    if (isEnding()) return;
    store.putDescription(id, service, now(), bounded(store, id, service, outcome));
  }
}

function known(error: unknown, { onTrouble }: Means): Failure {
  try {
    return failureOf(error);
  } catch {
    onTrouble(error);
    return { code: 'internal-error', text: 'This server could not read the answer; its log says more' };
  }
}

type Outcome = Awaited<ReturnType<typeof describe>>;

/** No provider fills this server's disk with what it says of itself. */
function bounded(
  store: CatalogueStore,
  provider: string,
  service: OfferedService,
  outcome: Outcome,
): Outcome {
  if ('error' in outcome) return outcome;
  const octets = Buffer.byteLength(JSON.stringify(outcome.description));
  if (store.descriptionBytes(provider, service) + octets <= maxKeptBytes) return outcome;
  const text = `The descriptions of this provider take more than ${maxKeptBytes / 1024 / 1024} MiB; this one is not kept`;
  return { error: { code: 'descriptions-too-large', text } };
}
