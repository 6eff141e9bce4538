export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string | number | null;
}

/** Aligned columns under their titles: numbers to the right, nothing for null. */
export function printTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = rows.map((row) => columns.map(({ value }) => value(row)));
  const texts = cells.map((row) => row.map((cell) => (cell === null ? '' : printable(String(cell)))));
  const widths = columns.map(({ title }, at) =>
    texts.reduce((width, row) => Math.max(width, row[at]?.length ?? 0), title.length),
  );
  const isNumber = columns.map((_column, at) => cells.some((row) => typeof row[at] === 'number'));
  const line = (row: readonly string[]) =>
    row
      .map((text, at) => (isNumber[at] ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(columns.map(({ title }) => title)), ...texts.map(line)].map((text) => `${text}\n`).join('');
}

/** What strangers wrote into their messages must not steer a terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\uFFFD');
}
