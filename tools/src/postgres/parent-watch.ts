import { type ChildProcess, spawn } from 'node:child_process';

// Reads a pipe whose other end only we hold: end of file means that we are gone, however we died. Then the server gets
// a fast shutdown, after 10 s an immediate one, and a throw-away folder is removed.
const script = `read -r line
kill -INT "$1" || exit 0
count=0
while kill -0 "$1" 2>/dev/null && [ "$count" -lt 100 ]; do sleep 0.1; count=$((count + 1)); done
kill -QUIT "$1" 2>/dev/null
[ -z "$2" ] || rm -rf -- "$2"`;

/**
 * Starts a process that stops the server `processId` when this process dies without having done so, and then removes
 * `folderToRemove`. Returns the function that ends the watch.
 */
export function parentWatch(options: {
  readonly processId: number;
  readonly folderToRemove: string | null;
}): () => void {
  // In a process group of its own, so that Ctrl-C in a terminal reaches us and not the watch.
  const watch: ChildProcess = spawn(
    '/bin/sh',
    ['-c', script, 'karmanflow-parent-watch', String(options.processId), options.folderToRemove ?? ''],
    { stdio: ['pipe', 'ignore', 'ignore'], detached: true, cwd: '/' },
  );
  // The watch is a safety net: without it the cluster works, and stopOrphan still finds a server left behind.
  watch.on('error', () => {});
  watch.stdin?.on('error', () => {});
  watch.unref();
  return () => void watch.kill('SIGKILL');
}
