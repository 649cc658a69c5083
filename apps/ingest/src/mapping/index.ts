export type { MappedCommand, Mapping, MessageResult, ReadMessage, UnknownNames } from './mapping.ts';
export { readMessage } from './read-message.ts';
