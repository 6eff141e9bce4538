/**
 * Whether an endpoint's path pattern covers a path, whole and case-sensitively: `*` is any run without `/`,
 * `**` any run at all, `\*` and `\\` are the characters themselves. A request without service path is covered
 * by `**` alone.
 * Takes time in proportion to pattern × path at worst, whatever the pattern.
 * @param path normalised service path, '' when there is none
 * @see X-Road security architecture, service endpoints
 */
export function matchesPath(glob: string, path: string): boolean {
  if (/^\*{2,}$/.test(glob)) return true;
  if (path === '') return false;
  if (!/[*\\]/.test(glob)) return glob === path;
  const tokens = tokensOf(glob);
  // Positions of the pattern reachable after the characters read so far.
  let reachable = closure(new Set([0]), tokens);
  for (const character of path) {
    const next = new Set<number>();
    for (const position of reachable) {
      const token = tokens[position];
      if (token === undefined) continue;
      if (token.kind === 'literal') {
        if (token.character === character) next.add(position + 1);
      } else if (token.kind === 'anything' || character !== '/') {
        next.add(position);
      }
    }
    if (next.size === 0) return false;
    reachable = closure(next, tokens);
  }
  return reachable.has(tokens.length);
}

type Token =
  | { readonly kind: 'literal'; readonly character: string }
  | { readonly kind: 'segment' }
  | { readonly kind: 'anything' };

function tokensOf(glob: string): Token[] {
  const pieces = glob.match(/\\[*\\]|\*+|./gsu) ?? [];
  return pieces.map((piece): Token => {
    if (piece === '*') return { kind: 'segment' };
    if (piece.startsWith('*')) return { kind: 'anything' };
    return {
      kind: 'literal',
      character: piece.length === 2 && piece.startsWith('\\') ? piece.slice(1) : piece,
    };
  });
}

/** A run may be empty, so the position behind a star is reachable wherever the star is. */
function closure(positions: Set<number>, tokens: readonly Token[]): Set<number> {
  for (const position of positions) {
    const token = tokens[position];
    if (token !== undefined && token.kind !== 'literal') positions.add(position + 1);
  }
  return positions;
}
