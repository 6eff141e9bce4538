import type { ClientId } from '../../gateway/identifier/index.ts';
import { OpenApiError, outlineAside } from '../openapi/index.ts';
import { outlineWsdl, WsdlError } from '../wsdl/index.ts';
import { CatalogueError } from './error.ts';
import type { Description, Failure } from './model.ts';
import type { Questions } from './questions.ts';
import type { OfferedService } from './read-methods.ts';

const readTimeoutMs = 10_000;

/** Asks for what describes a service, and reads it. */
export async function describe(
  questions: Pick<Questions, 'openApi' | 'wsdl'>,
  client: ClientId,
  provider: ClientId,
  service: OfferedService,
): Promise<{ readonly description: Description } | { readonly error: Failure }> {
  try {
    if (service.kind === 'WSDL') {
      const bytes = await questions.wsdl(client, provider, service);
      return { description: { kind: 'WSDL', outline: outlineWsdl(bytes, service.serviceCode) } };
    }
    const bytes = await questions.openApi(client, provider, service.serviceCode);
    return { description: { kind: 'OPENAPI', outline: await outlineAside(bytes, readTimeoutMs) } };
  } catch (error) {
    return { error: failureOf(error) };
  }
}

/** @throws the error, when it is none that a question or a description has */
export function failureOf(error: unknown): Failure {
  if (error instanceof CatalogueError) return { code: error.code, text: error.message };
  if (error instanceof OpenApiError) return { code: `openapi-${error.code}`, text: error.message };
  if (error instanceof WsdlError) return { code: `wsdl-${error.code}`, text: error.message };
  throw error;
}
