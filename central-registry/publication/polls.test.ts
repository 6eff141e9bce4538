import { expect, it } from 'vitest';
import { directoryTag } from '../../gateway/configuration/index.ts';
import { Polls, readPoll } from './polls.ts';

const at = (seconds: number) => new Date(1_800_000_000_000 + seconds * 1_000);
const server = 'TEST:GOV:1:ss1';
const servers = new Set([server, 'TEST:GOV:2:ss1']);
const [first, renewed, second] = ['first', 'renewed', 'second'].map((text) => Buffer.from(text)) as [
  Buffer,
  Buffer,
  Buffer,
];

it('says which configuration a server has, whether it is the current one, and when it asked', () => {
  let now = at(0);
  const polls = new Polls(() => now);
  polls.published({ directories: [first], at: at(0), changedAt: at(0), servers });
  expect(polls.of(server)).toBeUndefined();
  polls.note({ server, tag: directoryTag(first) });
  expect(polls.of(server)).toEqual({ at: at(0), state: 'current', publishedAt: at(0) });
  // Renewed, and nothing else: what it has is as good.
  polls.published({ directories: [renewed], at: at(60), changedAt: at(0), servers });
  expect(polls.of(server)).toMatchObject({ state: 'current', publishedAt: at(0) });
  polls.published({ directories: [second], at: at(90), changedAt: at(90), servers });
  expect(polls.of(server)).toMatchObject({ state: 'former', publishedAt: at(0) });
  now = at(91);
  polls.note({ server, tag: directoryTag(second) });
  expect(polls.of(server)).toEqual({ at: at(91), state: 'current', publishedAt: at(90) });
  polls.note({ server, tag: directoryTag(Buffer.from('of another registry')) });
  expect(polls.of(server)).toEqual({ at: at(91), state: 'unknown' });
});

it('keeps nothing of servers that are not registered, or are no more', () => {
  const polls = new Polls(() => at(0));
  polls.published({ directories: [first], at: at(0), changedAt: at(0), servers });
  polls.note({ server: 'TEST:GOV:3:ss1' });
  polls.note({ server });
  expect([polls.of('TEST:GOV:3:ss1'), polls.of(server)]).toEqual([
    undefined,
    { at: at(0), state: 'unknown' },
  ]);
  polls.published({ directories: [first], at: at(1), changedAt: at(0), servers: new Set() });
  expect(polls.of(server)).toBeUndefined();
});

it.each([
  ['nothing', {}, undefined],
  ['no identifier', { 'waygate-server': 'TEST:GOV:1' }, undefined],
  ['too much', { 'waygate-server': `TEST:GOV:1:${'x'.repeat(20_000)}` }, undefined],
  ['who it is', { 'waygate-server': server }, { server }],
  ['what is no tag', { 'waygate-server': server, 'waygate-configuration': '"x"' }, { server }],
  [
    'both',
    { 'waygate-server': server, 'waygate-configuration': directoryTag(first) },
    { server, tag: directoryTag(first) },
  ],
])('reads of a request that says %s', (_what, headers, poll) => {
  expect(readPoll(headers)).toEqual(poll);
});
