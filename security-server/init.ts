import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createSoftwareToken } from '../certs/token/index.ts';
import { parseAnchor } from '../gateway/configuration/index.ts';
import { checkCreatable, printRest, printShort, type ServerId } from '../gateway/identifier/index.ts';
import {
  checkFirstPerson,
  createFirstPerson,
  type FirstPerson,
  forgetPeople,
  type PreparedPerson,
} from '../gateway/people/index.ts';
import { writeFileDurably } from '../gateway/store/index.ts';
import { createInternalCertificate } from './internal-tls/index.ts';
import { SettingsStore } from './settings/index.ts';

export interface NewServer {
  /** Folder of this server alone; made if need be, readable by its owner only. */
  readonly data: string;
  readonly id: ServerId;
  /** Opens the token with the server's keys. */
  readonly pin: string;
  /** Bytes of the configuration anchor, as the registry hands it out. */
  readonly anchor: Uint8Array;
  /** The first person who may sign in, a system administrator; absent: added later, with the API key. */
  readonly administrator?: FirstPerson | PreparedPerson;
  readonly now?: () => Date;
}

/**
 * Founds a security server in a folder: its token, its internal certificate, its settings, its anchor.
 * @throws Fault MalformedGlobalConf for an anchor that cannot be read, TokenError, IdentifierError; Problem of the
 *   first person
 */
export async function initServer(server: NewServer): Promise<void> {
  const { data, id, pin, anchor, administrator, now = () => new Date() } = server;
  if (administrator !== undefined && 'password' in administrator) checkFirstPerson(administrator);
  for (const field of [id.instance, id.memberClass, id.memberCode, id.serverCode]) checkCreatable(field);
  const { instance } = parseAnchor(anchor);
  if (instance !== id.instance) {
    throw new Error(
      `the anchor is of instance ${instance}, the server of ${id.instance}: they must be the same`,
    );
  }
  await mkdir(data, { recursive: true, mode: 0o700 });
  const token = await createSoftwareToken(join(data, 'token'), { pin, label: printShort(id) });
  const certificate = await createInternalCertificate(token, id, ['localhost', '127.0.0.1'], now());
  token.deactivate();
  if (administrator !== undefined) {
    // Nobody has signed in to a server whose founding was cut short.
    await forgetPeople(data);
    await rm(join(data, 'journal'), { recursive: true, force: true });
    await createFirstPerson(data, auditLogOrigin(id), now, administrator);
  }
  await writeFileDurably(join(data, 'configuration-anchor.xml'), anchor);
  const path = join(data, 'settings.sqlite');
  // Last, for a folder with settings is a founded server.
  await SettingsStore.create(path, id);
  const settings = await SettingsStore.open(path);
  await settings.setInternalCertificate(certificate.der);
  settings.close();
}

/** Names the audit log of a server in its checkpoints. */
export function auditLogOrigin(id: ServerId): string {
  return `${printRest(id)}/audit-log`;
}
