import { Fault } from '../fault/index.ts';
import { decodeSegment, restServiceOf, type ServiceId } from '../identifier/index.ts';

/** What the request line of a REST message says. */
export interface RestTarget {
  /** Raw, `/r1/…`, without the query. */
  readonly path: string;
  /** Raw, behind the `?`; '' when nothing stands there, undefined when there is no `?`. */
  readonly query?: string;
  readonly service: ServiceId;
  /** Raw, '' or `/…`: what is appended to the service's address. */
  readonly servicePath: string;
}

/**
 * Characters that every X-Road 7 server takes unescaped, and whole escapes. No fragment, and nothing that a
 * receiver's URI parser would refuse after we signed it.
 */
const legalPath = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*$/;
const legalQuery = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?[\]]|%[0-9A-Fa-f]{2})*$/;

/**
 * Reads `/r1/{instance}/{class}/{member}/{subsystem}/{service}[/…][?…]`.
 * @throws Fault InternalError; IdentifierError when a part does not decode
 * @see X-Road message protocol for REST, request format
 */
export function readTarget(target: string): RestTarget {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? undefined : target.slice(mark + 1);
  if (!legalPath.test(path) || (query !== undefined && !legalQuery.test(query))) {
    throw new Fault(
      'InternalError',
      'The request target holds a character or escape that is not legal in a URI',
    );
  }
  const [nothing, version, instance, memberClass, member, subsystem, service] = path.split('/', 7);
  if (nothing !== '' || version !== 'r1' || service === undefined) {
    const expected = '/r1/{instance}/{class}/{member}/{subsystem}/{service}';
    throw new Fault('InternalError', `A REST request is for ${expected}`);
  }
  const raw = [instance, memberClass, member, subsystem, service].map((part) => part ?? '');
  const addressed = `/r1/${raw.join('/')}`;
  return {
    path,
    ...(query !== undefined && { query }),
    service: restServiceOf(raw.map(decodeSegment), raw.join('/')),
    servicePath: path.slice(addressed.length),
  };
}
