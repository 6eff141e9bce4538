import { Field, type FormProblem, type Values, type Visit } from '../../../gateway/console/index.ts';
import { textsOf } from './texts.ts';

/** Octets of a form with the file of a description; the API judges the file itself. */
export const maxFileForm = 11 * 1024 * 1024;
/** The same once the description travels as base64, and escaped. */
export const maxDocumentForm = 24 * 1024 * 1024;

/** Where a description is read: a file, or an address. */
export function SourceFields({
  visit,
  values,
  problems,
  accept,
}: {
  readonly visit: Visit;
  readonly values: Values;
  readonly problems: readonly FormProblem[];
  readonly accept: string;
}) {
  const t = textsOf(visit);
  return (
    <>
      <Field
        name="document"
        type="file"
        label={t.file}
        hint={t.fileHint}
        problems={problems}
        accept={accept}
        isOptional
      />
      <Field
        name="url"
        type="url"
        label={t.sourceUrl}
        hint={t.sourceUrlHint}
        {...{ values, problems }}
        maxLength={2_000}
        isOptional
      />
    </>
  );
}

/** A file of a form as base64; undefined when none was chosen. */
export async function fileOf(form: FormData, name: string): Promise<string | undefined> {
  const file = form.get(name);
  if (!(file instanceof File) || file.size === 0) return undefined;
  return Buffer.from(await file.arrayBuffer()).toString('base64');
}
