export { OpenApiError, type OpenApiErrorCode } from './error.ts';
export { type ImportedOpenApi, importOpenApi, type OpenApiSource } from './import.ts';
export { maxOpenApiBytes } from './limits.ts';
export type { OpenApiOutline, OutlinedOperation } from './outline.ts';
export { outlineAside } from './read-aside.ts';
