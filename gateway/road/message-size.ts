import type { MessageSize } from './road.ts';

/** @param bodies REST body or SOAP attachments */
export function messageSizeOf(
  protocol: 'rest' | 'soap',
  head: Buffer,
  bodies: readonly { readonly size: number }[],
): MessageSize {
  const all = bodies.reduce((sum, { size }) => sum + size, head.length);
  if (protocol === 'rest') return { size: all, attachments: 0 };
  const mime = bodies.length === 0 ? {} : { mimeSize: all };
  return { size: head.length, attachments: bodies.length, ...mime };
}
