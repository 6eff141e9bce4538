import type { TagColor } from '../../../gateway/console/index.ts';

/** A token as the API shows it. */
export interface Token {
  readonly id?: string;
  readonly kind: 'software' | 'device';
  readonly name: string;
  readonly label?: string;
  readonly state: string;
  readonly signing?: string;
  readonly trouble?: string;
}

export interface Key {
  readonly id: string;
  readonly label: string;
  readonly spec: KeySpec;
  readonly tokenId: string;
  readonly use?: string;
  readonly certificates: readonly string[];
  readonly createdAt?: string;
}

export type KeySpec =
  | { readonly type: 'ec'; readonly curve: string }
  | { readonly type: 'rsa'; readonly bits: number };

export function specText(spec: KeySpec): string {
  return spec.type === 'ec' ? `EC ${spec.curve}` : `RSA ${spec.bits}`;
}

/** As its page and the API name it; undefined while it was not found since the start. */
export function nameInPaths({ kind, id }: Token): string | undefined {
  return kind === 'software' ? 'software' : id;
}

export function colorOf(state: string): TagColor {
  if (state === 'signed-in') return 'success';
  return state === 'signed-out' ? 'warning' : 'danger';
}
