export { createWorker, type Worker, type WorkerOptions } from './create-worker.ts';
export { configurationShape } from './configuration.ts';
