import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fault, RelayedFault } from '../../gateway/fault/index.ts';
import { parseEncodedClient, parseRestService } from '../../gateway/identifier/index.ts';
import type { RoadEvent } from '../../gateway/road/index.ts';
import type { SettingsSnapshot } from '../settings/index.ts';
import { Monitoring } from './index.ts';
import { others } from './traffic.ts';

const own = 'DEV:GOV:1:p';
const ownService = `${own}:persons`;
const city = 'DEV:MUN:2:a';
const path = 'DEV:GOV:9:q:010170-123X';
const settings = {
  serverId: { kind: 'SERVER', instance: 'DEV', memberClass: 'GOV', memberCode: '1', serverCode: 's' },
  client: (id: object) => (isSame(id, own) ? {} : undefined),
  service: (id: object) => (isSame(id, ownService) ? { kind: 'REST' } : undefined),
  servicesOf: () => [{ serviceCode: 'persons', endpoints: [{ method: 'GET', path: '/persons/*' }] }],
} as unknown as SettingsSnapshot;

let dir: string;
let monitoring: Monitoring;
const troubles: unknown[] = [];

const open = () =>
  new Monitoring({
    ...{ serverId: settings.serverId, path: join(dir, 'monitoring.sqlite'), data: dir, retentionDays: 7 },
    ...{ offsetSeconds: 0, internalIp: '127.0.0.1', settings: () => settings },
    ...{ configuration: () => undefined, certificates: async () => [] },
    now: () => new Date('2026-06-01T12:02:00Z'),
    onTrouble: (error) => troubles.push(error),
  });
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'traffic-parties-'));
  monitoring = open();
});
afterEach(() => {
  monitoring.close();
  rmSync(dir, { recursive: true });
  expect(troubles).toEqual([]);
});

function isSame(id: object, text: string): boolean {
  return JSON.stringify(id) === JSON.stringify(idOf(text));
}

function idOf(text: string): object {
  return text.split(':').length === 5
    ? parseRestService(text.replaceAll(':', '/'))
    : parseEncodedClient(text);
}

/** One exchange, as a side of the road reports it. */
function note(side: RoadEvent['side'], client: string, service: string, more: Partial<RoadEvent> = {}): void {
  const exchange = { client: idOf(client), service: idOf(service), id: 'x', requestId: 'x' };
  const trace = { requestInAt: 0, exchange, restMethod: 'GET', restPath: '/persons/1', ...more.trace };
  monitoring.note({ side, durationMs: 1, ...more, trace } as unknown as RoadEvent);
}

const checked = { trace: { requestInAt: 0, isPeerChecked: true } };
const names = (by: 'service' | 'client' | 'endpoint') =>
  monitoring.traffic({ period: 'hour', by }).rows.map(({ name, exchanges }) => [name, exchanges]);

describe('traffic of the provider side', () => {
  it('has one row for all services that there are not, however many a peer names', () => {
    for (let at = 0; at < 1_500; at += 1) note('provider', city, `${own}:made-up-${at}`, checked);
    note('provider', city, ownService, checked);
    expect(names('service')).toEqual([
      [others, 1_500],
      [ownService, 1],
    ]);
    expect(names('endpoint')).toEqual([
      [others, 1_500],
      [`${ownService} GET /persons/*`, 1],
    ]);
  });

  it('names no consumer whose server the peer did not prove to be', () => {
    const error = new Fault('InvalidClientIdentifier', 'x');
    note('provider', city, ownService, { error });
    note('provider', city, ownService, { ...checked, error });
    expect(names('client')).toEqual([
      [city, 1],
      [others, 1],
    ]);
  });
});

describe('traffic of the client side', () => {
  const unreachable = new Fault('NetworkError', 'x');

  it('keeps no path that was put where the service code belongs', () => {
    note('client', own, path, { error: unreachable });
    note('client', own, path, { error: new Fault('UnknownMember', 'x') });
    note('client', own, path, { error: new RelayedFault('Server.ServerProxy.UnknownService', 'x', '') });
    expect(names('service')).toEqual([[others, 3]]);
    expect(names('endpoint')).toEqual([[others, 3]]);
  });

  it('names a service that answered once, also when it is down later, and after a restart', () => {
    note('client', own, 'DEV:GOV:9:q:register');
    monitoring.close();
    monitoring = open();
    note('client', own, 'DEV:GOV:9:q:register', { error: unreachable });
    expect(names('service')).toEqual([['DEV:GOV:9:q:register', 2]]);
  });

  it('names a service whose provider refuses by right, quota or notice', () => {
    for (const code of ['AccessDenied', 'ServiceDisabled', 'QuotaExceeded']) {
      note('client', own, 'DEV:GOV:9:q:closed', {
        error: new RelayedFault(`Server.ServerProxy.${code}`, 'x', ''),
      });
    }
    expect(names('service')).toEqual([['DEV:GOV:9:q:closed', 3]]);
  });

  it('names no consumer that is not of this server', () => {
    note('client', city, 'DEV:GOV:9:q:register', { error: new Fault('UnknownMember', 'x') });
    expect(names('client')).toEqual([[others, 1]]);
  });
});
