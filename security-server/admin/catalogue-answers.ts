import type { z } from '@hono/zod-openapi';
import { printEncoded } from '../../gateway/identifier/index.ts';
import { type CatalogueService, type Description, restExample, soapExample } from '../catalogue/index.ts';
import { examplesOf } from '../example-calls/index.ts';
import { type describedServiceSchema, shownAt, showService } from './catalogue-schemas.ts';
import type { AdminContext } from './context.ts';

type Described = z.infer<typeof describedServiceSchema>;

interface AskedOperation {
  readonly method?: string | undefined;
  readonly path?: string | undefined;
}

/** @param client encoded; empty when this server has none */
export function describeService(
  context: AdminContext,
  service: CatalogueService,
  client: string,
  operation: AskedOperation,
): Described {
  const { store } = context.catalogue;
  const description = store.descriptionOf(service.id);
  const allowed = store.allowedEndpoints(service.id, client);
  const endpoints = store.endpointsOf(service.id).map(({ method, path }) => ({
    ...{ method, path },
    ...(service.mayCall !== 'unknown' && {
      mayCall: allowed?.some((one) => one.method === method && one.path === path) === true,
    }),
  }));
  const example = exampleOf(context, service, client, description, operation);
  const describedAt = shownAt(service.describedAt);
  const { descriptionError } = service;
  return {
    ...{ ...showService(service), endpoints },
    ...(client !== '' && { client }),
    ...(description !== undefined && { description: showDescription(description) }),
    ...(describedAt !== undefined && { describedAt }),
    ...(descriptionError !== undefined && { descriptionError }),
    ...(example !== undefined && { example }),
  };
}

function showDescription({ kind, outline }: Description): NonNullable<Described['description']> {
  if (kind === 'OPENAPI') return { ...outline, operations: [...outline.operations.map(showOperation)] };
  const { title, description } = outline;
  return { title, ...(description !== undefined && { description }), operations: [], omitted: 0 };
}

type Operation = Extract<Description, { kind: 'OPENAPI' }>['outline']['operations'][number];

function showOperation(operation: Operation) {
  return { ...operation, parameters: [...operation.parameters], answers: [...operation.answers] };
}

function exampleOf(
  { settings, catalogue }: AdminContext,
  service: CatalogueService,
  client: string,
  description: Description | undefined,
  asked: AskedOperation,
): Described['example'] {
  const record = settings.current().content.clients.find(({ id }) => printEncoded(id) === client);
  if (record === undefined) return undefined;
  const { connectionType, id } = record;
  const addresses = catalogue.addresses();
  const caller = {
    ...{ connectionType, client: id },
    server: connectionType === 'NOSSL' ? addresses.http : addresses.https,
  };
  if (service.kind === 'WSDL') {
    const outline = description?.kind === 'WSDL' ? description.outline : undefined;
    const { method, body = '', headers, ...call } = soapExample(caller, service, outline);
    const calls = examplesOf({ ...call, method, body, headers });
    return { method, body, calls: [...calls] };
  }
  const choices: readonly (Operation | { readonly method: string; readonly path: string })[] =
    description?.kind === 'OPENAPI'
      ? description.outline.operations
      : catalogue.store.endpointsOf(service.id);
  const chosen =
    choices.find(({ method, path }) => method === asked.method && path === asked.path) ?? choices[0];
  const call = restExample(caller, service, chosen);
  const { method, path, contentType, body } = call;
  return {
    ...{ method, path },
    ...(contentType !== undefined && { contentType }),
    ...(body !== undefined && { body }),
    calls: [...examplesOf(call)],
  };
}
