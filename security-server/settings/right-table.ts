import type { Transaction } from 'kysely';
import { type ClientId, printEncoded } from '../../gateway/identifier/index.ts';
import type { Endpoint, Grant, GrantTo, Subject } from './model.ts';
import type { SettingsTables } from './schema.ts';
import { requireService } from './service-table.ts';
import { printSubject } from './subject.ts';

type Change = Transaction<SettingsTables>;

/** Gives `subject` exactly these endpoints of a service; none takes all away. @throws SettingsConflict unknown-service */
export async function setRights(
  tx: Change,
  provider: ClientId,
  code: string,
  subject: Subject,
  grants: readonly Grant[],
): Promise<void> {
  await tx
    .deleteFrom('accessRight')
    .where('provider', '=', printEncoded(provider))
    .where('code', '=', code)
    .where('subject', '=', printSubject(subject))
    .execute();
  await giveRights(
    tx,
    provider,
    code,
    grants.map((grant) => ({ ...grant, subject })),
  );
}

/**
 * Adds rights to those that are there; one that is there already holds as long as is said now.
 * @throws SettingsConflict unknown-service
 */
export async function giveRights(
  tx: Change,
  provider: ClientId,
  code: string,
  grants: readonly GrantTo[],
): Promise<void> {
  if (grants.length === 0) return;
  await requireService(tx, provider, code);
  for (const { subject, method, path, validFrom, validUntil } of grants) {
    const holds = {
      validFrom: validFrom?.getTime() ?? null,
      validUntil: validUntil?.getTime() ?? null,
    };
    await tx
      .insertInto('accessRight')
      .values({
        provider: printEncoded(provider),
        code,
        method,
        path,
        subject: printSubject(subject),
        ...holds,
      })
      .onConflict((conflict) =>
        conflict.columns(['provider', 'code', 'method', 'path', 'subject']).doUpdateSet(holds),
      )
      .execute();
  }
}

/** Takes single rights away; those that are not there stay away. */
export async function takeRights(
  tx: Change,
  provider: ClientId,
  code: string,
  rights: readonly (Endpoint & { readonly subject: Subject })[],
): Promise<void> {
  for (const { subject, method, path } of rights) {
    await tx
      .deleteFrom('accessRight')
      .where('provider', '=', printEncoded(provider))
      .where('code', '=', code)
      .where('subject', '=', printSubject(subject))
      .where('method', '=', method)
      .where('path', '=', path)
      .execute();
  }
}

/** Takes every right of a client away, and its places in groups. */
export async function removeSubject(tx: Change, id: ClientId): Promise<void> {
  await tx.deleteFrom('accessRight').where('subject', '=', printSubject(id)).execute();
  for (const { owner, code, members } of await tx.selectFrom('localGroup').selectAll().execute()) {
    const all = JSON.parse(members) as string[];
    const left = all.filter((one) => one !== printSubject(id));
    if (left.length === all.length) continue;
    await tx
      .updateTable('localGroup')
      .set({ members: JSON.stringify(left) })
      .where('owner', '=', owner)
      .where('code', '=', code)
      .execute();
  }
}
