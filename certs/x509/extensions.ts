import { isIPv4, isIPv6 } from 'node:net';
import {
  asBitString,
  asBoolean,
  asOctetString,
  asOid,
  asSequence,
  asSmallInteger,
  bitString,
  boolean,
  type DerNode,
  implicit,
  integer,
  isContext,
  octetString,
  oid,
  readDer,
  sequence,
  tags,
} from '../der/index.ts';
import { CertificateError } from './error.ts';

const keyUsageBits = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;

export type KeyUsage = (typeof keyUsageBits)[number];

/** Extended key usages used here. */
export const extendedKeyUsages = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  ocspSigning: '1.3.6.1.5.5.7.3.9',
} as const;

export interface BasicConstraints {
  readonly ca: boolean;
  readonly pathLength?: number;
}

/** What the extensions of a certificate say, as far as this program acts on it. */
export interface Extensions {
  readonly keyUsage?: ReadonlySet<KeyUsage>;
  readonly extendedKeyUsage?: readonly string[];
  readonly basicConstraints?: BasicConstraints;
  /** DNS names and IP addresses. */
  readonly subjectAltNames: readonly string[];
  /** By which the issuer's key is told from others of its name. */
  readonly authorityKeyIdentifier?: Buffer;
  /** OCSP addresses of the authority information access. */
  readonly ocspUrls: readonly string[];
  /** Critical extensions this program does not act on: a certificate with one may not be relied on. */
  readonly unknownCritical: readonly string[];
}

const ids = {
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  certificatePolicies: '2.5.29.32',
  extendedKeyUsage: '2.5.29.37',
  subjectKeyIdentifier: '2.5.29.14',
  authorityKeyIdentifier: '2.5.29.35',
  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
  ocsp: '1.3.6.1.5.5.7.48.1',
  ocspNoCheck: '1.3.6.1.5.5.7.48.1.5',
} as const;

/** @param node the SEQUENCE OF Extension @see RFC 5280 §4.2 */
export function readExtensions(node: DerNode): Extensions {
  const values = new Map<string, Buffer>();
  const unknownCritical: string[] = [];
  const known: readonly string[] = Object.values(ids);
  for (const extension of asSequence(node)) {
    const fields = asSequence(extension);
    const id = asOid(fields[0]);
    const critical = fields[1]?.tag === tags.boolean && asBoolean(fields[1]);
    const value = asOctetString(fields[fields[1]?.tag === tags.boolean ? 2 : 1]);
    if (values.has(id)) throw new CertificateError('malformed', `extension ${id} occurs twice`);
    values.set(id, value);
    if (critical && !known.includes(id)) unknownCritical.push(id);
  }
  const keyUsage = values.get(ids.keyUsage);
  const extendedKeyUsage = values.get(ids.extendedKeyUsage);
  const basicConstraints = values.get(ids.basicConstraints);
  const subjectAltName = values.get(ids.subjectAltName);
  const authorityInfoAccess = values.get(ids.authorityInfoAccess);
  const authorityKeyIdentifier = values.get(ids.authorityKeyIdentifier);
  return {
    ...(keyUsage !== undefined && { keyUsage: readKeyUsage(readDer(keyUsage)) }),
    ...(extendedKeyUsage !== undefined && {
      extendedKeyUsage: asSequence(readDer(extendedKeyUsage)).map(asOid),
    }),
    ...(basicConstraints !== undefined && {
      basicConstraints: readBasicConstraints(readDer(basicConstraints)),
    }),
    subjectAltNames: subjectAltName === undefined ? [] : readAltNames(readDer(subjectAltName)),
    ...(authorityKeyIdentifier !== undefined && readKeyIdentifier(readDer(authorityKeyIdentifier))),
    ocspUrls: authorityInfoAccess === undefined ? [] : readOcspUrls(readDer(authorityInfoAccess)),
    unknownCritical,
  };
}

function readKeyUsage(node: DerNode): ReadonlySet<KeyUsage> {
  const { bytes } = asBitString(node);
  return new Set(keyUsageBits.filter((_name, bit) => ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0));
}

function readBasicConstraints(node: DerNode): BasicConstraints {
  const fields = asSequence(node);
  const ca = fields[0]?.tag === tags.boolean && asBoolean(fields[0]);
  const pathLength = fields.find((field) => field.tag === tags.integer);
  return { ca, ...(pathLength !== undefined && { pathLength: asSmallInteger(pathLength) }) };
}

/** Only DNS names and IP addresses are of use here; other kinds of names are passed over. */
function readAltNames(node: DerNode): string[] {
  return asSequence(node).flatMap((name) => {
    if (name.tag === 0x82) return [name.content.toString('latin1')];
    if (name.tag !== 0x87) return [];
    if (name.content.length === 4) return [[...name.content].join('.')];
    if (name.content.length !== 16) throw new CertificateError('malformed', 'IP address of a strange length');
    return [(name.content.toString('hex').match(/.{4}/g) ?? []).join(':')];
  });
}

