/** A column of a table that is taken away. */
export interface TextColumn<Row> {
  readonly key: string;
  readonly text: (row: Row) => string;
}

/**
 * Rows as RFC 4180 CSV in UTF-8 with a byte order mark, which spreadsheets need to read it as such. A cell that a
 * spreadsheet would run as a formula is written as text.
 * @see OWASP, CSV injection
 */
export function toCsv<Row>(columns: readonly TextColumn<Row>[], rows: readonly Row[]): string {
  const lines = [
    columns.map(({ key }) => cell(key)),
    ...rows.map((row) => columns.map(({ text }) => cell(text(row)))),
  ];
  return `\uFEFF${lines.map((line) => `${line.join(',')}\r\n`).join('')}`;
}

export function toJson<Row>(columns: readonly TextColumn<Row>[], rows: readonly Row[]): string {
  const objects = rows.map((row) => Object.fromEntries(columns.map(({ key, text }) => [key, text(row)])));
  return `${JSON.stringify(objects, null, 2)}\n`;
}

/** Full-width forms of the signs start formulas in some spreadsheets as well. */
const startsFormula = /^[\s]*[=+\-@\uFF0B\uFF0D\uFF1D\uFF20]|^[\t\r\n]/;

function cell(text: string): string {
  const safe = startsFormula.test(text) ? `'${text}` : text;
  return /[",\r\n;]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
