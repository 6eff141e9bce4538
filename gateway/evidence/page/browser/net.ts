/** What stands for `node:net` in the judging page: certificates are read there, and none is written. */
export function isIPv4(): never {
  throw new Error('the judging page writes no certificates');
}

export const isIPv6 = isIPv4;
