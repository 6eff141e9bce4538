import type { Context } from 'hono';
import { Problem, principalOf } from '../../gateway/http/index.ts';
import type { Act } from '../history/index.ts';

/** Says why something is changed, for the history of the register: UTF-8, percent-encoded. */
const reasonHeader = 'x-change-reason';
const maxReasonLength = 2_000;

/** Who asks for a change, and why if they say so. @throws Problem reason-malformed */
export function actOf(context: Context): Act {
  const by = principalOf(context).id;
  const header = context.req.header(reasonHeader);
  return header === undefined ? { by } : { by, why: readReason(header) };
}

function readReason(header: string): string {
  let reason: string | undefined;
  try {
    reason = decodeURIComponent(header);
  } catch (cause) {
    if (!(cause instanceof URIError)) throw cause;
  }
  if (reason !== undefined && reason.length <= maxReasonLength) return reason;
  throw new Problem(
    400,
    'reason-malformed',
    `${reasonHeader} is up to ${maxReasonLength} characters of UTF-8, percent-encoded`,
  );
}
