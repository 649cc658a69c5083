export { type Crash, crashingConnection } from './crashing-connection.ts';
