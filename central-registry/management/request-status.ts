import { Fault } from '../../gateway/fault/index.ts';
import { type ClientId, equal } from '../../gateway/identifier/index.ts';
import { xroadNamespace } from '../../gateway/soap/index.ts';
import { child, escapeText, textOf, type XmlElement } from '../../gateway/xml/index.ts';
import { type Register, RegisterError } from '../register/index.ts';
import { type ManagementEntry, readEntry } from './entries.ts';

/** A service of this registry beside the management requests of X-Road: what became of a request. */
export const statusService = 'requestStatus';

/**
 * Tells the sender of a request how it stands.
 * @returns the response's body
 * @throws Fault InvalidBody; AccessDenied for a request that somebody else sent, or that there is not
 */
export async function answerStatus(register: Register, sender: ClientId, body: XmlElement): Promise<string> {
  const id = readRequestId(body);
  const entry = await register
    .read((book) => readEntry(book, id))
    .catch((error: unknown) => {
      if (error instanceof RegisterError && error.code === 'not-found') return undefined;
      throw error;
    });
  // The same words for both, so that nobody learns how many requests others send.
  if (entry === undefined || !equal(entry.sender, sender)) {
    throw new Fault('AccessDenied', `Management request ${id} is not one of yours`);
  }
  return writeStatus(entry);
}

function readRequestId(body: XmlElement): number {
  const element = child(body, 'requestId');
  const text = element === undefined ? '' : textOf(element).trim();
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new Fault('InvalidBody', 'requestId: a whole number is expected');
  return Number(text);
}

function writeStatus({ id, status, reason }: ManagementEntry): string {
  const why = reason === undefined ? '' : `<xr:reason>${escapeText(reason)}</xr:reason>`;
  return (
    `<xr:requestStatusResponse xmlns:xr="${xroadNamespace}"><xr:requestId>${id}</xr:requestId>` +
    `<xr:status>${status}</xr:status>${why}</xr:requestStatusResponse>`
  );
}
