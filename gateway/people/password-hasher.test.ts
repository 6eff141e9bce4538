import { describe, expect, it } from 'vitest';
import { PasswordHasher, presentCost } from './password-hasher.ts';

const cheap = { ln: 4, r: 8, p: 1 };
const stronger = { ln: 5, r: 8, p: 1 };

describe('records of passwords', () => {
  it('hold algorithm, cost and salt, and never the password', async () => {
    const hasher = new PasswordHasher();
    const record = await hasher.hash('four words of oil');
    expect(presentCost).toEqual({ ln: 15, r: 8, p: 1 });
    expect(record).toMatch(/^\$scrypt\$ln=15,r=8,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(record).not.toContain('four');
    expect(await hasher.verify('four words of oil', record)).toEqual({ isRight: true, isOutdated: false });
    expect(await hasher.verify('four words of oiL', record)).toEqual({ isRight: false, isOutdated: false });
  });

  it('differ for the same password', async () => {
    const hasher = new PasswordHasher(cheap);
    expect(await hasher.hash('the same')).not.toBe(await hasher.hash('the same'));
  });

  it('are still good when the cost rose, and then say that they are outdated', async () => {
    const record = await new PasswordHasher(cheap).hash('kept');
    const hasher = new PasswordHasher(stronger);
    expect(await hasher.verify('kept', record)).toEqual({ isRight: true, isOutdated: true });
    expect(await hasher.verify('wrong', record)).toEqual({ isRight: false, isOutdated: false });
  });

  it('cost as much work for nobody as for somebody', async () => {
    const hasher = new PasswordHasher(cheap);
    expect(await hasher.verify('anything', undefined)).toEqual({ isRight: false, isOutdated: false });
    expect(hasher.count).toBe(1);
  });

  it.each(['', 'plain', '$scrypt$ln=4,r=8,p=1$$', '$scrypt$ln=4,r=8,p=1$AAAA$AAAA', '$argon2id$v=19$x$y$z'])(
    'that are damaged are told, and never right: %s',
    async (record) => {
      await expect(new PasswordHasher(cheap).verify('', record)).rejects.toThrow('damaged');
    },
  );

  it('cannot ask for any amount of memory', async () => {
    const record = `$scrypt$ln=30,r=99,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`;
    await expect(new PasswordHasher(cheap).verify('x', record)).rejects.toThrow();
  });
});

describe('hashing', () => {
  it('refuses who comes when two are hashed and many wait, and takes others afterwards', async () => {
    const hasher = new PasswordHasher({ ln: 12, r: 8, p: 1 });
    const results = await Promise.allSettled(Array.from({ length: 100 }, () => hasher.hash('x')));
    const refused = results.filter((result) => result.status === 'rejected');
    expect(results.length - refused.length).toBe(34);
    expect(refused[0]?.reason).toMatchObject({ status: 503, code: 'busy' });
    expect(hasher.count).toBe(34);
    await expect(hasher.hash('x')).resolves.toContain('$scrypt$');
  });
});
