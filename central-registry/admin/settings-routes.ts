import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, allowAll } from '../../gateway/http/index.ts';
import { printEncoded } from '../../gateway/identifier/index.ts';
import { type GlobalSettings, readSettings, writeSettings } from '../register/index.ts';
import { actOf } from './act.ts';
import type { AdminContext } from './context.ts';
import {
  clientIdSchema,
  done,
  json,
  jsonBody,
  readClientId,
  readSubsystemId,
  subsystemIdSchema,
} from './schemas.ts';

const settingsSchema = z
  .object({
    address: z.string().describe('host name or IP address of this registry, as security servers reach it'),
    ocspFreshnessSeconds: z.number().int().describe('age up to which a certificate status is accepted'),
    timeStampingIntervalSeconds: z.number().int().describe('longest time from an exchange to its timestamp'),
    validitySeconds: z.number().int().describe('how long published configuration holds without renewal'),
    managementServiceProvider: subsystemIdSchema.optional(),
    managementServiceAddress: z.string().optional(),
    monitoringClient: clientIdSchema
      .optional()
      .describe('may read the monitoring data of every server; none unless set'),
    ocspFetchIntervalSeconds: z
      .number()
      .int()
      .optional()
      .describe('pause between two fetches of a certificate status; servers take 1200 unless set'),
    verifyNextUpdate: z
      .boolean()
      .optional()
      .describe('whether a certificate status past its nextUpdate is refused; servers do unless told'),
  })
  .openapi('GlobalSettings');

const publicationSchema = z
  .object({
    publishedAt: z.iso.datetime().optional(),
    expiresAt: z.iso.datetime().optional(),
    failure: z.string().optional().describe('why the latest attempt failed'),
  })
  .openapi('Publication');

/** Settings of the instance, and how publishing stands. */
export function addSettingsRoutes(app: OpenAPIHono, { register, publicationState }: AdminContext): void {
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/settings',
      responses: { 200: { description: 'all settings', ...json(settingsSchema) } },
    }),
    async (context) => {
      const settings = await register.read(readSettings);
      const { managementServiceProvider: provider, monitoringClient, ...rest } = settings;
      const shown = {
        ...rest,
        ...(provider !== undefined && { managementServiceProvider: printEncoded(provider) }),
        ...(monitoringClient !== undefined && { monitoringClient: printEncoded(monitoringClient) }),
      };
      return context.json(shown, 200);
    },
  );

  app.openapi(
    createRoute({
      ...allow('system-administrator'),
      method: 'put',
      path: '/api/v1/settings',
      description: 'Puts all settings in place of the former ones.',
      request: { body: jsonBody(settingsSchema) },
      responses: done,
    }),
    async (context) => {
      const settings = readBody(context.req.valid('json'));
      await register.change(actOf(context), (book) => writeSettings(book, settings));
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/publication',
      responses: { 200: { description: 'what readers get now', ...json(publicationSchema) } },
    }),
    (context) => {
      const { publishedAt, expiresAt, failure } = publicationState();
      const shown = {
        ...(publishedAt !== undefined && { publishedAt: publishedAt.toISOString() }),
        ...(expiresAt !== undefined && { expiresAt: expiresAt.toISOString() }),
        ...(failure !== undefined && { failure }),
      };
      return context.json(shown, 200);
    },
  );
}

function readBody(body: z.infer<typeof settingsSchema>): GlobalSettings {
  const { managementServiceProvider: provider, managementServiceAddress, monitoringClient } = body;
  const { address, ocspFreshnessSeconds, timeStampingIntervalSeconds, validitySeconds } = body;
  const { ocspFetchIntervalSeconds, verifyNextUpdate } = body;
  return {
    address,
    ocspFreshnessSeconds,
    timeStampingIntervalSeconds,
    validitySeconds,
    ...(ocspFetchIntervalSeconds !== undefined && { ocspFetchIntervalSeconds }),
    ...(verifyNextUpdate !== undefined && { verifyNextUpdate }),
    ...(monitoringClient !== undefined && { monitoringClient: readClientId(monitoringClient) }),
    ...(provider !== undefined && { managementServiceProvider: readSubsystemId(provider) }),
    ...(managementServiceAddress !== undefined && { managementServiceAddress }),
  };
}