/** Of the ways to name a key, only its identifier is of use here. */
function readKeyIdentifier(node: DerNode): Pick<Extensions, 'authorityKeyIdentifier'> {
  const [identifier] = asSequence(node);
  return isContext(identifier, 0) ? { authorityKeyIdentifier: identifier.content } : {};
}

function readOcspUrls(node: DerNode): string[] {
  return asSequence(node).flatMap((description) => {
    const [method, location] = asSequence(description);
    return asOid(method) === ids.ocsp && isContext(location, 6) ? [location.content.toString('latin1')] : [];
  });
}

export interface ExtensionsToWrite {
  readonly keyUsage?: readonly KeyUsage[];
  readonly extendedKeyUsage?: readonly string[];
  /** RFC 3161 §2.3 wants the usage of a timestamping authority critical. */
  readonly extendedKeyUsageCritical?: boolean;
  readonly basicConstraints?: BasicConstraints;
  readonly subjectAltNames?: readonly string[];
  readonly ocspUrl?: string;
  /** For an OCSP responder: its own status need not be asked for. @see RFC 6960 §4.2.2.2.1 */
  readonly ocspNoCheck?: boolean;
  /** SHA-1 of the subject's and the issuer's public key bits. */
  readonly subjectKeyIdentifier?: Buffer;
  readonly authorityKeyIdentifier?: Buffer;
}

/** SEQUENCE OF Extension. */
export function writeExtensions(wanted: ExtensionsToWrite): Buffer {
  const written: Buffer[] = [];
  const add = (id: string, value: Buffer, critical = false) => {
    written.push(sequence(oid(id), ...(critical ? [boolean(true)] : []), octetString(value)));
  };
  const { basicConstraints } = wanted;
  if (basicConstraints !== undefined) {
    const { ca, pathLength } = basicConstraints;
    const fields = [
      ...(ca ? [boolean(true)] : []),
      ...(pathLength === undefined ? [] : [integer(pathLength)]),
    ];
    add(ids.basicConstraints, sequence(...fields), true);
  }
  if (wanted.keyUsage !== undefined) add(ids.keyUsage, writeKeyUsage(wanted.keyUsage), true);
  if (wanted.extendedKeyUsage !== undefined) {
    add(
      ids.extendedKeyUsage,
      sequence(...wanted.extendedKeyUsage.map((usage) => oid(usage))),
      wanted.extendedKeyUsageCritical ?? false,
    );
  }
  if (wanted.subjectAltNames !== undefined && wanted.subjectAltNames.length > 0) {
    add(ids.subjectAltName, writeAltNames(wanted.subjectAltNames));
  }
  if (wanted.ocspUrl !== undefined) {
    const location = implicit(6, Buffer.from(wanted.ocspUrl, 'latin1'));
    add(ids.authorityInfoAccess, sequence(sequence(oid(ids.ocsp), location)));
  }
  if (wanted.ocspNoCheck) add(ids.ocspNoCheck, Buffer.from([0x05, 0x00]));
  if (wanted.subjectKeyIdentifier !== undefined) {
    add(ids.subjectKeyIdentifier, octetString(wanted.subjectKeyIdentifier));
  }
  if (wanted.authorityKeyIdentifier !== undefined) {
    add(ids.authorityKeyIdentifier, sequence(implicit(0, wanted.authorityKeyIdentifier)));
  }
  return sequence(...written);
}

function writeKeyUsage(usages: readonly KeyUsage[]): Buffer {
  let bits = 0;
  for (const usage of usages) bits |= 0x8000 >> keyUsageBits.indexOf(usage);
  const bytes = (bits & 0xff) === 0 ? [bits >> 8] : [bits >> 8, bits & 0xff];
  const last = bytes[bytes.length - 1] ?? 0;
  // X.690 §11.2.2: trailing zero bits of a named bit list are left out.
  const unused = last === 0 ? 0 : 31 - Math.clz32(last & -last);
  return bitString(Buffer.from(bytes), unused);
}

/** GeneralNames of DNS names and IP addresses. */
function writeAltNames(names: readonly string[]): Buffer {
  return sequence(
    ...names.map((name) => {
      if (isIPv4(name)) return implicit(7, Buffer.from(name.split('.').map(Number)));
      if (isIPv6(name)) return implicit(7, ipv6Bytes(name));
      return implicit(2, Buffer.from(name, 'latin1'));
    }),
  );
}

function ipv6Bytes(address: string): Buffer {
  const groups = (text: string | undefined) => (text === undefined || text === '' ? [] : text.split(':'));
  const [head, tail] = address.split('::');
  const front = groups(head);
  const back = groups(tail);
  const zeros: string[] = new Array(8 - front.length - back.length).fill('0');
  const all = tail === undefined ? front : [...front, ...zeros, ...back];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}
