import { Fault, type FaultCode } from '../fault/index.ts';

/** Faults of what a peer's message says; those of our disk or the network are no failure of its service. */
const decodingFaults: ReadonlySet<FaultCode> = new Set([
  'MimeParsingFailed',
  'InvalidContentType',
  'InvalidMessage',
  'InvalidXml',
  'InvalidSoap',
  'InvalidBody',
  'MissingHeader',
  'MissingHeaderField',
  'DuplicateHeaderField',
  'MissingBody',
  'InvalidProtocolVersion',
  'InconsistentHeaders',
]);

/**
 * Reads a message of a peer, or a part of it.
 * @throws Fault within ServiceFailed when it cannot be understood
 * @see X-Road message transport, error codes
 */
export async function decoded<Result>(read: () => Promise<Result> | Result): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    const isOfMessage = error instanceof Fault && decodingFaults.has(error.code);
    throw isOfMessage ? error.wrappedIn('ServiceFailed') : error;
  }
}
