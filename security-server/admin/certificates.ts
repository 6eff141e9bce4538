import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { isSameCertificate } from '../../certs/x509/index.ts';
import { allow, allowAll, confirmQuery, Problem, requireConfirmed } from '../../gateway/http/index.ts';
import { printEncoded } from '../../gateway/identifier/index.ts';
import {
  type OwnCertificate,
  ownCertificates,
  putOwnCertificate,
  removeOwnCertificate,
} from '../signer/index.ts';
import { certificateAnswers, ownCertificateSchema } from './certificate-answers.ts';
import { takeInCertificate } from './certificate-import.ts';
import type { AdminContext } from './context.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });
const done = { 204: { description: 'in force' } } as const;
const certificateParameter = z.object({ sha256: z.string().max(64) });
const textSchema = z.string().max(100_000).describe('PEM, or DER in base64');

/** The certificates of this server: taken in, shown with why they do not serve, switched off and on, removed. */
export function addCertificateRoutes(app: OpenAPIHono, context: AdminContext): void {
  const { settings } = context;
  const answer = async (own: OwnCertificate) => {
    const [shown] = await certificateAnswers(context, [own]);
    if (shown === undefined) throw new Error('a certificate has no answer');
    return shown;
  };

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/certificates',
      responses: {
        200: { description: 'certificates of this server', ...json(z.array(ownCertificateSchema)) },
      },
    }),
    async (c) => c.json(await certificateAnswers(context, await ownCertificates(settings.db)), 200),
  );

  app.openapi(
    createRoute({
      ...allow('security-officer'),
      method: 'post',
      path: '/api/v1/certificates',
      description:
        'Takes in a certificate that an authority issued for a key of a token. Each way in which it does not fit has ' +
        'a code, and says what was found, what was expected, and who mends it.',
      request: {
        body: {
          required: true,
          ...json(
            z.object({ certificate: textSchema, intermediates: z.array(textSchema).max(10).optional() }),
          ),
        },
      },
      responses: { 201: { description: 'in use', ...json(ownCertificateSchema) } },
    }),
    async (c) => {
      const { certificate, intermediates = [] } = c.req.valid('json');
      return c.json(await answer(await takeInCertificate(context, certificate, intermediates)), 201);
    },
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/certificates/{sha256}',
      request: { params: certificateParameter },
      responses: {
        200: {
          description: 'one certificate',
          ...json(ownCertificateSchema.extend({ pem: z.string(), intermediates: z.array(z.string()) })),
        },
      },
    }),
    async (c) => {
      const own = await requireCertificate(context, c.req.valid('param').sha256);
      const { certificate, intermediates } = own;
      const shown = { ...(await answer(own)), pem: certificate.pem };
      return c.json({ ...shown, intermediates: intermediates.map(({ pem }) => pem) }, 200);
    },
  );

  app.openapi(
    createRoute({
      ...allow('security-officer'),
      method: 'put',
      path: '/api/v1/certificates/{sha256}/activity',
      description:
        'Switches it off or on. The last one in use for its purpose goes off after that was confirmed.',
      request: {
        params: certificateParameter,
        query: confirmQuery,
        body: { required: true, ...json(z.object({ isActive: z.boolean() })) },
      },
      responses: done,
    }),
    async (c) => {
      const own = await requireCertificate(context, c.req.valid('param').sha256);
      const { isActive } = c.req.valid('json');
      if (!isActive) {
        requireConfirmed(c.req.valid('query').confirm, warnOfLast([own], await ownCertificates(settings.db)));
      }
      await putOwnCertificate(settings.db, { ...own, isActive });
      await context.reloadCertificates();
      return c.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('security-officer'),
      method: 'delete',
      path: '/api/v1/certificates/{sha256}',
      description:
        'The last one in use for its purpose, and one that is registered, go after that was confirmed.',
      request: { params: certificateParameter, query: confirmQuery },
      responses: done,
    }),
    async (c) => {
      const { sha256 } = c.req.valid('param');
      const own = await requireCertificate(context, sha256);
      requireConfirmed(c.req.valid('query').confirm, await warnOfRemoval(context, [own]));
      await removeOwnCertificate(settings.db, sha256);
      await context.reloadCertificates();
      return c.body(null, 204);
    },
  );
}

async function requireCertificate({ settings }: AdminContext, sha256: string): Promise<OwnCertificate> {
  const own = (await ownCertificates(settings.db)).find(
    ({ certificate }) => certificate.sha256.toString('hex') === sha256,
  );
  if (own === undefined)
    throw new Problem(404, 'unknown-certificate', `There is no certificate ${sha256} here`);
  return own;
}

interface Warning {
  readonly code: string;
  readonly text: string;
}

/** What ends when certificates go, for whoever removes them to confirm. */
export async function warnOfRemoval(
  context: AdminContext,
  going: readonly OwnCertificate[],
): Promise<Warning[]> {
  const warnings = warnOfLast(going, await ownCertificates(context.settings.db));
  const registered = (await certificateAnswers(context, going)).filter(
    ({ registration }) => registration === 'registered',
  );
  if (registered.length === 0) return warnings;
  const text =
    'It is registered for this server, and stays so: ask the registry to delete it first, or others go on trusting it.';
  return [...warnings, { code: 'registered-certificate', text }];
}

/** What the server can do no more without certificates. */
function warnOfLast(going: readonly OwnCertificate[], all: readonly OwnCertificate[]): Warning[] {
  const memberOf = ({ member }: OwnCertificate) => (member === undefined ? '' : printEncoded(member));
  const left = all.filter(
    ({ certificate, isActive }) =>
      isActive && !going.some((one) => isSameCertificate(one.certificate, certificate)),
  );
  const ending = going.find(
    (own) => own.isActive && !left.some((one) => one.use === own.use && memberOf(one) === memberOf(own)),
  );
  if (ending === undefined) return [];
  const text =
    ending.use === 'authentication'
      ? 'No other certificate is active with which this server meets others: exchanges end.'
      : `No other certificate is active with which ${memberOf(ending)} signs here: its exchanges end.`;
  return [{ code: 'last-active-certificate', text }];
}
