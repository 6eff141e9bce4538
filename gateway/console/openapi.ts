/** The parts of an OpenAPI 3.1 document that its reference shows. @see OpenAPI Specification 3.1 §4.8 */
export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentOperation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

interface DocumentOperation {
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content?: Content };
  readonly responses?: Readonly<
    Record<string, { readonly description?: string; readonly content?: Content }>
  >;
  readonly 'x-roles'?: readonly string[];
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: Schema;
}

type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly example?: unknown;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

/** One field of a body or an answer, or one parameter; names of inner ones hold the outer's. */
export interface SchemaField {
  readonly name: string;
  readonly type: string;
  readonly isOptional: boolean;
  readonly meaning: string;
  readonly example?: unknown;
}

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly description: string | undefined;
  readonly roles: readonly string[];
  readonly parameters: readonly SchemaField[];
  readonly body: readonly SchemaField[];
  readonly answers: readonly {
    readonly status: string;
    readonly description: string;
    readonly fields: readonly SchemaField[];
  }[];
}

/** Deeper fields are left to the document: schemas may contain themselves. */
const maxDepth = 4;

/** Operations in groups: by their tag, else by the first part of their path. */
export function operationsOf(document: ApiDocument) {
  const groups = new Map<string, Operation[]>();
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const tag = operation.tags?.[0] ?? path.replace(/^\/(?:api\/v\d+\/)?/, '').split('/')[0] ?? '';
      const group = groups.get(tag) ?? [];
      groups.set(tag, group);
      group.push(read(document, method, path, operation));
    }
  }
  return [...groups].map(([tag, operations]) => ({ tag, operations }));
}

function read(document: ApiDocument, method: string, path: string, operation: DocumentOperation): Operation {
  const { description, parameters = [], requestBody, responses = {} } = operation;
  return {
    ...{ method: method.toUpperCase(), path, description },
    roles: operation['x-roles'] ?? [],
    parameters: parameters.map(({ name, in: place, required, description: own, schema = {} }) => ({
      name,
      type: `${typeOf(resolve(document, schema))}, ${place}`,
      isOptional: required !== true,
      meaning: own ?? resolve(document, schema).description ?? '',
      example: resolve(document, schema).example,
    })),
    body: fieldsOf(document, schemaOf(requestBody?.content)),
    answers: Object.entries(responses).map(([status, answer]) => ({
      status,
      description: answer.description ?? '',
      fields: fieldsOf(document, schemaOf(answer.content)),
    })),
  };
}

function schemaOf(content: Content | undefined): Schema {
  return Object.values(content ?? {})[0]?.schema ?? {};
}

function resolve(document: ApiDocument, schema: Schema): Schema {
  const name = schema.$ref?.replace('#/components/schemas/', '');
  return name === undefined ? schema : (document.components?.schemas?.[name] ?? {});
}

function fieldsOf(document: ApiDocument, given: Schema, prefix = '', depth = 0): SchemaField[] {
  const schema = resolve(document, given);
  if (depth > maxDepth) return [];
  if (schema.items !== undefined) return fieldsOf(document, schema.items, `${prefix}[].`, depth + 1);
  const parts = [...(schema.allOf ?? []), ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])];
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const field = resolve(document, value);
    const name = `${prefix}${key}`;
    const isOptional = schema.required?.includes(key) !== true;
    const inner = fieldsOf(document, field, field.items === undefined ? `${name}.` : name, depth + 1);
    const example = field.example ?? field.enum?.[0] ?? field.const;
    return [{ name, type: typeOf(field), isOptional, meaning: field.description ?? '', example }, ...inner];
  });
  return [...own, ...parts.flatMap((part) => fieldsOf(document, part, prefix, depth + 1))];
}

function typeOf({ type, format, enum: values, const: only, items, oneOf, anyOf }: Schema): string {
  if (values !== undefined) return values.map((value) => JSON.stringify(value)).join(' | ');
  if (only !== undefined) return JSON.stringify(only);
  if (items !== undefined) return `${typeOf(items)}[]`;
  if (oneOf !== undefined || anyOf !== undefined) return (oneOf ?? anyOf ?? []).map(typeOf).join(' | ');
  const name = typeof type === 'string' ? type : (type?.join(' | ') ?? 'object');
  return format === undefined ? name : `${name} (${format})`;
}

/** A command that calls an operation, with what must be filled in in capitals. */
export function exampleOf({ method, path, body, parameters }: Operation, origin: string): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const example = parameters.find((one) => one.name === name)?.example;
    return example === undefined ? name.toUpperCase() : encodeURIComponent(String(example));
  });
  const lines = [`curl -X ${method} '${origin}${filled}'`, `-H 'Authorization: Bearer KEY'`];
  const top = body.filter(({ name, isOptional }) => !isOptional && !/[.[]/.test(name));
  if (top.length > 0) {
    const sent = Object.fromEntries(top.map(({ name, example }) => [name, example ?? '…']));
    lines.push(
      `-H 'Content-Type: application/json'`,
      `-d '${JSON.stringify(sent).replaceAll("'", "'\\''")}'`,
    );
  }
  return lines.join(' \\\n  ');
}
