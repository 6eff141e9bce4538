import { execFile } from 'node:child_process';
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** A private key with a certificate, and the authority's certificate that a verifier needs to judge it. */
export interface Credential {
  readonly key: KeyObject;
  readonly keyPem: string;
  readonly certificate: X509Certificate;
  readonly issuer: X509Certificate;
}

/** Whom a certificate names, after the rule "basic" of WIRE §7.2: class, code and the name for people. */
export interface Subject {
  readonly memberClass: string;
  readonly memberCode: string;
}

/** What key usages a certificate bears; `both` is what WIRE §7.1 forbids. */
export type Purpose = 'signing' | 'authentication' | 'both';

const usages: Readonly<Record<Purpose | 'ocsp' | 'authority', string>> = {
  signing: 'basicConstraints=CA:FALSE\nkeyUsage=critical,nonRepudiation',
  authentication: 'keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth,serverAuth',
  both: 'keyUsage=critical,digitalSignature,nonRepudiation\nextendedKeyUsage=clientAuth,serverAuth',
  ocsp: 'keyUsage=critical,digitalSignature\nextendedKeyUsage=OCSPSigning',
  authority: 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign',
};

/** Runs openssl in a folder; its complaint is the error. */
export async function openssl(cwd: string, ...parameters: string[]): Promise<string> {
  const { stdout } = await execute('openssl', parameters, { cwd, timeout: 30_000 });
  return stdout;
}

/** Whether a program can be started here: what is missing is skipped by name. */
export async function hasProgram(name: string, parameter = '--version'): Promise<boolean> {
  return execute(name, [parameter], { timeout: 10_000 }).then(
    () => true,
    () => false,
  );
}

/** Without it there are no keys, and no peer. */
export const hasOpenssl = await hasProgram('openssl', 'version');

export function makeFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'independent-peer-'));
}

/** Makes a key and a request for a certificate with openssl, into `name.key` and `name.csr`. */
async function makeRequest(folder: string, name: string, subject: string, isEc: boolean): Promise<void> {
  const spec = isEc ? ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] : ['rsa:2048'];
  const files = ['-keyout', `${name}.key`, '-out', `${name}.csr`];
  await openssl(folder, 'req', '-new', '-newkey', ...spec, '-nodes', '-subj', subject, ...files);
}

let made = 0;
const nextName = (): string => {
  made += 1;
  return `c${made}`;
};

/** The pilot's authority as a customer knows it: it issues over HTTP, and serves statuses. */
export interface PilotAuthority {
  readonly url: string;
  readonly secret: string;
}

/** Obtains a certificate from the pilot's authority for a key made by openssl. */
export async function orderCertificate(
  folder: string,
  authority: PilotAuthority,
  kind: 'signing' | 'authentication',
  { memberClass, memberCode }: Subject,
  isEc = false,
): Promise<Credential> {
  const name = nextName();
  await makeRequest(folder, name, '/CN=independent', isEc);
  const applicant = {
    ...{ instance: 'PILOT', memberClass, memberCode, memberName: `Member ${memberCode}` },
    ...{ serverCode: 'independent', dnsName: 'independent.example' },
  };
  const request = await readFile(join(folder, `${name}.csr`), 'utf8');
  const response = await fetch(`${authority.url}/issue`, {
    method: 'POST',
    headers: { authorization: `Bearer ${authority.secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ request, kind, profile: 'basic', applicant }),
  });
  const pem = await response.text();
  if (!response.ok) throw new Error(`the pilot's authority refused: ${pem}`);
  const top = await (await fetch(`${authority.url}/ca.pem`)).text();
  const keyPem = await readFile(join(folder, `${name}.key`), 'utf8');
  return {
    ...{ key: createPrivateKey(keyPem), keyPem },
    ...{ certificate: new X509Certificate(pem), issuer: new X509Certificate(top) },
  };
}

/** An authority of the peer's own, kept by `openssl ca`: it issues whatever a test asks for. */
export interface OwnAuthority {
  readonly folder: string;
  readonly certificate: X509Certificate;
  /** Of the responder it delegated its statuses to. */
  readonly responder: Credential;
  /** @param days of validity; negative ones are over. */
  issue(purpose: Purpose, subject: Subject, days?: number): Promise<Credential>;
}

const configuration = `[ca]
default_ca=own
[own]
database=index.txt
new_certs_dir=.
rand_serial=yes
default_md=sha256
policy=any
unique_subject=no
certificate=ca.pem
private_key=ca.key
[any]
countryName=optional
organizationName=optional
businessCategory=optional
serialNumber=optional
commonName=optional
`;

/** Founds an authority in a folder of its own: a top one, or one that another issued. */
export async function foundAuthority(
  parent: string,
  name: string,
  above?: OwnAuthority,
): Promise<OwnAuthority> {
  const folder = join(parent, nextName());
  await mkdir(folder);
  await writeFile(join(folder, 'ca.cnf'), configuration);
  await writeFile(join(folder, 'index.txt'), '');
  const subject = `/O=${name}/CN=${name}`;
  await makeRequest(folder, 'ca', subject, false);
  if (above === undefined) {
    await writeFile(join(folder, 'ca.ext'), usages.authority);
    const files = ['-in', 'ca.csr', '-signkey', 'ca.key', '-out', 'ca.pem', '-extfile', 'ca.ext'];
    await openssl(folder, 'x509', '-req', '-days', '30', ...files);
  } else {
    await sign(above.folder, join(folder, 'ca'), 'authority', 25);
  }
  const certificate = new X509Certificate(await readFile(join(folder, 'ca.pem')));
  const issue = async (usage: Purpose | 'ocsp', whom: string, days: number): Promise<Credential> => {
    const made = join(folder, nextName());
    await makeRequest(folder, made, whom, false);
    await sign(folder, made, usage, days);
    const keyPem = await readFile(`${made}.key`, 'utf8');
    return {
      ...{ key: createPrivateKey(keyPem), keyPem },
      ...{ certificate: new X509Certificate(await readFile(`${made}.pem`)), issuer: certificate },
    };
  };
  return {
    ...{ folder, certificate },
    responder: await issue('ocsp', `/O=${name}/CN=${name} responder`, 20),
    issue: (purpose, { memberClass, memberCode }, days = 20) =>
      issue(purpose, `/C=XX/O=M/businessCategory=${memberClass}/serialNumber=${memberCode}/CN=M`, days),
  };
}

/** Has the authority of a folder sign `file.csr`, into `file.pem`. */
async function sign(folder: string, file: string, usage: keyof typeof usages, days: number): Promise<void> {
  await writeFile(`${file}.ext`, usages[usage]);
  const dates = ['-startdate', opensslTime(Math.min(-1, days - 1)), '-enddate', opensslTime(days)];
  const files = ['-in', `${file}.csr`, '-out', `${file}.pem`, '-extfile', `${file}.ext`];
  const how = ['-config', 'ca.cnf', '-batch', '-notext', '-preserveDN'];
  await openssl(folder, 'ca', ...how, ...dates, ...files);
}

/** A day before or after today as openssl takes it: YYMMDDhhmmssZ. */
function opensslTime(daysFromNow: number): string {
  const at = new Date(Date.now() + daysFromNow * 86_400_000);
  return `${at.toISOString().replace(/\.\d+/, '').replaceAll(/[-T:]/g, '').slice(2)}`;
}
