import { Tag, type TagColor, type Visit } from '../../../gateway/console/index.ts';
import type { Client, SentRequest } from './answers.ts';
import { textsOf } from './texts.ts';

/** How a client stands between this server and the registry. */
type ClientState = 'registered' | 'not-shown' | 'disabled' | 'waiting' | 'saved';

const colors: Readonly<Record<ClientState, TagColor>> = {
  registered: 'success',
  'not-shown': 'danger',
  disabled: 'warning',
  waiting: 'info',
  saved: 'neutral',
};

/** @param waiting requests of this server that the registry has not decided yet */
export function stateOf({ id, status, registry }: Client, waiting: readonly SentRequest[]): ClientState {
  if (status === 'disabled') return 'disabled';
  if (status === 'registered') return registry?.isShown === false ? 'not-shown' : 'registered';
  return waiting.some(({ kind, client }) => kind === 'clientReg' && client === id) ? 'waiting' : 'saved';
}

/** The state as a word, with its meaning where there is room. */
export function StateTag({
  visit,
  state,
  hasMeaning = false,
}: {
  readonly visit: Visit;
  readonly state: ClientState;
  readonly hasMeaning?: boolean;
}) {
  const { word, meaning } = textsOf(visit).states[state];
  return <Tag text={word} color={colors[state]} {...(hasMeaning && { meaning })} />;
}

/** Whether the visitor may change clients and what belongs to them. */
export function mayEdit({ session }: Visit): boolean {
  return ['service-administrator', 'registration-officer'].some((role) => session?.roles.includes(role));
}

/** Whether the visitor may ask the registry for something. */
export function mayRegister({ session }: Visit): boolean {
  return session?.roles.includes('registration-officer') === true;
}

/** The ways to connect, the safest first. */
export function connectionChoices(visit: Visit) {
  const { connectionTypes } = textsOf(visit);
  return (['SSLAUTH', 'SSLNOAUTH', 'NOSSL'] as const).map((value) => ({
    value,
    text: `${connectionTypes[value].word} – ${connectionTypes[value].meaning}`,
  }));
}
