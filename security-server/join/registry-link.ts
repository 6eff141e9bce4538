import type { z } from 'zod';
import {
  type Connection,
  connectionTestSchema,
  type InvitationClaims,
  type JoiningStatus,
  type JoinStep,
  joiningPath,
  joiningRefusalSchema,
  joiningStatusSchema,
  type Redeemed,
  type Redemption,
  redeemedSchema,
} from '../../gateway/joining/index.ts';
import { postPinned } from '../management/index.ts';
import { JoinError } from './error.ts';

const timeoutMs = 20_000;

/** What a joining server says to the registry that invited it, and hears. */
export interface RegistryLink {
  /** @throws JoinError refused, failed; Fault */
  redeem(redemption: Redemption): Promise<Redeemed>;
  /** Has the registry try to reach this server at the address it announced. */
  tryConnections(): Promise<readonly Connection[]>;
  /** Tells how far the joining went, and hears what was decided. */
  report(steps: readonly JoinStep[]): Promise<JoiningStatus>;
}

/** @param secret this server's own, which the registry learns at redemption */
export function registryLink(claims: InvitationClaims, secret: string): RegistryLink {
  const ask = async <Schema extends z.ZodType>(
    path: string,
    body: object,
    schema: Schema,
    headers: Readonly<Record<string, string>> = { authorization: `Bearer ${claims.jti}.${secret}` },
  ): Promise<z.infer<Schema>> => {
    const { status, bytes } = await postPinned({
      url: new URL(`${joiningPath}/${path}`, claims.registrationUrl),
      contentType: 'application/json',
      bytes: Buffer.from(JSON.stringify(body)),
      headers,
      pinned: { sha256: claims.registrationCertificateSha256 },
      timeoutMs,
    });
    const answer = parse(bytes);
    if (status === 200) {
      const parsed = schema.safeParse(answer);
      if (parsed.success) return parsed.data;
    }
    const refusal = joiningRefusalSchema.safeParse(answer);
    if (!refusal.success) throw new JoinError('failed', `the registry answered ${status}, and nothing known`);
    const { code, detail } = refusal.data;
    const isFinal = status >= 400 && status < 500 && status !== 429;
    throw new JoinError(isFinal ? 'refused' : 'failed', `${code}: ${detail}`);
  };
  return {
    redeem: (redemption) => ask('redemption', redemption, redeemedSchema, {}),
    tryConnections: async () => (await ask('connection-test', {}, connectionTestSchema)).connections,
    report: (steps) => ask('progress', { steps }, joiningStatusSchema),
  };
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
