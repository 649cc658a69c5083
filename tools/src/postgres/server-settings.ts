const durableSettings: Readonly<Record<string, string>> = {
  max_connections: '100',
  shared_buffers: '256MB',
  wal_level: 'replica',
  max_wal_size: '4GB',
  synchronous_commit: 'on',
  fsync: 'on',
  log_min_messages: 'warning',
  timezone: 'UTC',
  jit: 'off',
  // A database begins without statistics, and its first minute is when somebody tries it under load: foreign keys are checked
  // through whatever index the planner guesses, until it knows.
  autovacuum_naptime: '5s',
};

/** Settings which lose data on a crash of the machine, and make a throw-away cluster fast. */
export const throwAwaySettings: Readonly<Record<string, string>> = {
  fsync: 'off',
  full_page_writes: 'off',
  shared_buffers: '64MB',
  // A cluster of many short-lived databases: its launcher would visit one after the other.
  autovacuum: 'off',
  // Its passwords keep nothing secret, and each connection would pay for that.
  scram_iterations: '1',
};

/**
 * The server's arguments. `settings` replace the defaults, except where the server listens: TCP on 127.0.0.1 and no
 * Unix socket (a socket in a shared folder would let other users in before any password rule of ours).
 */
export function serverArguments(options: {
  readonly dataDirectory: string;
  readonly port: number;
  readonly settings: Readonly<Record<string, string>>;
}): string[] {
  const settings = {
    ...durableSettings,
    ...options.settings,
    listen_addresses: '127.0.0.1',
    port: String(options.port),
    unix_socket_directories: '',
    logging_collector: 'off',
  };
  const pairs = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return ['-D', options.dataDirectory, ...pairs];
}

/**
 * The environment of initdb and postgres: fixed locale and time zone (log lines are read by code), and nothing else of
 * ours, since a server's superuser can read its environment and the PG* variables would change its defaults.
 */
export function serverEnvironment(ours: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const environment: Record<string, string> = { LC_ALL: 'C', TZ: 'UTC' };
  for (const name of ['PATH', 'TMPDIR', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH']) {
    const value = ours[name];
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}
