const maxLength = 2_000;
/** Where to go after signing in: a page of this very site, whatever a link said; the first page when it said else. */
export function returnPathOf(wanted: string | undefined): string {
  if (wanted === undefined || wanted.length > maxLength || !isPlain(wanted)) return '/';
  return wanted;
}

/** An absolute path with a query, of characters that mean the same to every reader; two slashes would name a host. */
function isPlain(path: string): boolean {
  const [before = '', ...query] = path.split('?');
  const segments = before.split('/').slice(1);
  const isAbsolute =
    path.startsWith('/') && segments.every((part, at) => part !== '' || at === segments.length - 1);
  const hasDots = segments.some((part) => /^(\.|%2e){1,2}$/i.test(part));
  return (
    isAbsolute && !hasDots && [...segments, ...query].every((part) => /^[\w.~!$&'()*+,;=:@%/-]*$/.test(part))
  );
}
