export type { ApiDocument, ApiOperation } from './api-document.ts';
export { configurationShape, type ConsoleApiConfiguration } from './configuration.ts';
export { type ConsoleApi, type ConsoleApiParts, createConsoleApi } from './create-console-api.ts';
export { type ConsoleApiProcess, startConsoleApi } from './start-console-api.ts';
