import { expect, it } from 'vitest';
import { unvisited } from './find-pages.ts';

it('a pattern that no visited page matches is found, and a page counts for the first of several', () => {
  const patterns = ['/', '/members', '/members/new', '/members/:member', '/members/:member/remove'];
  const paths = ['/', '/members?members.sort=name', '/members/new', '/members/A%3AB/remove'];
  expect(unvisited(patterns, paths)).toEqual(['/members/:member']);
  expect(unvisited(patterns, [...paths, '/members/A%3AB?done=added'])).toEqual([]);
  const history = ['/history/:index{\\d+}', '/history/checkpoint'];
  expect(unvisited(history, ['/history/checkpoint'])).toEqual(['/history/:index{\\d+}']);
  expect(unvisited(history, ['/history/checkpoint', '/history/12'])).toEqual([]);
});
