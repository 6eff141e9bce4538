const maxTextLength = 4_000;
const maxLineLength = 300;

/**
 * Characters that would make a text other than it looks: controls, and those that turn the direction of writing, behind
 * which a line can hide what it says when somebody copies it.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to take out
const deceptive = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g;

/** A stranger's text of several lines, cut to what somebody reads; undefined when it is none. */
export function textIn(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value
    .slice(0, 2 * maxTextLength)
    .replaceAll('\r\n', '\n')
    .replace(deceptive, '')
    .trim()
    .slice(0, maxTextLength)
    .replace(/\p{Surrogate}/gu, '\ufffd');
  return text === '' ? undefined : text;
}

/** The same on one line. YAML reads a version such as 1.0 without quotes as a number. */
export function lineIn(value: unknown): string | undefined {
  const text = textIn(typeof value === 'number' ? String(value) : value);
  return text
    ?.replace(/\s+/g, ' ')
    .slice(0, maxLineLength)
    .replace(/\p{Surrogate}/gu, '\ufffd');
}
