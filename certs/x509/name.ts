import {
  asOid,
  asSequence,
  asSet,
  asText,
  type DerNode,
  oid,
  printableString,
  readDer,
  sequence,
  setOf,
  utf8String,
} from '../der/index.ts';
import { CertificateError } from './error.ts';

/** Short names that people and profiles use. */
const attributeOids = {
  CN: '2.5.4.3',
  serialNumber: '2.5.4.5',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  STREET: '2.5.4.9',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  businessCategory: '2.5.4.15',
  organizationIdentifier: '2.5.4.97',
  DC: '0.9.2342.19200300.100.1.25',
  UID: '0.9.2342.19200300.100.1.1',
} as const;

export type AttributeName = keyof typeof attributeOids;

/** Keywords of RFC 2253 §2.3; every other attribute is printed with its OID and the hex of its value. */
const rfc2253Keywords: ReadonlyMap<string, string> = new Map(
  (['CN', 'L', 'ST', 'O', 'OU', 'C', 'STREET', 'DC', 'UID'] as const).map((name) => [
    attributeOids[name],
    name,
  ]),
);

interface Attribute {
  readonly oid: string;
  readonly value: string;
  readonly valueDer: Buffer;
}

export interface DistinguishedName {
  readonly der: Buffer;
  /** In encoded order. */
  readonly attributes: readonly { readonly oid: string; readonly value: string }[];
  /** Value of the first attribute of that kind, by short name or dotted OID. */
  first(attribute: AttributeName | (string & {})): string | undefined;
  /** RFC 2253: last RDN first, unknown attributes as `2.5.4.5=#130…`. */
  toString(): string;
  /** For people: in encoded order, attributes by their short names as far as they have one; no other program reads it. */
  describe(): string;
}

/** @throws CertificateError malformed, DerError */
export function readName(node: DerNode): DistinguishedName {
  const rdns = asSequence(node).map((rdn) => asSet(rdn).map(readAttribute));
  if (rdns.some((rdn) => rdn.length === 0))
    throw new CertificateError('malformed', 'a name has an empty RDN');
  const attributes = rdns.flat();
  return {
    der: node.raw,
    attributes,
    first: (attribute) => {
      const wanted = Object.hasOwn(attributeOids, attribute)
        ? attributeOids[attribute as AttributeName]
        : attribute;
      return attributes.find((one) => one.oid === wanted)?.value;
    },
    toString: () =>
      rdns
        .map((rdn) => rdn.map(printAttribute).join('+'))
        .reverse()
        .join(','),
    describe: () => attributes.map(describeAttribute).join(', '),
  };
}

function readAttribute(node: DerNode): Attribute {
  const [type, value] = asSequence(node);
  if (value === undefined) throw new CertificateError('malformed', 'a name attribute has no value');
  return { oid: asOid(type), value: asText(value), valueDer: value.raw };
}

function printAttribute({ oid: type, value, valueDer }: Attribute): string {
  const keyword = rfc2253Keywords.get(type);
  if (keyword === undefined) return `${type}=#${valueDer.toString('hex')}`;
  const escaped = value
    .replace(/[,+"\\<>;=#]/g, '\\$&')
    .replace(/^ /, '\\ ')
    .replace(/ $/, '\\ ');
  return `${keyword}=${escaped}`;
}

const shortNames: ReadonlyMap<string, string> = new Map(
  Object.entries(attributeOids).map(([name, type]) => [type, name]),
);

function describeAttribute({ oid: type, value }: Attribute): string {
  return `${shortNames.get(type) ?? type}=${value.replace(/[,\\=]/g, '\\$&')}`;
}

/**
 * Builds a name with one attribute per RDN, in the order given.
 * @param attributes e.g. `{ C: 'FI', O: 'City of Rivertown', CN: 'ss1' }`; undefined values are left out
 */
export function buildName(
  attributes: Readonly<Partial<Record<AttributeName, string | undefined>>>,
): DistinguishedName {
  const rdns = Object.entries(attributes).flatMap(([name, value]) =>
    value === undefined
      ? []
      : [setOf(sequence(oid(attributeOids[name as AttributeName]), attributeValue(name, value)))],
  );
  return readName(readDer(sequence(...rdns)));
}

function attributeValue(name: string, value: string): Buffer {
  // X.520 wants these two as PrintableString; a value that does not fit goes as UTF-8 rather than be altered.
  const printable = name === 'C' || name === 'serialNumber';
  return printable && /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(value) ? printableString(value) : utf8String(value);
}
