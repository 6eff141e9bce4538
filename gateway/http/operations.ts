import type { OpenAPIHono, RouteConfig } from '@hono/zod-openapi';
import type { Allowance } from './principal.ts';

interface Operation {
  readonly method: string;
  /** Of the path; parameters begin with `{`. */
  readonly segments: readonly string[];
  readonly isOpen: boolean;
  readonly maxBodyBytes: number | undefined;
}

/** Said by an operation that takes larger bodies than others do, such as files. */
export interface BodyRoom {
  readonly 'x-max-body-bytes': number;
}

/** For `createRoute`: octets that a body of this operation may have. */
export function takesUpTo(octets: number): BodyRoom {
  return { 'x-max-body-bytes': octets };
}

/** What an API can be asked, as it is added to it. */
export class Operations {
  readonly #all: Operation[] = [];

  /** Lets no operation into the API that does not say who may. */
  static of(app: OpenAPIHono): Operations {
    const operations = new Operations();
    const add = app.openapi.bind(app) as (...rest: unknown[]) => unknown;
    const addChecked = (route: RouteConfig, ...rest: unknown[]): unknown => {
      const { method, path } = route;
      const allowed = (route as Partial<Allowance>)['x-roles'];
      if (allowed === undefined)
        throw new Error(`${method} ${path} does not say who may: spread allow(…) into it`);
      const segments = path.split('/');
      const maxBodyBytes = (route as Partial<BodyRoom>)['x-max-body-bytes'];
      const isOpen = allowed.length === 0;
      operations.#all.push({ method: method.toUpperCase(), segments, isOpen, maxBodyBytes });
      return add(route, ...rest);
    };
    app.openapi = addChecked as typeof app.openapi;
    return operations;
  }

  /** Whether nobody needs to sign in for it. @param path as it was asked for */
  isOpen(method: string, path: string): boolean {
    return this.#at(path).some((one) => one.method === method && one.isOpen);
  }

  /** Octets that an operation takes, when it says so. @param path as it was asked for */
  maxBodyBytesOf(method: string, path: string): number | undefined {
    return this.#at(path).find((one) => one.method === method && one.maxBodyBytes !== undefined)
      ?.maxBodyBytes;
  }

  /** Whether it can be read and put anew or removed, all at the same path. @param path as it was asked for */
  isEdited(path: string): boolean {
    const methods = this.methodsOf(path);
    return methods.includes('GET') && (methods.includes('PUT') || methods.includes('DELETE'));
  }

  /** In alphabetical order; none when there is no such path. @param path as it was asked for */
  methodsOf(path: string): string[] {
    return [...new Set(this.#at(path).map(({ method }) => method))].sort();
  }

  #at(path: string): Operation[] {
    const asked = path.split('/');
    return this.#all.filter(
      ({ segments }) =>
        segments.length === asked.length &&
        segments.every((segment, index) => segment.startsWith('{') || segment === asked[index]),
    );
  }
}
