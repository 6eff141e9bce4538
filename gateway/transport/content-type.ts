import { Fault } from '../fault/index.ts';

/** Media type alone: lower-case, without parameters. */
export function mediaTypeOf(contentType = ''): string {
  const end = contentType.indexOf(';');
  return (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
}

/**
 * The boundary between the parts of a multipart body.
 * @throws Fault InvalidContentType when there is none, more than one, or one no boundary may look like
 * @see RFC 2046 §5.1.1
 */
export function boundaryOf(contentType: string): string {
  const parameters = contentType.matchAll(/;\s*([^\s;=]+)\s*=\s*(?:"([^"]*)"|([^\s;"]*))/g);
  const boundaries = [...parameters]
    .filter(([, name]) => name?.toLowerCase() === 'boundary')
    .map(([, , quoted, bare]) => quoted ?? bare ?? '');
  const [boundary, another] = boundaries;
  const isBoundary = /^[A-Za-z0-9'()+_,\-./:=? ]{0,69}[A-Za-z0-9'()+_,\-./:=?]$/.test(boundary ?? '');
  if (boundary === undefined || another !== undefined || !isBoundary) {
    throw new Fault('InvalidContentType', 'A multipart content type must name exactly one boundary');
  }
  return boundary;
}
