/** Octets of a description. */
export const maxOpenApiBytes = 10 * 1024 * 1024;
/** Octets of a description as callers are given it: written anew, numbers and indents can take more room. */
export const maxPublishedBytes = 2 * maxOpenApiBytes;
