import { expect, it } from 'vitest';
import { newInvitationId } from './invite.ts';

it('the name of an invitation never looks like an option of a command', () => {
  const ids = Array.from({ length: 1_000 }, newInvitationId);
  expect(ids.filter((id) => !/^[A-Za-z][\w-]{21}$/.test(id))).toEqual([]);
  expect(new Set(ids).size).toBe(1_000);
});
