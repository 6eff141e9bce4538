import { type MemberId, memberOf } from '../../gateway/identifier/index.ts';
import type { ManagementRequest } from '../../gateway/management/index.ts';
import type { Book } from '../register/index.ts';

/** Requests that bring somebody new into the instance, or give a server away: an administrator decides. */
const approvalKinds = ['authCertReg', 'clientReg', 'ownerChange'] as const;
export type ApprovalKind = (typeof approvalKinds)[number];
export type RequestToApprove = Extract<ManagementRequest, { readonly kind: ApprovalKind }>;

export function needsApproval(request: ManagementRequest): request is RequestToApprove {
  return approvalKinds.some((kind) => kind === request.kind);
}

/** Who must be a registered member before the request can take effect. */
export function memberConcerned(request: RequestToApprove): MemberId {
  return memberOf(request.kind === 'authCertReg' ? request.server : request.client);
}

/** Kinds that take effect without an administrator, when the member is registered. None does unless set. */
export type AutomaticApproval = Readonly<Record<ApprovalKind, boolean>>;

export async function readAutomaticApproval({ db }: Book): Promise<AutomaticApproval> {
  const rows = await db.selectFrom('setting').select('name').where('name', 'in', settingNames()).execute();
  const names = new Set(rows.map(({ name }) => name));
  const isOn = (kind: ApprovalKind) => names.has(settingName(kind));
  return { authCertReg: isOn('authCertReg'), clientReg: isOn('clientReg'), ownerChange: isOn('ownerChange') };
}

export async function writeAutomaticApproval({ db }: Book, approval: AutomaticApproval): Promise<void> {
  await db.deleteFrom('setting').where('name', 'in', settingNames()).execute();
  for (const kind of approvalKinds) {
    if (!approval[kind]) continue;
    await db
      .insertInto('setting')
      .values({ name: settingName(kind), value: 'on' })
      .execute();
  }
}

function settingName(kind: ApprovalKind): string {
  return `automaticApproval:${kind}`;
}

function settingNames(): string[] {
  return approvalKinds.map(settingName);
}
