import { describe, expect, it } from 'vitest';
import { HeldError, readAnchorHash, readHeldCheckpoints, readHeldConfiguration } from './held.ts';

const note = 'ss1.example/DEV\n4\nAAAA=\n\n\u2014 ss1.example/DEV abcd\n';
const cosigned = `${note}\u2014 witness.example efgh\n`;

describe('pasted checkpoints', () => {
  it.each<[string, string, readonly string[]]>([
    ['none', ' \n\n', []],
    ['one', note, [note]],
    ['one without its last line end, and with blank lines around', `\n\n${note.trim()}  \n`, [note]],
    ['one with line ends of Windows', note.replaceAll('\n', '\r\n'), [note]],
    ['one with two signatures', cosigned, [cosigned]],
    ['two', `${note}${cosigned}`, [note, cosigned]],
    ['two with a blank line between', `${note}\n\n${note}`, [note, note]],
  ])('are read: %s', (_what, pasted, notes) => {
    expect(readHeldCheckpoints(pasted)).toEqual(notes);
  });

  it.each([
    ['without signatures', 'ss1.example/DEV\n4\nAAAA=\n'],
    ['with more behind the last', `${note}ss1.example/DEV`],
    ['that are something else', 'hello'],
  ])('are refused %s', (_what, pasted) => {
    expect(() => readHeldCheckpoints(pasted)).toThrow(HeldError);
  });
});

describe('a pasted fingerprint', () => {
  const printed = Array.from({ length: 28 }, (_, at) => at.toString(16).padStart(2, '0').toUpperCase()).join(
    ':',
  );

  it('is read however it is spelt', () => {
    expect(readAnchorHash(`  ${printed} `)).toBe(printed);
    expect(readAnchorHash(printed.toLowerCase().replaceAll(':', ' '))).toBe(printed);
    expect(readAnchorHash(printed.replaceAll(':', ''))).toBe(printed);
    expect(readAnchorHash(' ')).toBeUndefined();
  });

  it.each([
    ['cut short', printed.slice(3)],
    ['too long', `${printed}:00`],
    ['with a half pair', `${printed}0`],
    ['with other letters', `${printed.slice(0, -2)}XY`],
  ])('is refused %s', (_what, pasted) => {
    expect(() => readAnchorHash(pasted)).toThrow(HeldError);
  });
});

describe('a configuration folder', () => {
  const file = (path: string, text = '<x/>') => ({ path, bytes: Buffer.from(text) });

  it('gives the parts of all instances, and not what stands beside them', () => {
    const { own, files } = readHeldConfiguration([
      file('conf/instance-identifier', 'DEV\n'),
      file('conf/DEV/shared-params.xml'),
      file('conf/DEV/shared-params.xml.metadata', '{"expirationDate":"2026-01-01T00:00:00Z"}'),
      file('conf/DEV/directory'),
      file('conf/OTHER+ONE/shared-params.xml'),
      file('conf/DEV/deeper/shared-params.xml'),
    ]);
    expect(own).toBe('DEV');
    expect(files.map(({ instance, contentIdentifier }) => `${instance} ${contentIdentifier}`)).toEqual([
      'DEV SHARED-PARAMETERS',
      'OTHER ONE SHARED-PARAMETERS',
    ]);
    expect(files[0]?.expiresAt.toISOString()).toBe('2026-01-01T00:00:00.000Z');
  });

  it('is refused when it is another folder', () => {
    expect(() => readHeldConfiguration([file('photos/DEV/shared-params.xml')])).toThrow(HeldError);
  });
});
