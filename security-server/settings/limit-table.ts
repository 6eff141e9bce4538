import { sql, type Transaction } from 'kysely';
import { type ClientId, printEncoded } from '../../gateway/identifier/index.ts';
import type { ServiceLimit } from './model.ts';
import type { SettingsTables } from './schema.ts';
import { requireService } from './service-table.ts';

/** Gives a service exactly these limits; none takes all away. @throws SettingsConflict unknown-service */
export async function setLimits(
  tx: Transaction<SettingsTables>,
  provider: ClientId,
  code: string,
  limits: readonly Pick<ServiceLimit, 'consumer' | 'requests' | 'periodSeconds'>[],
): Promise<void> {
  await requireService(tx, provider, code);
  const key = printEncoded(provider);
  await tx.deleteFrom('serviceLimit').where('provider', '=', key).where('code', '=', code).execute();
  for (const { consumer, requests, periodSeconds } of limits) {
    const text = typeof consumer === 'string' ? consumer : printEncoded(consumer);
    await tx
      .insertInto('serviceLimit')
      .values({ provider: key, code, consumer: text, requests, periodSeconds })
      .execute();
  }
}

/** Limits belong to a code, as rights do: they go when the last service of that code has gone. */
export async function removeOrphanedLimits(tx: Transaction<SettingsTables>): Promise<void> {
  await sql`DELETE FROM serviceLimit WHERE NOT EXISTS (
    SELECT 1 FROM service WHERE service.provider = serviceLimit.provider AND service.code = serviceLimit.code
  )`.execute(tx);
}
