export { OpenApiError, type OpenApiErrorCode } from './error.ts';
export { type ImportedOpenApi, importOpenApi, maxOpenApiBytes, type OpenApiSource } from './import.ts';
