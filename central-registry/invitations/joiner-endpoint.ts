import type { z } from 'zod';
import {
  connectionTestSchema,
  joiningPath,
  type joiningRefusalSchema,
  joiningStatusSchema,
  progressSchema,
  redeemedSchema,
  redemptionSchema,
} from '../../gateway/joining/index.ts';
import { type Register, RegisterError } from '../register/index.ts';
import { joiningStatus, settle } from './decide.ts';
import { InvitationRefusal, type InvitationRefusalCode } from './error.ts';
import { RateLimit } from './rate.ts';
import { type ReachSettings, tryToReach } from './reach.ts';
import { type RedeemingContext, redeem, requireJoiner } from './redeem.ts';
import { setConnections, setProgress } from './table.ts';

export interface JoiningContext extends Omit<RedeemingContext, 'ports'> {
  readonly register: Register;
  readonly reach: ReachSettings;
  /** Where management requests are taken from the server behind which they are; undefined: nowhere. */
  readonly managementUrl: () => string | undefined;
}

/** One request of a joining server, as the registration service received it. */
export interface JoiningRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string;
  /** Of the sender, for the limits. */
  readonly remoteAddress: string;
  readonly body: Buffer;
}

export interface JoiningAnswer {
  readonly status: number;
  readonly body: object;
}

export type JoinerEndpoint = (request: JoiningRequest) => Promise<JoiningAnswer>;

/** Requests from one address in a minute: a joining server asks every few seconds. */
const maxPerMinute = 240;
/** Trials for one invitation in a minute. */
const maxTrialsPerMinute = 20;
/** Trials under way at a time, of all invitations. */
const maxTrials = 8;
const minuteMs = 60_000;

/** Answers joining servers, who have nothing to show yet but an invitation. */
export function createJoinerEndpoint(context: JoiningContext): JoinerEndpoint {
  const { register, reach, now } = context;
  const callers = new RateLimit(maxPerMinute, minuteMs);
  const trials = new RateLimit(maxTrialsPerMinute, minuteMs);
  let underWay = 0;

  const routes: Readonly<Record<string, (request: JoiningRequest) => Promise<object>>> = {
    [`${joiningPath}/redemption`]: async ({ body }) =>
      redeemedSchema.parse(await redeem({ ...context, ports: reach.ports }, read(redemptionSchema, body))),

    [`${joiningPath}/connection-test`]: async ({ authorization }) => {
      const { jti, redeemed } = await register.read((book) =>
        requireJoiner(book, bearerOf(authorization), now()),
      );
      if (!trials.admit(jti, now()) || underWay >= maxTrials) throw tooOften();
      underWay += 1;
      try {
        // The address is the one announced at redemption: a request names none.
        const connections = await tryToReach(redeemed?.address ?? '', reach);
        await register.change(
          { by: `invited:${jti}`, why: 'the registry tried to reach it' },
          (book) => setConnections(book, jti, connections),
          () => false,
        );
        return connectionTestSchema.parse({ connections });
      } finally {
        underWay -= 1;
      }
    },

    [`${joiningPath}/progress`]: async ({ authorization, body }) => {
      const { steps } = read(progressSchema, body);
      const bearer = bearerOf(authorization);
      const hasEffect = (answer: { readonly hasEffect: boolean }) => answer.hasEffect;
      const { jti } = await register.read((book) => requireJoiner(book, bearer, now()));
      const act = { by: `invited:${jti}`, why: 'the joining server reported its steps' };
      await register.change(
        act,
        async (book) => {
          await setProgress(book, (await requireJoiner(book, bearer, now())).jti, steps);
        },
        () => false,
      );
      await register.change(
        act,
        async (book) => {
          const invitation = await requireJoiner(book, bearer, now());
          return { hasEffect: await settle(book, invitation, now()) };
        },
        hasEffect,
      );
      const status = await register.read(async (book) =>
        joiningStatus(book, await requireJoiner(book, bearer, now()), context.managementUrl()),
      );
      return joiningStatusSchema.parse(status);
    },
  };

  return async (request) => {
    try {
      if (!callers.admit(request.remoteAddress, now())) throw tooOften();
      const route = Object.hasOwn(routes, request.path) ? routes[request.path] : undefined;
      if (route === undefined) return refusal(404, 'not-found', 'there is nothing here');
      if (request.method !== 'POST') return refusal(405, 'method-not-allowed', 'POST is expected');
      return { status: 200, body: await route(request) };
    } catch (error) {
      if (error instanceof InvitationRefusal) return refusal(statuses[error.code], error.code, error.message);
      if (error instanceof RegisterError) return refusal(422, error.code, error.message);
      throw error;
    }
  };
}

const statuses = {
  'invitation-unknown': 403,
  'invitation-expired': 410,
  'invitation-withdrawn': 410,
  'invitation-used': 409,
  'not-redeemed': 409,
  'decided-before': 409,
  'not-configured': 409,
  'authority-failed': 503,
  'not-authenticated': 401,
  'too-often': 429,
} as const satisfies Record<InvitationRefusalCode, number>;

/** @throws RegisterError invalid */
function read<Schema extends z.ZodType>(schema: Schema, body: Buffer): z.infer<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new RegisterError('invalid', 'JSON is expected', { cause });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new RegisterError('invalid', `/${issue?.path.join('/') ?? ''}: ${issue?.message ?? 'does not fit'}`);
}

function bearerOf(authorization: string): string {
  return /^Bearer (\S{1,100})$/i.exec(authorization)?.[1] ?? '';
}

function tooOften(): InvitationRefusal {
  return new InvitationRefusal('too-often', 'too many requests: wait a minute, then go on');
}

function refusal(status: number, code: string, detail: string): JoiningAnswer {
  const body: z.infer<typeof joiningRefusalSchema> = { code, detail: detail.slice(0, 1000) };
  return { status, body };
}
