import { z } from 'zod';
import { joinStepSchema } from './steps.ts';

/**
 * What a joining server and its registry say to each other beside the registration service, as JSON over TLS:
 * `POST /joining/redemption`, then, with `authorization: Bearer JTI.SECRET`, `POST /joining/connection-test` and
 * `POST /joining/progress`.
 */
export const joiningPath = '/joining';

const code = z.string().min(1).max(255);

export const redemptionSchema = z.object({
  invitation: z.string().max(8192),
  /** Made by the joining server; opens what concerns this invitation from now on. */
  secret: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  /** Host name or IP address at which other servers will reach the joining one. */
  address: code,
  /** Subsystems that it will register. */
  subsystems: z
    .array(z.object({ code, name: code.optional() }))
    .min(1)
    .max(20),
});
export type Redemption = z.infer<typeof redemptionSchema>;

export const redeemedSchema = z.object({
  instance: code,
  /** Configuration anchor, XML. */
  anchor: z.string().max(64 * 1024),
  /** Ports at which the registry will try to reach the joining server. */
  ports: z.array(z.number().int().min(1).max(65_535)).max(2),
});
export type Redeemed = z.infer<typeof redeemedSchema>;

/** `refused`, `timeout` and `unreachable` are a firewall's; `no-tls`: something else listens there. */
const connectionOutcomes = [
  'reached',
  'refused',
  'timeout',
  'unreachable',
  'no-tls',
  'unknown-name',
  'address-not-allowed',
] as const;
export type ConnectionOutcome = (typeof connectionOutcomes)[number];

/** One line a firewall must let through, and whether it does. */
export const connectionSchema = z.object({
  direction: z.enum(['joiner-to-registry', 'joiner-to-authority', 'joiner-to-server', 'registry-to-joiner']),
  host: code,
  port: z.number().int().min(1).max(65_535),
  outcome: z.enum(connectionOutcomes),
});
export type Connection = z.infer<typeof connectionSchema>;

export const connectionTestSchema = z.object({ connections: z.array(connectionSchema).max(10) });

export const progressSchema = z.object({ steps: z.array(joinStepSchema).max(20) });

/** What a joining server is told of itself. */
export const joiningStatusSchema = z.object({
  /** Of the joining as a whole, once the officer has decided. */
  decision: z.enum(['approved', 'declined']).optional(),
  reason: z.string().max(1000).optional(),
  /** Management requests of the instance are taken behind this server, and go on to this address of the registry. */
  hosts: z
    .object({ provider: z.string().max(1100), url: z.url({ protocol: /^https?$/ }).max(1000) })
    .optional(),
  /** Its own management requests, oldest first. */
  requests: z
    .array(
      z.object({
        id: z.number().int(),
        kind: z.string().max(40),
        /** Whom it asks to register, in encoded form. */
        client: z.string().max(1100).optional(),
        status: z.enum(['waiting', 'approved', 'declined', 'revoked']),
        reason: z.string().max(1000).optional(),
      }),
    )
    .max(100),
});
export type JoiningStatus = z.infer<typeof joiningStatusSchema>;

/** A refusal: a stable code for programs, a sentence for people. */
export const joiningRefusalSchema = z.object({ code: z.string().max(60), detail: z.string().max(1000) });
