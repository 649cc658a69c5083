/** A server could not start because its port is taken or may not be used. */
export class PortUnavailable extends Error {
  override readonly name = 'PortUnavailable';
}

export interface ServerSettings {
  readonly port: number;
  /** The variable that decides the port, for the message to whoever has to change it. */
  readonly portVariable: string;
  readonly hostname: string;
  readonly maxRequestBodySize: number;
  readonly idleTimeout?: number;
  readonly fetch: (request: Request, server: Bun.Server<undefined>) => Response | Promise<Response>;
  readonly error?: (error: Error) => Response;
}

/** Bun.serve with a message that says what to change when it cannot listen. */
export function openServer(settings: ServerSettings): Bun.Server<undefined> {
  const { portVariable, ...rest } = settings;
  try {
    // Outside of development mode Bun lets several processes listen on one port, unless told otherwise: the requests of
    // one would silently go to the other.
    return Bun.serve({ ...rest, development: false, reusePort: false });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const { port } = settings;
    if (code === 'EADDRINUSE') {
      throw new PortUnavailable(
        `port ${port} is in use: stop what listens there, or set ${portVariable} to another port`,
      );
    }
    if (code === 'EACCES') {
      throw new PortUnavailable(`port ${port} may not be used by this user: set ${portVariable} to a port above 1023`);
    }
    throw error;
  }
}
