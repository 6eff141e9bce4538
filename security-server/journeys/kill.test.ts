import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfigurationFolder } from '../../gateway/configuration/index.ts';
import { type Listening, listen } from '../../gateway/http/index.ts';
import { recordedIn } from '../../gateway/journeys/testing/recorded.ts';
import { adminClient } from '../../pilot/index.ts';
import { checkFolder, createAuditor } from '../index.ts';
import { foundNetwork, type ProcessNetwork, type ServerName, type ServerProcess } from './processes.ts';

const rounds = Number(process.env['WAYGATE_KILL_ROUNDS'] ?? 12);
const names: readonly ServerName[] = ['ministry', 'city'];
const path = '/r1/PILOT/GOV/1001/population/echo/x';

describe(`kill -9 of either server under load, ${rounds} rounds (WAYGATE_KILL_ROUNDS=50 for more)`, () => {
  let network: ProcessNetwork;
  let service: Listening;
  const servers = {} as Record<ServerName, ServerProcess>;

  beforeAll(async () => {
    network = await foundNetwork();
    service = await listen(
      createServer((incoming, outgoing) => incoming.pipe(outgoing)),
      '127.0.0.1',
      0,
      'none',
    );
    for (const name of names) servers[name] = await network.start(name);
    const admin = adminClient(adminUrl('ministry'), apiKey('ministry'));
    const echo = '/clients/PILOT%3AGOV%3A1001%3Apopulation/services/echo';
    const url = `http://127.0.0.1:${service.port}`;
    await admin.put(echo, {
      kind: 'REST',
      url,
      timeoutSeconds: 5,
      verifyTls: true,
      certificates: [],
      endpoints: [],
    });
    await admin.put(`${echo}/access-rights`, [
      { subject: 'PILOT:MUN:2001:portal', endpoints: [{ method: '*', path: '**' }] },
    ]);
  });
  afterAll(async () => {
    await network?.close();
    await service?.close(100);
  });

  const apiKey = (name: ServerName) => readFileSync(join(network.data, name, 'api-key'), 'utf8').trim();
  const adminUrl = (name: ServerName) => {
    const client = new URL(network.clientUrls[name]);
    return `http://127.0.0.1:${Number(client.port) + 2}`;
  };

  /** Exchanges until told to stop; keeps the ids of those the caller saw answered. */
  const loadUntil = async (stop: AbortSignal, answered: string[], worker: string) => {
    for (let count = 0; !stop.aborted; count += 1) {
      const id = `${worker}-${count}`;
      try {
        const response = await request(`${network.clientUrls.city}${path}`, {
          method: 'POST',
          headers: { 'X-Road-Client': 'PILOT/MUN/2001/portal', 'X-Road-Id': id },
          body: id,
        });
        if (response.statusCode === 200 && (await response.body.text()) === id) answered.push(id);
        else await response.body.dump();
      } catch {
        // The server that was asked has just been killed; what it did not answer it did not promise.
        await wait(10);
      }
    }
  };

  it('loses nothing that was answered: both logs have both messages, with evidence that verifies', async () => {
    const answered: string[] = [];
    const endangered: string[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const stop = new AbortController();
      const before = answered.length;
      const workers = Array.from({ length: 8 }, (_, index) =>
        loadUntil(stop.signal, answered, `kill-${round}-${index}`),
      );
      // Under load first: a round in which nothing was answered would show nothing.
      while (answered.length < before + 5) await wait(5);
      await wait(Math.random() * 60);
      const victim = names[Math.floor(Math.random() * names.length)] ?? 'city';
      await servers[victim].kill();
      stop.abort();
      await Promise.all(workers);
      // What was answered last before the kill is what is lost first when an answer is given too early.
      endangered.push(...answered.slice(-5));
      servers[victim] = await network.start(victim);
    }

    for (const name of names) await adminClient(adminUrl(name), apiKey(name)).post('/timestamps');
    for (const name of names) {
      const rows = recordedIn(join(network.data, name));
      const found = new Set(rows.map(({ queryId, direction }) => `${queryId} ${direction}`));
      const missing = answered.filter((id) => !found.has(`${id} request`) || !found.has(`${id} response`));
      expect(missing, `missing at the ${name}`).toEqual([]);
      const { findings } = await checkFolder({ folder: join(network.data, name) });
      expect(findings).toEqual([]);
    }

    const auditor = createAuditor(await readConfigurationFolder(join(network.data, 'city', 'globalconf')));
    const sides = [
      { url: network.clientUrls.city, client: 'memberClass=MUN&memberCode=2001&subsystemCode=portal' },
      {
        url: network.clientUrls.ministry,
        client: 'memberClass=GOV&memberCode=1001&subsystemCode=population',
      },
    ];
    // That thousands are there was seen above; verifying all of them takes minutes.
    const sample = answered.filter((_id, index) => index % Math.ceil(answered.length / 100) === 0);
    for (const { url, client } of sides) {
      for (const id of new Set([...endangered, ...sample])) {
        for (const direction of ['requestOnly', 'responseOnly']) {
          const response = await request(
            `${url}/asic?queryId=${id}&xRoadInstance=PILOT&${client}&unique&force&${direction}`,
          );
          const bytes = Buffer.from(await response.body.arrayBuffer());
          expect([response.statusCode, id]).toEqual([200, id]);
          expect(await auditor.judgeContainer(id, bytes)).toMatchObject({ valid: true, messageId: id });
        }
      }
    }
    expect(answered.length).toBeGreaterThan(rounds * 5);
  });
});
