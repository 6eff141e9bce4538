import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { Fault, RelayedFault } from '../../gateway/fault/index.ts';
import type { RoadEvent } from '../../gateway/road/index.ts';
import { loadStartSettings, serverSettings } from './start-settings.ts';

const client = {
  kind: 'SUBSYSTEM',
  instance: 'DEV',
  memberClass: 'GOV',
  memberCode: '1',
  subsystemCode: 'a',
};

/** Everything a request may bring of persons, each told apart by what it says. */
const event = {
  ...{ side: 'provider', durationMs: 12.34, requestId: 'request-1', queryId: 'query-1', detail: 'detail-1' },
  trace: {
    requestInAt: 0,
    exchange: {
      ...{ protocol: 'rest', client, service: { ...client, kind: 'SERVICE', serviceCode: 'persons' } },
      ...{ id: 'query-1', requestId: 'request-1' },
      ...{ userId: 'person-user', issue: 'person-issue', representedParty: 'COM/person-party' },
      ...{ verb: 'GET', servicePath: '/person-path', query: 'person-query' },
      headers: [['authorization', 'person-header']],
    },
    ...{ restMethod: 'GET', restPath: '/person-path', statusCode: 404 },
    request: { size: 100, attachments: 0 },
    response: { size: 200, attachments: 0 },
  },
} as unknown as RoadEvent;

/** What a server that was started with its settings writes of an exchange. */
function logged(given: RoadEvent): Record<string, unknown> {
  const file = join(mkdtempSync(join(tmpdir(), 'log-')), 'log');
  const logger = pino({ base: null }, pino.destination({ dest: file, sync: true }));
  const settings = loadStartSettings(undefined, { data: '/nowhere' });
  serverSettings(settings, logger).onExchange(given);
  return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
}

describe('the line of an exchange in the log', () => {
  it('says which systems, how it went and how large it was, and nothing of a person', () => {
    const line = logged(event);
    expect(line).toMatchObject({
      ...{ about: 'exchange', side: 'provider', requestId: 'request-1', queryId: 'query-1' },
      ...{ client: 'DEV:GOV:1:a', service: 'DEV:GOV:1:a:persons', method: 'GET', status: 404 },
      ...{ requestOctets: 100, responseOctets: 200, durationMs: 12.3, detail: 'detail-1' },
    });
    expect(JSON.stringify(line)).not.toContain('person-');
  });

  it('has the code and the reason of a fault of ours', () => {
    const line = logged({ ...event, error: new Fault('AccessDenied', 'Request is not allowed') });
    expect(line).toMatchObject({ level: 40, code: 'access_denied', error: 'Request is not allowed' });
    expect(JSON.stringify(line)).not.toContain('person-');
  });

  it('has no words of another system, which may be about anybody', () => {
    const error = new RelayedFault('Server.NotFound', 'no person-17', 'person-detail', '<person-xml/>');
    const line = logged({ ...event, error });
    expect(line['code']).toBe('Server.NotFound');
    const wrapped = new Fault('NetworkError', 'The service failed', { cause: error });
    expect(logged({ ...event, error: wrapped })['error']).toBe(
      'The service failed; caused by a fault of the other side',
    );
    expect(JSON.stringify(line)).not.toContain('person-');
  });
});
