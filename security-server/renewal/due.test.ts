import { expect, it } from 'vitest';
import { dueByAge, dueInWindow, pauseAfter } from './due.ts';

const day = (number: number) => new Date(Date.UTC(2026, 0, number));
const certificate = { notBefore: day(1), notAfter: day(91) };

it('a certificate is due after two thirds of its life, unless its authority says otherwise', () => {
  expect(dueByAge(certificate)).toEqual(day(61));
});

it.each([
  [0, day(50)],
  [0.5, day(52)],
  [0.75, day(53)],
])('in the window of an authority any instant is as likely: %d of it', (random, due) => {
  expect(dueInWindow({ startAt: day(50), endAt: day(54) }, certificate, random)).toEqual(due);
});

it('no authority has it wait for the last tenth', () => {
  expect(dueInWindow({ startAt: day(90), endAt: day(99) }, certificate, 0.5)).toEqual(day(82));
});

it('pauses after failures double from a minute to six hours', () => {
  expect([1, 2, 3, 4, 30].map((failures) => pauseAfter(failures) / 60_000)).toEqual([1, 2, 4, 8, 360]);
});
