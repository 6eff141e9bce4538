/**
 * A program whose writes a test lets fail: opens the log in a folder, records messages one after another, and says on
 * its output which of them it was told are recorded. Arguments: folder with a token, a signature and a configuration;
 * how many.
 */
import { readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from '../../certs/key/index.ts';
import { openSoftwareToken } from '../../certs/token/index.ts';
import type { LogEntry } from '../../gateway/road/index.ts';
import { createBodySink, prepareSpool } from '../../gateway/transport/index.ts';
import { SqliteMessageLog } from '../message-log/index.ts';
import { echo, portal } from './log-bench.ts';
import { pin } from './trust-services.ts';

const [root = '', count = '0'] = process.argv.slice(2);
const signature = readFileSync(join(root, 'signature.xml'));
const token = await openSoftwareToken(join(root, 'token'));
await token.activate(pin);
const configuration = { instance: 'DEV', tsas: () => [{}] } as never;
const [snapshot = ''] = readdirSync(join(root, 'messages', 'configurations', 'snapshots'));
const tell = (line: string) => writeSync(1, `${line}\n`);
const spool = join(root, 'spool');
await prepareSpool(spool);
const log = await SqliteMessageLog.open({
  dir: join(root, 'messages'),
  origin: 'DEV/GOV/1/server/messages',
  token,
  configuration: { current: () => configuration },
  configurationId: () => snapshot,
  bodyPolicy: () => ({ kind: 'keep' }),
  strippedHead: ({ head }) => head,
  timestampUrls: [],
  acceptableTimestampFailureMs: 0,
  now: () => new Date(),
  onTimestampFailure: (error) => tell(`timestamp ${error.message}`),
  onTrouble: (error) => tell(`trouble ${error.message}`),
});
tell('opened');
for (let number = 0; number < Number(count); number += 1) {
  const queryId = `message-${number}`;
  const body = Buffer.alloc(number % 3 === 2 ? 3_000 : 100, queryId);
  const sink = createBodySink({ dir: spool, memoryLimit: 1024, maxSize: 10_000, digest: 'sha512' });
  try {
    await sink.write(body);
    const held = await sink.finish();
    const entry: LogEntry = {
      ...{ protocol: 'rest', direction: 'request', side: 'client', queryId, requestId: queryId },
      ...{
        client: portal,
        service: echo,
        head: Buffer.from(`head of ${queryId}`),
        signature,
        at: new Date(),
      },
      attachments: [held],
    };
    await log.record(entry);
    tell(`recorded ${queryId} ${digestOf('sha256', body).toString('hex')}`);
    if (number % 2 === 1) await log.checkpoint();
  } catch (error) {
    tell(`refused ${queryId} ${error instanceof Error ? error.message : String(error)}`);
  }
}
tell('done');
process.exit(0);
