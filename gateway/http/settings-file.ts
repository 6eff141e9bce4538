import { readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { type ZodObject, type ZodRawShape, z } from 'zod';

/** A setting that stops the start: says which one, what was expected and where it was set. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

export interface SettingsSources {
  /** YAML or JSON file; none when undefined. */
  readonly file: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** `WAYGATE_SERVER` takes `peerPort` from `WAYGATE_SERVER_PEER_PORT`. */
  readonly prefix: string;
  /** From the command line; they win over the environment, which wins over the file. */
  readonly overrides?: Readonly<Record<string, unknown>>;
}

/**
 * Reads a program's settings from one file, the environment and the command line under one flat schema.
 * @throws SettingsError
 */
export function loadSettings<Shape extends ZodRawShape>(
  schema: ZodObject<Shape>,
  { file, environment, prefix, overrides = {} }: SettingsSources,
): z.infer<ZodObject<Shape>> {
  const values: Record<string, unknown> = file === undefined ? {} : readFile(file);
  const sources = new Map(Object.keys(values).map((name) => [name, file ?? '']));
  for (const name of Object.keys(schema.shape)) {
    const variable = `${prefix}_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`;
    const value = environment[variable];
    if (value === undefined) continue;
    values[name] = value;
    sources.set(name, variable);
  }
  for (const [name, value] of Object.entries(overrides)) {
    if (value === undefined) continue;
    values[name] = value;
    sources.set(name, `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
  }
  const result = z.safeParse(schema.strict(), values);
  if (result.success) return result.data as z.infer<ZodObject<Shape>>;
  const sentences = result.error.issues.map(({ path, message, code, ...more }) => {
    if (code === 'unrecognized_keys') {
      const keys = 'keys' in more ? (more.keys as string[]) : [];
      return `${file}: there is no setting called ${keys.map((key) => `'${key}'`).join(', ')}`;
    }
    const name = String(path[0]);
    const source = sources.get(name);
    return source === undefined ? `${name} is not set: ${message}` : `${name} (set by ${source}): ${message}`;
  });
  throw new SettingsError(sentences.join('\n'));
}

function readFile(file: string): Record<string, unknown> {
  let content: unknown;
  try {
    content = parseYaml(readFileSync(file, 'utf8'), { maxAliasCount: 0 });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SettingsError(`${file} cannot be read as YAML or JSON: ${reason}`, { cause });
  }
  if (content === null || content === undefined) return {};
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new SettingsError(`${file} is expected to hold \`name: value\` lines`);
  }
  return { ...content };
}
