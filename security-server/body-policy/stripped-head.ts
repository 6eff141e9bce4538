import { printRest, type ServiceId } from '../../gateway/identifier/index.ts';

/**
 * What is kept of a head whose message is kept as a digest only.
 * REST: first line, path of the service without what the client asked of it, and the headers of X-Road. SOAP: the
 * envelope with its Body emptied; nothing when no Body can be told from the rest.
 * @see WIRE §6.1
 */
export function strippedHead({
  head,
  protocol,
  service,
}: {
  readonly head: Buffer;
  readonly protocol: 'rest' | 'soap';
  readonly service: ServiceId;
}): Buffer {
  // One character an octet: nothing is read as another character than it is, and what stays stays as it was.
  const text = head.toString('latin1');
  return Buffer.from(protocol === 'rest' ? stripRest(text, service) : stripSoap(text), 'latin1');
}

function stripRest(text: string, service: ServiceId): string {
  const [first = '', second = '', ...headers] = text.split('\r\n');
  // A request has its path in the second line, where a response has its first header.
  const path = second.startsWith('/') ? [`/r1/${printRest(service)}`] : [];
  const lines = path.length > 0 ? headers : [second, ...headers];
  return [first, ...path, ...lines.filter((line) => /^x-road-/i.test(line)), ''].join('\r\n');
}

/**
 * From the first tag that may open the Body to the last that may close it: where a comment pretends to be either,
 * more goes, never less.
 */
function stripSoap(text: string): string {
  const open = /<(?:[\w.-]+:)?Body(?:\s[^>]*)?>/.exec(text);
  const close = [...text.matchAll(/<\/(?:[\w.-]+:)?Body\s*>/g)].at(-1);
  if (open === null) return '';
  const end = open.index + open[0].length;
  return close === undefined || close.index < end
    ? text.slice(0, end)
    : text.slice(0, end) + text.slice(close.index);
}
