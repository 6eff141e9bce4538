import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from '../network.ts';
import { givenPath } from './giving.ts';
import { joinNetwork, member, ministryId, type Peer } from './join.ts';
import { type StatusWish, writeStatus } from './ocsp.ts';
import { type Credential, hasOpenssl } from './pki.ts';
import { type Provider, startProvider } from './provider.ts';
import { boundary, multipartType, partTypes } from './wire.ts';

const refused = 'server.clientproxy.ssl_authentication_failed';
const incorrect = '.incorrect_validation_info';

describe.skipIf(!hasOpenssl)(
  'a security server that provides must be the one that the configuration names',
  () => {
    let peer: Peer;
    let provider: Provider | undefined;
    beforeAll(async () => {
      peer = await joinNetwork();
    });
    afterAll(() => peer?.close());

    /** What the portal is told when a server with that certificate provides. Nothing was asked of one refused. */
    async function outcomeWith(
      shown: Credential,
      prepare: (provider: Provider) => void = () => undefined,
      path = `${givenPath}/x`,
    ): Promise<string> {
      const started = await startProvider(peer, shown);
      try {
        prepare(started);
        const { status, headers } = await call(peer.network, path);
        const code = headers['x-road-error'];
        if (typeof code !== 'string') return `${status}`;
        expect(started.asked).toEqual([]);
        return code;
      } finally {
        await started.close();
      }
    }

    it.each<[string, string, () => Promise<Credential>]>([
      ['may authenticate', '200', () => peer.own.issue('authentication', member)],
      ['is over', `${refused}.invalid_cert_path`, () => peer.own.issue('authentication', member, -1)],
      ['may sign messages too', refused, () => peer.own.issue('both', member)],
      ['may only sign messages', refused, () => peer.own.issue('signing', member)],
      [
        'comes from a foreign authority',
        `${refused}.cannot_create_cert_path`,
        () => peer.foreign.issue('authentication', member),
      ],
    ])('registered, its certificate %s: %s', async (_name, code, make) => {
      const shown = await make();
      await peer.register(shown);
      expect(await outcomeWith(shown)).toBe(code);
    });

    it('refused when its certificate is good but registered nowhere', async () => {
      expect(await outcomeWith(await peer.own.issue('authentication', member))).toBe(refused);
    });

    it('refused when its certificate is that of a server which does not serve the provider', async () => {
      const shown = await peer.own.issue('authentication', member);
      await peer.register(shown, ministryId);
      expect(await outcomeWith(shown)).toBe(refused);
    });

    type Status = (wish: Partial<StatusWish>) => Buffer;
    it.each<[string, string, (to: Status) => readonly Buffer[] | undefined]>([
      ['a good status', '200', (to) => [to({})]],
      ['no status', `${refused}${incorrect}`, () => []],
      ['an error', `${refused}.http_error`, () => undefined],
      ['two statuses for one certificate', `${refused}${incorrect}`, (to) => [to({}), to({})]],
      ['an octet string', `${refused}${incorrect}`, () => [Buffer.from('0400', 'hex')]],
      ['a status too old', `${refused}${incorrect}`, (to) => [to({ ageSeconds: 10 * 86_400 })]],
      ['a status from the future', `${refused}${incorrect}`, (to) => [to({ ageSeconds: -3 * 3600 })]],
      ['a status overdue', `${refused}${incorrect}`, (to) => [to({ ageSeconds: 120, validSeconds: -60 })]],
      ['the status revoked', `${refused}.cert_validation`, (to) => [to({ status: 'revoked' })]],
      ['a forged status', `${refused}${incorrect}`, (to) => [to({ isForged: true })]],
      ['a status of SHA-256', `${refused}${incorrect}`, (to) => [to({ idDigest: 'sha256' })]],
      [
        'a status by a foreign responder',
        `${refused}${incorrect}`,
        (to) => [to({ responder: peer.foreign.responder })],
      ],
    ])('the OCSP port answers with %s: %s', async (_name, code, make) => {
      // A certificate of its own each time, for good statuses are remembered.
      const shown = await peer.own.issue('authentication', member);
      await peer.register(shown);
      const to: Status = (wish) => writeStatus(shown, { responder: peer.own.responder, ...wish });
      const got = await outcomeWith(shown, (started) => {
        started.statuses = async () => make(to);
      });
      expect(got).toBe(code);
    });

    describe('and what it answers has an end', () => {
      beforeAll(async () => {
        provider = await startProvider(peer);
      });
      afterAll(() => provider?.close());

      const part = (type: string) => `--${boundary}\r\ncontent-type: ${type}\r\n\r\n`;
      it.each<[string, string, string, string]>([
        ['head', 'service_failed.invalid_message', multipartType, part(partTypes.restResponse)],
        ['part header', 'service_failed.mime_parsing_failed', multipartType, `--${boundary}\r\nx-endless: `],
        ['preamble', 'service_failed.mime_parsing_failed', multipartType, ''],
        ['fault', 'invalid_message', 'text/xml;charset=utf-8', '<?xml version="1.0"?>'],
      ])('an endless %s is refused, and given up', async (_name, code, type, beginning) => {
        if (provider === undefined) throw new Error('no provider');
        let closed: Promise<void> | undefined;
        provider.wish = {
          write: (outgoing) => {
            closed = new Promise((resolve) => outgoing.once('close', () => resolve()));
            outgoing.writeHead(200, { 'content-type': type, 'x-hash-algorithm': 'SHA-512' });
            outgoing.write(beginning);
            pour(outgoing);
          },
        };
        const { headers } = await call(peer.network, `${givenPath}/x`);
        await closed;
        expect(headers['x-road-error']).toBe(`server.clientproxy.${code}`);
      });
    });
  },
);

/** Writes for as long as anybody listens. */
function pour(outgoing: ServerResponse): void {
  const chunk = Buffer.alloc(64 * 1024, 'x');
  const more = () => {
    while (!outgoing.destroyed && outgoing.write(chunk));
  };
  outgoing.on('drain', more);
  more();
}
