import { request } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { Fault } from '../../gateway/fault/index.ts';
import { equal, memberOf } from '../../gateway/identifier/index.ts';
import type { Signer } from '../../gateway/road/index.ts';
import { shakeHands } from '../../gateway/transport/index.ts';
import { verifyAuthenticationPeer } from '../../gateway/trust/index.ts';
import { type AskPeer, checkpointPath } from '../registry-history/index.ts';

interface AskingOptions {
  readonly signer: Pick<Signer, 'authenticationIdentity'>;
  readonly configuration: () => GlobalConfiguration;
  /** Of peers, in the whole instance. */
  readonly port: number;
  /** Whether a server may be connected to only to find out whether it is of our make. */
  readonly mayAsk: (address: string) => boolean;
  readonly now: () => Date;
}

const deadlineMs = 10_000;
const maxNoteBytes = 10_000;

/**
 * Shows other servers the checkpoint that is kept here, each over a connection of its own. A server that staples no
 * status of its certificate is of another make: it is sent nothing.
 */
export function createAskPeer({ signer, configuration, port, mayAsk, now }: AskingOptions): AskPeer {
  return async ({ id, address }, note) => {
    if (address === undefined || !mayAsk(address)) return undefined;
    const { context } = await signer.authenticationIdentity();
    const { socket, chain, stapled } = await shakeHands({ host: address, port }, context, deadlineMs);
    try {
      if (stapled.length === 0) return undefined;
      const claim = { party: memberOf(id), configuration: configuration(), at: now() };
      const { server } = verifyAuthenticationPeer({
        ...{ ...claim, chain, ocspResponses: stapled, anchorBy: 'leaf' },
      });
      if (!equal(server, id)) throw new Fault('SslAuthenticationFailed', 'It is another server of its owner');
      return await exchange(socket, note);
    } finally {
      socket.destroy();
    }
  };
}

function exchange(socket: TLSSocket, note: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const asking = request({
      ...{ method: 'POST', path: checkpointPath, host: 'peer', createConnection: () => socket },
      headers: { 'content-type': 'text/plain; charset=utf-8', 'content-length': Buffer.byteLength(note) },
      signal: AbortSignal.timeout(deadlineMs),
    });
    asking.on('error', reject);
    asking.on('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('error', reject);
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        chunks.push(chunk);
        if (size > maxNoteBytes) response.destroy(new Error('the answer is no note: it is too long'));
      });
      response.on('end', () => {
        if (response.statusCode === 204) resolve(undefined);
        else if (response.statusCode === 200) resolve(Buffer.concat(chunks).toString('utf8'));
        else reject(new Error(`HTTP status ${response.statusCode}`));
      });
    });
    asking.end(note);
  });
}
