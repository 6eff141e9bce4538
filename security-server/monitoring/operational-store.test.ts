import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClientId } from '../../gateway/identifier/index.ts';
import type { OperationalRecord } from './operational-record.ts';
import { maxRecordsInAnswer, OperationalStore } from './operational-store.ts';

let dir = '';
let now = new Date('2026-06-01T00:00:00Z');
let troubles: unknown[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'operational-'));
  now = new Date('2026-06-01T00:00:00Z');
  troubles = [];
});

afterEach(() => rmSync(dir, { recursive: true }));

const open = () =>
  new OperationalStore({
    path: join(dir, 'monitoring.sqlite'),
    retentionDays: 7,
    now: () => now,
    onTrouble: (error) => troubles.push(error),
  });

const member = (memberCode: string): ClientId => ({
  kind: 'MEMBER',
  instance: 'DEV',
  memberClass: 'COM',
  memberCode,
});

const start = Date.parse('2026-06-01T00:00:00Z') / 1000;

const kept = (at: number, client = '1', provider = '2') => ({
  record: { monitoringDataTs: at, messageId: `${at}-${client}` } as OperationalRecord,
  client: member(client),
  provider: member(provider),
});

describe('operational data', () => {
  it('are found by period, both ends included, and survive a restart', () => {
    const store = open();
    for (const at of [0, 10, 20, 30]) store.keep(kept(start + at));
    store.close();
    const reopened = open();
    const { records, nextFrom } = reopened.find({ from: start + 10, to: start + 20, parties: [] });
    expect(records.map(({ monitoringDataTs }) => monitoringDataTs)).toEqual([start + 10, start + 20]);
    expect(nextFrom).toBeUndefined();
    reopened.close();
  });

  it('are narrowed to exchanges in which every named party took part', () => {
    const store = open();
    store.keep(kept(start, '1', '2'));
    store.keep(kept(start, '3', '1'));
    store.keep(kept(start, '4', '2'));
    const found = (...codes: string[]) =>
      store
        .find({ from: start, to: start, parties: codes.map(member) })
        .records.map(({ messageId }) => messageId);
    expect(found('1')).toEqual([`${start}-1`, `${start}-3`]);
    expect(found('1', '2')).toEqual([`${start}-1`]);
    expect(found('5')).toEqual([]);
    store.close();
  });

  it('that do not fit into one answer go on at a second that was not begun', () => {
    const store = open();
    for (let index = 0; index < maxRecordsInAnswer - 1; index += 1) store.keep(kept(start + 1));
    for (let index = 0; index < 3; index += 1) store.keep(kept(start + 2));
    const first = store.find({ from: start, to: start + 9, parties: [] });
    expect(first.records).toHaveLength(maxRecordsInAnswer - 1);
    expect(first.nextFrom).toBe(start + 2);
    const second = store.find({ from: first.nextFrom ?? 0, to: start + 9, parties: [] });
    expect(second.records).toHaveLength(3);
    expect(second.nextFrom).toBeUndefined();
    store.close();
  });

  it('of one second stay together, however many', () => {
    const store = open();
    for (let index = 0; index < maxRecordsInAnswer + 5; index += 1) store.keep(kept(start));
    store.keep(kept(start + 1));
    const { records, nextFrom } = store.find({ from: start, to: start + 9, parties: [] });
    expect(records).toHaveLength(maxRecordsInAnswer + 5);
    expect(nextFrom).toBe(start + 1);
    store.close();
  });

  it('go when their time is over', () => {
    const store = open();
    store.keep(kept(start));
    store.keep(kept(start + 3 * 86_400));
    store.flush();
    now = new Date((start + 8 * 86_400) * 1000);
    store.prune();
    expect(store.find({ from: 0, to: start * 2, parties: [] }).records).toHaveLength(1);
    store.close();
  });

  it('never fill the memory when the disk stands still; what was lost is told', () => {
    const store = open();
    for (let index = 0; index < 20_003; index += 1) store.keep(kept(start));
    store.flush();
    expect(troubles).toHaveLength(1);
    expect(String(troubles[0])).toContain('3 exchanges');
    store.close();
  });
});
