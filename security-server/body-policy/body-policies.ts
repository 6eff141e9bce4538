import { printEncoded, type ServiceId } from '../../gateway/identifier/index.ts';
import type { BodyPolicy } from '../message-log/index.ts';

/** What is kept of the messages of some services. */
export interface BodyPolicyRule {
  /** Encoded member, subsystem or service, as provider: it and everything under it. */
  readonly scope: string;
  /** As whose messages: those that this server sends for its clients, or those that it answers for its services. */
  readonly side: 'client' | 'provider';
  readonly policy: BodyPolicy;
}

/** The policy of the narrowest scope that a service is in; everything is kept where none speaks of it. */
export function policyOf(
  rules: readonly BodyPolicyRule[],
  service: ServiceId,
  side: BodyPolicyRule['side'],
): BodyPolicy {
  if (rules.length === 0) return keep;
  const name = printEncoded(service);
  let found: BodyPolicyRule | undefined;
  for (const rule of rules) {
    if (rule.side !== side || !(name === rule.scope || name.startsWith(`${rule.scope}:`))) continue;
    if (found === undefined || rule.scope.length > found.scope.length) found = rule;
  }
  return found?.policy ?? keep;
}

const keep: BodyPolicy = { kind: 'keep' };
