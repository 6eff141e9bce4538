import { z } from 'zod';

/** Who has to do something before a step is done. */
const awaitedParties = [
  'joiner',
  'network-administrator',
  'registry',
  'authority',
  'registration-officer',
  'timestamping-authority',
] as const;
export type AwaitedParty = (typeof awaitedParties)[number];

/** Steps of joining an instance, in their order; who is awaited while one is under way. */
export const joinSteps = {
  invitation: 'joiner',
  'reach-registry': 'network-administrator',
  redemption: 'registry',
  'reach-server': 'network-administrator',
  configuration: 'registry',
  founding: 'joiner',
  keys: 'joiner',
  certificates: 'authority',
  'server-request': 'registry',
  'server-approval': 'registration-officer',
  'client-request': 'registry',
  'client-approval': 'registration-officer',
  timestamp: 'timestamping-authority',
} as const satisfies Readonly<Record<string, AwaitedParty>>;

export type JoinStepCode = keyof typeof joinSteps;

export const joinStepCodes = Object.keys(joinSteps) as [JoinStepCode, ...JoinStepCode[]];

/** One line of the checklist that joiner and registration officer both see. */
export const joinStepSchema = z.object({
  code: z.enum(joinStepCodes),
  /** `waiting`: somebody else has to act. `failed`: it is tried again when joining goes on. */
  state: z.enum(['pending', 'running', 'waiting', 'failed', 'done']),
  awaits: z.enum(awaitedParties).optional(),
  /** What was found, for people. */
  detail: z.string().max(1000).optional(),
  /** What to do, for people. */
  remedy: z.string().max(1000).optional(),
  at: z.iso.datetime().optional(),
});

export type JoinStep = z.infer<typeof joinStepSchema>;

/** Titles of the steps as a log or a terminal shows them. */
export const joinStepTitles: Readonly<Record<JoinStepCode, string>> = {
  invitation: 'read the invitation',
  'reach-registry': 'reach the registry and the authority',
  redemption: 'redeem the invitation',
  'reach-server': 'be reached by the registry',
  configuration: 'download and verify the configuration',
  founding: 'found the security server',
  keys: 'make keys',
  certificates: 'obtain certificates',
  'server-request': 'ask to register the server',
  'server-approval': 'have the server registered',
  'client-request': 'ask to register the subsystems',
  'client-approval': 'have the subsystems registered',
  timestamp: 'get the first timestamp',
};
