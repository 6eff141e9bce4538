import { Fault } from '../../gateway/fault/index.ts';
import { xroadNamespace } from '../../gateway/soap/index.ts';
import { child, textOf, type XmlElement } from '../../gateway/xml/index.ts';

/** The service by which a Waygate registry tells what became of a request; others do not have it. */
export const statusService = 'requestStatus';

const statuses = ['waiting', 'approved', 'declined', 'revoked'] as const;

export interface RequestStatus {
  readonly status: (typeof statuses)[number];
  readonly reason?: string;
}

/** Characters of a reason that are kept. */
const maxReason = 1024;

/** @param requestId number at the registry */
export function writeStatusQuestion(requestId: number): string {
  const id = `<xr:requestId>${requestId}</xr:requestId>`;
  return `<xr:${statusService} xmlns:xr="${xroadNamespace}">${id}</xr:${statusService}>`;
}

/** @throws Fault InvalidBody for an answer to something else, or a status that is none */
export function readStatusAnswer(body: XmlElement, requestId: number): RequestStatus {
  const text = (name: string) => {
    const element = child(body, name, xroadNamespace);
    return element === undefined ? undefined : textOf(element).trim();
  };
  const status = statuses.find((one) => one === text('status'));
  if (status === undefined || text('requestId') !== String(requestId)) {
    throw new Fault('InvalidBody', `<${body.name.slice(0, 80)}> does not tell the status of ${requestId}`);
  }
  const reason = text('reason')?.slice(0, maxReason);
  return { status, ...(reason !== undefined && reason !== '' && { reason }) };
}
