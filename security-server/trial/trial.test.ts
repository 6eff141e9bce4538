import { describe, expect, it } from 'vitest';
import { TrialError, tryCall } from './index.ts';

describe('a call that is tried', () => {
  const call = {
    messageId: 'trial-1',
    client: { kind: 'SUBSYSTEM', instance: 'DEV', memberClass: 'GOV', memberCode: '1', subsystemCode: 'a' },
    service: {
      kind: 'SERVICE',
      ...{ instance: 'DEV', memberClass: 'GOV', memberCode: '2', subsystemCode: 'b', serviceCode: 'c' },
    },
    method: 'GET',
  } as const;
  const nowhere = { url: new URL('https://127.0.0.1:1'), certificate: Buffer.alloc(0), context: {} as never };

  it.each(['persons', '/a b', '/a\r\nx-road-client: other', '/ä', 'http://elsewhere/', '\n'])(
    'is not sent with the path %j',
    async (path) => {
      const trying = tryCall({ ...call, path }, nowhere);
      await expect(trying).rejects.toBeInstanceOf(TrialError);
      await expect(trying).rejects.toMatchObject({ code: 'path-illegal' });
    },
  );
});
