/**
 * A text as TypeScript, Python and Java all write it. Other than ASCII is escaped: what looks alike need not be the
 * same, and Java reads a file in whatever charset its platform has.
 */
export function literal(text: string): string {
  return JSON.stringify(text).replace(/[^ -~]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** Python joins no halves of a character that stand as two escapes. */
export function pythonLiteral(text: string): string {
  return JSON.stringify(text).replace(/[^ -~]/gu, (character) => {
    return `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`;
  });
}
