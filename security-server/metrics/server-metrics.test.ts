import { describe, expect, it } from 'vitest';
import { Fault } from '../../gateway/fault/index.ts';
import type { RoadEvent } from '../../gateway/road/index.ts';
import { type MetricSources, ServerMetrics } from './server-metrics.ts';

const client = {
  kind: 'SUBSYSTEM',
  instance: 'DEV',
  memberClass: 'GOV',
  memberCode: '1',
  subsystemCode: 'a',
};

function exchange(serviceCode: string, more: Partial<RoadEvent> = {}): RoadEvent {
  const service = { ...client, kind: 'SERVICE', serviceCode };
  return {
    ...{ side: 'client', durationMs: 20, queryId: 'secret-query', requestId: 'secret-request' },
    trace: {
      requestInAt: 0,
      exchange: { client, service, userId: 'secret-user', id: 'secret-query' },
      request: { size: 100, attachments: 0 },
      restPath: '/secret-path',
    },
    ...more,
  } as unknown as RoadEvent;
}

function metricsWith(more: Partial<MetricSources> = {}) {
  return new ServerMetrics({
    health: async () => ({ isReady: true, checks: [{ name: 'disk', isGood: true, detail: '' }] }),
    configuration: () => undefined,
    certificates: async () => [],
    statusUntil: () => undefined,
    expiries: async () => ({
      ...{ at: new Date(0), unreadable: [], isComplete: true },
      all: [
        {
          ...{ id: 'x', kind: 'authority', owner: 'DEV: "CA"', sha256: 'aa', subject: 's', issuer: 'i' },
          ...{ notBefore: new Date(0), notAfter: new Date(9_000) },
        },
      ],
    }),
    notices: async () => [
      { channel: 'mail secret@user', waiting: 2 },
      { channel: 'mail secret@other', waiting: 1 },
    ],
    log: { health: () => ({ isAccepting: true, withoutTimestamp: 3, lastTimestampAt: new Date(5_000) }) },
    disk: () => ({
      ...{ level: 'low', free: 7, size: 9, forecast: { kind: 'filling', days: 2 }, months: [] },
      usage: { open: 0, promised: 0, waiting: 0 },
    }),
    tokens: () => [{ token: undefined, kind: 'device', name: 'city', isAway: true, trouble: 'away' }],
    newestBackupAt: () => undefined,
    spansLost: () => 4,
    diagnoses: async () => [{ code: 'disk-low' }, { code: 'ocsp-stale' }, { code: 'ocsp-stale' }],
    now: () => new Date(0),
    ...more,
  });
}

describe('metrics of a server', () => {
  it('count exchanges by outcome and service, and hold nothing of a person', async () => {
    const metrics = metricsWith();
    const names = { service: 'DEV:GOV:1:a:x' };
    metrics.note(exchange('x'), names);
    metrics.note(exchange('x', { error: new Fault('AccessDenied', 'secret-words') }), names);
    metrics.note({ side: 'provider', durationMs: 1, error: new Fault('InvalidXml', 'secret-words') }, {});
    metrics.note(exchange('secret-made-up'), {});
    const text = await metrics.render();
    for (const line of [
      'waygate_exchanges_total{side="client",outcome="succeeded"} 2',
      'waygate_service_exchanges_total{side="client",service="others",outcome="succeeded"} 1',
      'waygate_exchanges_total{side="client",outcome="access_denied"} 1',
      'waygate_service_exchanges_total{side="client",service="DEV:GOV:1:a:x",outcome="failed"} 1',
      'waygate_exchange_duration_seconds_count{side="client"} 3',
      'waygate_body_octets_total{side="client",direction="request"} 300',
      'waygate_health{check="disk"} 1',
      'waygate_certificate_expiry_seconds{kind="authority",owner="DEV: \\"CA\\"",sha256="aa"} 9',
      'waygate_notices_waiting{way="mail"} 3',
      'waygate_diagnosis{code="ocsp-stale"} 2',
      'waygate_diagnosis{code="disk-full"} 0',
      'waygate_log_records_without_timestamp 3',
      'waygate_log_last_timestamp_seconds 5',
      'waygate_disk_level{level="low"} 1',
      'waygate_disk_level{level="full"} 0',
      'waygate_disk_full_in_days 2',
      'waygate_trace_spans_lost 4',
      'waygate_token_active{token="city"} 0',
      'waygate_configuration_expires_seconds Nan',
    ]) {
      expect(text).toContain(line);
    }
    expect(text).not.toContain('secret');
  });

  it('have a bounded number of series, however many services are asked for', async () => {
    const metrics = metricsWith();
    for (let count = 0; count < 2_000; count += 1) {
      metrics.note(exchange(`none-${count}`), { service: `DEV:GOV:1:a:none-${count}` });
    }
    const text = await metrics.render();
    expect(text.match(/^waygate_service_exchanges_total\{/gm)).toHaveLength(501);
    expect(text).toContain('service="others",outcome="succeeded"} 1500');
  });

  it('try what an exchange needs once in ten seconds, whoever asks', async () => {
    let asked = 0;
    let at = 0;
    const metrics = metricsWith({
      health: async () => {
        asked += 1;
        return { isReady: true, checks: [] };
      },
      now: () => new Date(at),
    });
    await Promise.all([metrics.render(), metrics.render()]);
    at = 9_999;
    await metrics.render();
    expect(asked).toBe(1);
    at = 10_000;
    await metrics.render();
    expect(asked).toBe(2);
  });
});
