import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Operations } from './operations.ts';

type Document = ReturnType<OpenAPIHono['getOpenAPI31Document']>;

export interface Described {
  readonly title: string;
  readonly version: string;
  readonly description: string;
}

const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: z.string().describe('stable name of the refusal, for programs'),
    detail: z.string().describe('what was expected, what came, who can fix it'),
    errors: z
      .array(z.object({ pointer: z.string().describe('JSON pointer into the request'), detail: z.string() }))
      .optional(),
    warnings: z
      .array(z.object({ code: z.string(), text: z.string() }))
      .optional()
      .describe('of confirmation-needed: repeat with ?confirm=CODE,CODE when they are meant'),
    instance: z.string().optional().describe('of an unexpected error: what the log knows it by'),
  })
  .openapi('Problem');

/** What holds for all operations and is said of each: who may, how they are refused, what keeps changes apart. */
export function describeCommon(app: OpenAPIHono): void {
  const { openAPIRegistry: registry } = app;
  registry.register('Problem', problemSchema);
  registry.registerComponent('securitySchemes', 'apiKey', {
    ...{ type: 'http', scheme: 'bearer' },
    description: 'A key that was made for a program, or the one in the file api-key of the data folder',
  });
  registry.registerComponent('securitySchemes', 'session', {
    ...{ type: 'apiKey', in: 'cookie', name: 'waygate-PROGRAM-session' },
    description:
      'Of a person who signed in; over https its name begins with __Host-. Changes need x-csrf-token too',
  });
}

/** The description of an API, in OpenAPI 3.1, with what holds for all operations written into each. */
export function documentOf(app: OpenAPIHono, operations: Operations, info: Described): Document {
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { ...info },
    security: [{ apiKey: [] }, { session: [] }],
  });
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    for (const [method, operation] of Object.entries(item as Record<string, Operation>)) {
      const extra = headersOf(method, operations.isEdited(path));
      operation.parameters = [...(operation.parameters ?? []), ...extra];
      operation.responses = { ...operation.responses, default: refusal };
      if (operations.isOpen(method.toUpperCase(), path)) operation.security = [];
    }
  }
  return document;
}

/** As the document has it, to be added to. */
interface Operation {
  parameters?: object[];
  responses?: Record<string, object>;
  security?: object[];
}

const refusal = {
  description: 'a refusal',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

function headersOf(method: string, isEdited: boolean): object[] {
  const text = (name: string, description: string) => ({
    ...{ name, in: 'header', required: false, description },
    schema: { type: 'string' },
  });
  if (method === 'post') {
    return [text('Idempotency-Key', 'sent again within a day, the request is answered as the first time')];
  }
  if (isEdited && method !== 'get') {
    return [text('If-Match', 'the ETag it was read with; in a session a PUT needs it')];
  }
  return [];
}
