import { type AddressInfo, createServer } from 'node:net';
import { systemErrorCode } from './cluster-problem.ts';

/** Whether nothing listens on this port of 127.0.0.1. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await listenOnce(port)) !== null;
}

/** A port which is free now. Another process may take it before it is used: the caller tries again then. */
export async function freePort(): Promise<number> {
  const port = await listenOnce(0);
  if (port === null) throw new Error('the system gave no free port');
  return port;
}

async function listenOnce(port: number): Promise<number | null> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, host: '127.0.0.1', exclusive: true }, resolve);
    });
    // A TCP server that listens has an address with a port; only a pipe's would be a string.
    return (server.address() as AddressInfo).port;
  } catch (error) {
    if (['EADDRINUSE', 'EACCES'].includes(systemErrorCode(error) ?? '')) return null;
    throw error;
  } finally {
    server.close();
  }
}
