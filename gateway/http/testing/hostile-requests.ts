import fc from 'fast-check';

/** What a description says of a value, as far as it is looked at here. @see JSON Schema 2020-12 */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly example?: unknown;
}
export type Schemas = Readonly<Record<string, Schema>>;

/** What broke others: terminators, half characters, paths, queries, prototypes, numbers that are none, and length. */
const nastyTexts = [
  ...['', ' ', '\0', 'a\0b', 'a\nb', 'a\r\nx: y', '\ud800', '\u202eabc', '\ufeff', 'İ', 'ﬃ', '🦊'.repeat(40)],
  ...[
    '..',
    '../../etc/passwd',
    'a/b',
    '%2e%2e%2f',
    '%',
    '%00',
    'C:\\x',
    "'; DROP TABLE member; --",
    '" OR 1=1',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',

    '{{x}}',
    '<script>',
    '<!DOCTYPE a [<!ENTITY b SYSTEM "c">]>',
  ],
  ...['1e309', '-0', 'NaN', '9'.repeat(400), '0x10', '2026-02-30T25:61:61Z', '+275760-09-13T00:00:00Z'],
  ...['http://', 'https://[::1', 'http://a:99999/', 'http://a b/', 'file:///etc/passwd', 'javascript:0'],
  ...[
    'A:B',
    'A:B:C:D:E:F',
    ':::',
    'TEST:GOV:%00',
    'TEST:GOV:..',
    'TEST:GOV:1:🦊',
    'LOCALGROUP:',
    'x'.repeat(20_000),
  ],
  ...['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', '-----BEGIN CERTIFICATE-----'],
];
/** Those that reach furthest: forms take them, and what lies behind may not. */
const worstTexts = ['\0', 'a\0b', '\ud800', 'a\nb', '..', '%00', '__proto__', '9'.repeat(400)];
const nastyText = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...worstTexts) },
  { weight: 1, arbitrary: fc.constantFrom(...nastyTexts) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 50 }) },
);
const nastyNumber = fc.oneof(
  fc.constantFrom(0, -0, -1, 1.5, 2 ** 31, 2 ** 53, -(2 ** 63), 1e21, 1e308, Number.MIN_VALUE),
  fc.integer(),
);
const anything: fc.Arbitrary<unknown> = fc.oneof(
  nastyText,
  nastyNumber,
  fc.constantFrom(null, true, false, [], {}, [[]], { a: 1 }, [null]),
  fc.constant(JSON.parse('{"__proto__":{"isAdmin":true},"constructor":1}') as unknown),
);

/** Values near those that a schema describes: most fit its form and hold strange texts, the others fit nothing. */
export function nearly(schema: Schema, all: Schemas): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 3, arbitrary: fitting(schema, all, 0, false) },
    { weight: 1, arbitrary: orAnything(schema, all, 0) },
  );
}

function orAnything(schema: Schema, all: Schemas, depth: number): fc.Arbitrary<unknown> {
  if (depth > 8) return anything;
  const near = fitting(schema, all, depth, true);
  return fc.oneof({ weight: 5, arbitrary: near }, { weight: 1, arbitrary: anything });
}

/** @param isLoose whether what is within may be anything */
function fitting(schema: Schema, all: Schemas, depth: number, isLoose: boolean): fc.Arbitrary<unknown> {
  const within = (inner: Schema) => {
    if (isLoose) return orAnything(inner, all, depth + 1);
    return depth > 8 ? fc.constant(null) : fitting(inner, all, depth + 1, false);
  };
  const named = schema.$ref?.split('/').at(-1);
  if (named !== undefined) return within(all[named] ?? {});
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (choices !== undefined) return fc.oneof(...choices.map((choice) => within(choice)));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const type = typeof schema.type === 'string' ? schema.type : schema.type?.[0];
  if (type === 'object' || schema.properties !== undefined) {
    const fields = Object.entries(schema.properties ?? {}).map(
      ([name, field]) => [name, within(field)] as const,
    );
    const record = fc.record(Object.fromEntries(fields));
    // Most keep every field, so that what lies behind the check of the form is reached.
    return fc.oneof(
      { weight: 4, arbitrary: record },
      { weight: 1, arbitrary: fc.record(Object.fromEntries(fields), { requiredKeys: [] }) },
    );
  }
  if (type === 'array') return fc.array(within(schema.items ?? {}), { maxLength: 4 });
  if (type === 'boolean') return fc.boolean();
  if (type === 'integer' || type === 'number') {
    return fc.oneof({ weight: 2, arbitrary: fc.nat(100_000) }, { weight: 1, arbitrary: nastyNumber });
  }
  const examples = [schema.example ?? 'a', 'TEST:GOV:1', 'TEST:GOV:1:a', 'https://a.example/', '127.0.0.1'];
  return fc.oneof(fc.constantFrom(...examples), nastyText);
}

/** A value of a path or a query, on the wire: encoded, or written so that decoding it fails. */
export function nearlySegment(schema: Schema): fc.Arbitrary<string> {
  const encoded = fitting(schema, {}, 0, false).map((value) =>
    encodeURIComponent(Buffer.from(String(value)).toString()),
  );
  // Longer ones end at the listener; those of dots alone are another path.
  const taken = encoded.filter((text) => text.length < 4_000 && !/^\.{0,2}$/.test(text));
  const broken = fc.constantFrom('%', '%ff', '%00', '%c0%ae', '%ED%A0%80', '..%2f..', '%2e%2e', ';', '*');
  return fc.oneof({ weight: 5, arbitrary: taken }, { weight: 1, arbitrary: broken });
}
