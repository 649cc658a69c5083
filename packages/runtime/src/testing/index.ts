export { captureLog, type LogCapture } from './capture-log.ts';
export {
  type CloudStorageFault,
  type CloudStorageServer,
  startCloudStorageServer,
  type StoredObject,
} from './cloud-storage-server.ts';
export { type OtlpReceiver, type ReceivedSpan, type SpanAttribute, startOtlpReceiver } from './otlp-receiver.ts';
export {
  type SecretManagerFault,
  type SecretManagerServer,
  startSecretManagerServer,
} from './secret-manager-server.ts';
export { waitUntil } from './wait-until.ts';
