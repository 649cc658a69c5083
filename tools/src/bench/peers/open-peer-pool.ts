import { Pool } from 'pg';

/** The pool of a peer, with those settings of our own connections that concern names, times and plans. */
export function openPeerPool(options: {
  readonly databaseUrl: string;
  readonly connections: number;
  readonly applicationName: string;
}): Pool {
  return new Pool({
    connectionString: options.databaseUrl,
    application_name: options.applicationName,
    max: options.connections,
    options: '-c search_path=kf -c timezone=UTC -c enable_seqscan=off',
  });
}
