import { parseEncodedClient, printEncoded } from '../../gateway/identifier/index.ts';
import type { Book } from './book.ts';
import { RegisterError } from './error.ts';
import { requireClient } from './members.ts';
import type { GlobalSettings } from './model.ts';
import { checkAddress, checkUrl } from './values.ts';

/** What a new instance starts with, as the Java registry does where it says so. */
export const firstSettings: Omit<GlobalSettings, 'address'> = {
  ocspFreshnessSeconds: 3600,
  timeStampingIntervalSeconds: 60,
  validitySeconds: 600,
};

/** Least and most that make sense: shorter periods break on one missed poll, longer ones keep what was revoked. */
const ranges = {
  ocspFreshnessSeconds: [60, 7 * 24 * 3600],
  timeStampingIntervalSeconds: [10, 24 * 3600],
  validitySeconds: [60, 24 * 3600],
  // Servers of every make fall back to 60 seconds below that; a day is the longest that a status is taken to be fresh.
  ocspFetchIntervalSeconds: [60, 24 * 3600],
} as const satisfies Partial<Record<keyof GlobalSettings, readonly [number, number]>>;

/** Rows that hold them; the table has others beside. */
const settingNames = [
  'address',
  'managementServiceProvider',
  'managementServiceAddress',
  'monitoringClient',
  'verifyNextUpdate',
  ...Object.keys(ranges),
];

export async function readSettings({ db }: Book): Promise<GlobalSettings> {
  const rows = await db.selectFrom('setting').selectAll().execute();
  const values = new Map(rows.map(({ name, value }) => [name, value]));
  const seconds = (name: Exclude<keyof typeof ranges, 'ocspFetchIntervalSeconds'>) =>
    Number(values.get(name) ?? firstSettings[name]);
  const provider = values.get('managementServiceProvider');
  const client = provider === undefined ? undefined : parseEncodedClient(provider);
  const managementServiceAddress = values.get('managementServiceAddress');
  const monitoringClient = values.get('monitoringClient');
  const fetchInterval = values.get('ocspFetchIntervalSeconds');
  const verifyNextUpdate = values.get('verifyNextUpdate');
  return {
    address: values.get('address') ?? '',
    ocspFreshnessSeconds: seconds('ocspFreshnessSeconds'),
    timeStampingIntervalSeconds: seconds('timeStampingIntervalSeconds'),
    validitySeconds: seconds('validitySeconds'),
    ...(client?.kind === 'SUBSYSTEM' && { managementServiceProvider: client }),
    ...(managementServiceAddress !== undefined && { managementServiceAddress }),
    ...(monitoringClient !== undefined && { monitoringClient: parseEncodedClient(monitoringClient) }),
    ...(fetchInterval !== undefined && { ocspFetchIntervalSeconds: Number(fetchInterval) }),
    ...(verifyNextUpdate !== undefined && { verifyNextUpdate: verifyNextUpdate === 'true' }),
  };
}

/** Puts all settings in place of the former. @throws RegisterError invalid; not-found for an unknown provider */
export async function writeSettings(book: Book, settings: GlobalSettings): Promise<void> {
  const { address, managementServiceProvider, managementServiceAddress } = settings;
  const { monitoringClient, verifyNextUpdate } = settings;
  checkAddress(address);
  const values = new Map([['address', address]]);
  for (const name of Object.keys(ranges) as (keyof typeof ranges)[]) {
    const [least, most] = ranges[name];
    const value = settings[name];
    if (value === undefined) continue;
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new RegisterError(
        'invalid',
        `${name}: ${least} to ${most} whole seconds are expected, not ${value}`,
      );
    }
    values.set(name, String(value));
  }
  if (managementServiceProvider !== undefined) {
    await requireClient(book, managementServiceProvider);
    values.set('managementServiceProvider', printEncoded(managementServiceProvider));
  }
  if (managementServiceAddress !== undefined) {
    checkUrl(managementServiceAddress, 'managementServiceAddress');
    values.set('managementServiceAddress', managementServiceAddress);
  }
  if (monitoringClient !== undefined) {
    await requireClient(book, monitoringClient);
    values.set('monitoringClient', printEncoded(monitoringClient));
  }
  if (verifyNextUpdate !== undefined) values.set('verifyNextUpdate', String(verifyNextUpdate));
  await book.db.deleteFrom('setting').where('name', 'in', settingNames).execute();
  await book.db
    .insertInto('setting')
    .values([...values].map(([name, value]) => ({ name, value })))
    .execute();
}

/** DER, with which the registration service shows itself; undefined before it was made. */
export async function readRegistrationCertificate({ db }: Book): Promise<Buffer | undefined> {
  const row = await db
    .selectFrom('setting')
    .select('value')
    .where('name', '=', 'registrationCertificate')
    .executeTakeFirst();
  return row && Buffer.from(row.value, 'base64');
}

/** @param der takes the place of the former one, which servers then no longer accept */
export async function writeRegistrationCertificate({ db }: Book, der: Buffer): Promise<void> {
  const value = der.toString('base64');
  await db
    .insertInto('setting')
    .values({ name: 'registrationCertificate', value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}
