import { buildName } from '../../certs/x509/index.ts';
import { attributeOids, type CertificateProfile, type Field, type Form } from './definition.ts';
import { readMember } from './read-member.ts';

type AttributeName = keyof typeof attributeOids;

/** Attributes of a subject by their short names, in the order in which they are written. */
type Subject = Partial<Record<AttributeName, string>>;

interface SubjectWanted {
  readonly use: 'signing' | 'authentication';
  readonly instance: string;
  readonly memberClass: string;
  readonly memberCode: string;
  /** For people. */
  readonly memberName: string;
  readonly serverCode: string;
  /** Host name or IP address of the server, for authentication. */
  readonly address: string;
}

const order: readonly AttributeName[] = [
  'C',
  'O',
  'OU',
  'organizationIdentifier',
  'businessCategory',
  'serialNumber',
  'CN',
];

/**
 * A subject that a profile reads as a member: the first form in which that can be written. A certificate for
 * authentication is read by nobody; its subject says whose server it is, in the attributes of the same form.
 * @param forms none: of a profile that is not known here
 * @returns undefined when no form can be written from what is known: the subject is to be entered by hand
 */
export function writeSubject(forms: CertificateProfile['forms'], wanted: SubjectWanted): Subject | undefined {
  for (const form of forms) {
    const subject = writeForm(form, wanted);
    if (subject === undefined) continue;
    if (wanted.use === 'authentication') return ordered(ofServer(subject, form, wanted));
    const { member } = readMember({ forms }, buildName(subject), wanted.instance);
    const { instance, memberClass, memberCode } = wanted;
    const isRead =
      member?.instance === instance && member.memberClass === memberClass && member.memberCode === memberCode;
    if (isRead) return ordered(subject);
  }
  return undefined;
}

function writeForm(form: Form, wanted: SubjectWanted): Subject | undefined {
  const values = new Map<string, string>();
  for (const field of ['memberClass', 'instance', 'memberCode'] as const) {
    if (!put(values, form[field], wanted[field], wanted)) return undefined;
  }
  for (const { attribute, equals, startsWith } of [...form.shownBy, ...(form.needs ?? [])]) {
    if (values.has(attribute)) continue;
    const value = equals ?? (attribute === 'O' ? wanted.memberName : undefined);
    // What it has to be nobody here knows, such as the number of a server in a book of the authority.
    if (value === undefined || (startsWith !== undefined && !value.startsWith(startsWith))) return undefined;
    values.set(attribute, value);
  }
  if (!values.has('O')) values.set('O', wanted.memberName);
  if (!values.has('CN')) values.set('CN', wanted.use === 'signing' ? wanted.memberName : wanted.address);
  if ([...values.keys()].some((name) => !Object.hasOwn(attributeOids, name))) return undefined;
  return Object.fromEntries(values) as Subject;
}

/** @returns false for what this attribute cannot be made to say */
function put(
  values: Map<string, string>,
  rule: Field,
  value: string,
  { instance, serverCode }: SubjectWanted,
) {
  if (rule.from === 'constant') return rule.value === value;
  if (rule.from === 'signer') return true;
  const { attribute, after = '', split, table } = rule;
  // Whether what another field writes there comes out right is seen when the whole is read.
  if (table !== undefined) return true;
  if (split === undefined) {
    values.set(attribute, after + value);
    return true;
  }
  if (value.includes(split.separator) || serverCode.includes(split.separator)) return false;
  const known = values.get(attribute)?.slice(after.length).split(split.separator);
  const parts =
    known ?? Array.from({ length: split.parts }, (_none, at) => (at === 0 ? instance : serverCode));
  parts[split.part - 1] = value;
  values.set(attribute, after + parts.join(split.separator));
  return true;
}

/** A server is known by its code where a member is known by its own, and its address stands where people look. */
function ofServer(subject: Subject, { memberClass, memberCode }: Form, wanted: SubjectWanted): Subject {
  const made: Subject = { ...subject };
  const isOwnAttribute =
    memberClass.from === 'subject' &&
    memberClass.split === undefined &&
    (memberCode.from !== 'subject' || memberCode.attribute !== memberClass.attribute);
  if (isOwnAttribute) delete made[memberClass.attribute as AttributeName];
  if (made.O === undefined) made.O = wanted.memberName;
  const isCodeInName = memberCode.from === 'subject' && memberCode.attribute === 'CN';
  made.CN = isCodeInName && made.serialNumber === undefined ? wanted.serverCode : wanted.address;
  return made;
}

function ordered(subject: Subject): Subject {
  return Object.fromEntries(
    order.flatMap((name) => (subject[name] === undefined ? [] : [[name, subject[name]]])),
  );
}
