import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allowAll, matches, page, searchQuery } from '../../gateway/http/index.ts';
import { type Expiries, type Expiry, expiryKinds, expiryWords } from '../expiries/index.ts';
import { thresholds } from '../notices/index.ts';
import type { AdminContext } from './context.ts';
import { languageQuery } from './diagnostics-schemas.ts';

const states = ['ended', 'soon', 'good', 'renews-itself', 'replaced', 'unreadable'] as const;
const dayMs = 86_400_000;

const expirySchema = z
  .object({
    kind: z.enum(expiryKinds),
    name: z.string().describe('of the kind, for people'),
    owner: z.string().describe('whose it is, or what it is for; empty: this server'),
    state: z
      .enum(states)
      .describe(
        `soon: within ${thresholds[0]} days; renews-itself: soon, and that is seen to; replaced: another does ` +
          'the same and lasts longer; unreadable: nobody knows when it ends',
      ),
    subject: z.string().optional(),
    issuer: z.string().optional(),
    sha256: z.string().optional(),
    notBefore: z.iso.datetime().optional(),
    notAfter: z.iso.datetime().optional(),
    replacedBy: z.string().optional().describe('SHA-256 of the one that does the same'),
    renewsAt: z.iso.datetime().optional(),
    renewalTrouble: z.string().optional().describe('why the last attempt to renew it failed'),
    reason: z.string().optional().describe('why it cannot be read'),
    stops: z.string().describe('what no longer works when it has ended'),
    remedy: z.string(),
    who: z.string().describe('mends it'),
    href: z.string().describe('page of the console'),
  })
  .openapi('Expiry');
type Shown = z.infer<typeof expirySchema>;

/** Everything that ends. */
export function addExpiryRoutes(app: OpenAPIHono, { expiries }: AdminContext): void {
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/expiries',
      description:
        'Every certificate that this server depends on: its own, of authorities, responders, timestamping, ' +
        'information systems, services, and keys of the configuration; with what stops when it ends, and the ' +
        'remedy. What ends first comes first, after what cannot be read.',
      request: { query: searchQuery.extend(languageQuery.shape) },
      responses: {
        200: {
          description: 'one for each part that it has',
          content: { 'application/json': { schema: z.array(expirySchema) } },
        },
      },
    }),
    async (c) => {
      const query = c.req.valid('query');
      const all = show(await expiries(), query.language).filter(({ owner, subject, name, sha256 }) =>
        matches(query.q, owner, subject, name, sha256),
      );
      return c.json(
        page(c, all, query, ({ notAfter = '', kind, owner, sha256 = '', reason = '' }) =>
          [notAfter, kind, sha256, owner, reason].join(' ').slice(0, 4_000),
        ),
        200,
      );
    },
  );
}

function show({ all, unreadable, at }: Expiries, language: 'en' | 'de'): Shown[] {
  const words = (kind: Expiry['kind']) => {
    const { name, stops, remedy, who, href } = expiryWords[kind];
    return { name: name[language], stops: stops[language], remedy: remedy[language], who, href };
  };
  return [
    ...unreadable.map(({ kind, owner, reason }) => ({
      ...{ kind, owner, reason, state: 'unreadable' as const },
      ...words(kind),
    })),
    ...all.map((one) => ({
      ...{ kind: one.kind, owner: one.owner, state: stateOf(one, at), ...words(one.kind) },
      ...{ subject: one.subject, issuer: one.issuer, sha256: one.sha256 },
      ...{ notBefore: one.notBefore.toISOString(), notAfter: one.notAfter.toISOString() },
      ...(one.replacedBy !== undefined && { replacedBy: one.replacedBy }),
      ...(one.renewsAt !== undefined && { renewsAt: one.renewsAt.toISOString() }),
      ...(one.renewalTrouble !== undefined && { renewalTrouble: one.renewalTrouble }),
    })),
  ];
}

function stateOf({ notAfter, replacedBy, renewsAt, renewalTrouble }: Expiry, at: Date): Shown['state'] {
  if (replacedBy !== undefined) return 'replaced';
  if (notAfter < at) return 'ended';
  if (notAfter.getTime() - at.getTime() > thresholds[0] * dayMs) return 'good';
  return renewsAt !== undefined && renewalTrouble === undefined ? 'renews-itself' : 'soon';
}
