/** What ends a line, moves the cursor, or turns the order of what follows, in some reader of lines. */
const unruly = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A text of strangers on the one line that it is given: what could pretend to be another stands escaped. */
export function oneLine(text: string): string {
  return text.replace(unruly, (character) =>
    character === '\n' ? '\\n' : `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}
