/** A progress bar on a terminal, a line every few seconds elsewhere. Written to stderr: stdout is for results. */
export function createProgress(options: { total: number; label: string; now: () => number }): {
  show(done: number): void;
  end(): void;
} {
  const { total, label, now } = options;
  const startedAt = now();
  const interactive = process.stderr.isTTY === true;
  const pauseMilliseconds = interactive ? 100 : 5000;
  let shownAt = -Infinity;
  let latest = 0;

  function draw(): void {
    const share = total === 0 ? 1 : Math.min(1, latest / total);
    const seconds = Math.max(0.001, (now() - startedAt) / 1000);
    const rate = Math.round(latest / seconds);
    const figures = `${label} ${latest}/${total} (${Math.floor(share * 100)} %), ${rate} lines/s`;
    if (!interactive) return void process.stderr.write(`${figures}\n`);
    const width = 30;
    const bar = '█'.repeat(Math.round(share * width)).padEnd(width, '░');
    process.stderr.write(`\r${bar} ${figures}   `);
  }

  return {
    show(done) {
      latest = Math.max(latest, done);
      if (now() - shownAt < pauseMilliseconds) return;
      shownAt = now();
      draw();
    },
    end() {
      draw();
      if (interactive) process.stderr.write('\n');
    },
  };
}
