import { isIP } from 'node:net';
import { Problem, problemResponse } from './problem.ts';

/** Answers a request. @param env what the listener knows of the connection */
export type Fetch = (request: Request, env?: object) => Response | Promise<Response>;

const loopbackNames = new Set(['localhost', 'ip6-localhost']);
/** A name and perhaps a port, or an address in brackets; nothing else, so that no header can be two. */
const hostPattern = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i;

/**
 * Answers requests for this host alone. A page of another site can make a name of its own lead to a loopback address,
 * and a browser would then take us for that site: so names count that we were told of. Addresses always do, for nobody
 * can make those lead elsewhere.
 * @param places names or URLs by which people reach the listener, besides addresses and the loopback's
 * @see DNS rebinding
 */
export function onlyForHosts(places: readonly (string | undefined)[], fetch: Fetch): Fetch {
  const known = new Set(places.flatMap((place) => (place === undefined ? [] : [nameOf(place)])));
  return (request, env) => {
    const host = request.headers.get('host') ?? new URL(request.url).host;
    if (isKnown(host, known)) return fetch(request, env);
    const detail =
      'This listener has other names: ask for it by its address, or name it with the setting adminUrl';
    return problemResponse(new Problem(421, 'host-not-allowed', detail));
  };
}

function nameOf(place: string): string {
  return (URL.canParse(place) ? new URL(place).hostname : place).toLowerCase();
}

function isKnown(host: string, names: ReadonlySet<string>): boolean {
  const name = hostPattern.exec(host)?.[1]?.toLowerCase();
  if (name === undefined) return false;
  const bare = name.replace(/^\[|\]$/g, '');
  return isIP(bare) !== 0 || loopbackNames.has(bare) || names.has(bare);
}
