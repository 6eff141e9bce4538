import { Copyable } from './copyable.tsx';

interface FingerprintProps {
  /** Hexadecimal digits, in any case, with or without colons. */
  readonly hex: string;
  /** 'SHA-256'. */
  readonly algorithm: string;
}

/** A hash in groups that two people can read to each other. */
export function Fingerprint({ hex, algorithm }: FingerprintProps) {
  const digits = hex.replaceAll(/[^0-9a-fA-F]/g, '').toUpperCase();
  const groups = digits.match(/.{1,4}/g) ?? [];
  return (
    <span class="wg-fingerprint">
      <span class="wg-hint">{algorithm}</span>
      <Copyable text={digits} what={algorithm} shown={groups.join(' ')} />
    </span>
  );
}
