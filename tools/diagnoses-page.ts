import { type Cause, causes } from '../security-server/diagnostics/index.ts';

type Language = 'en' | 'de';

/** Where the page is. */
export const diagnosesFile = 'docs/diagnoses.md';

const headings = {
  en: { title: 'In English', columns: ['Code', 'Severity', 'Cause', 'Remedy', 'Who mends it'] },
  de: { title: 'Auf Deutsch', columns: ['Code', 'Schwere', 'Ursache', 'Abhilfe', 'Wer es behebt'] },
} as const;

const lead = `# What a security server diagnoses

Everything that is known to stop exchange through a security server, or to be about to. A server looks at all of it by itself: the console shows what stands on the page *Diagnostics*, \`GET /api/v1/diagnostics\` tells programs, and \`waygate_diagnosis\` of \`/metrics\` counts by code. What is seen at the start alone is in the log of the program, with its code.

*stops*: exchange, or the part of it that is named, does not work. *will-stop*: it works, and will not for long. *warns*: exchange works without it. Where something else takes its place (another source, another authority, a status that is good for longer), a diagnosis is milder than the table says.

Made by \`npm run diagnoses\` from \`security-server/diagnostics/causes\`.
`;

/** The page of all diagnoses, made from the table that the program uses. */
export function diagnosesPage(): string {
  return `${[lead, ...(['en', 'de'] as const).map(inLanguage)].join('\n')}`;
}

function inLanguage(language: Language): string {
  const { title, columns } = headings[language];
  const groups = new Map<string, [string, Cause][]>();
  for (const entry of Object.entries<Cause>(causes)) {
    const checked = entry[1].checked[language];
    groups.set(checked, [...(groups.get(checked) ?? []), entry]);
  }
  const sections = [...groups].map(([checked, entries]) => {
    const rows = entries.map(([code, { severity, cause, remedy, who }]) =>
      row(`\`${code}\``, severity, cause[language], remedy[language], who),
    );
    return `${checked}\n\n${row(...columns)}\n|${'---|'.repeat(columns.length)}\n${rows.join('\n')}\n`;
  });
  return `## ${title}\n\n${sections.join('\n')}`;
}

function row(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
