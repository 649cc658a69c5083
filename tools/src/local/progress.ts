/** Where the progress is shown. */
export interface ProgressOutput {
  /** Whether a line can be written over: not so in a file or a pipe. */
  readonly isTerminal: boolean;
  write(text: string): void;
}

/** Shows what is being done and how long each thing took. */
export interface Progress {
  /** Begins a step. The returned function ends it, with a remark or with none. */
  begin(name: string): (remark?: string) => void;
  line(text: string): void;
  /** Forgets the steps that did not end: they failed, or were interrupted. */
  abandon(): void;
}

const nameColumns = 14;
const eraseLine = '\r\u001B[2K';

/** `now` is a clock that never goes back, in milliseconds. */
export function createProgress(output: ProgressOutput, now: () => number): Progress {
  const pending: string[] = [];
  const line = (text: string): void => {
    output.write(`${output.isTerminal && pending.length > 0 ? eraseLine : ''}${text}\n`);
  };
  const showPending = (): void => {
    if (output.isTerminal && pending.length > 0) output.write(`${eraseLine}  … ${pending.join(', ')}`);
  };
  return {
    begin: (name) => {
      const startedAt = now();
      pending.push(name);
      showPending();
      return (remark = '') => {
        const seconds = `${((now() - startedAt) / 1000).toFixed(1)} s`;
        line(`  ✓ ${name.padEnd(nameColumns)} ${seconds.padStart(6)}  ${remark}`.trimEnd());
        pending.splice(pending.indexOf(name), 1);
        showPending();
      };
    },
    line: (text) => {
      line(text);
      showPending();
    },
    abandon: () => {
      if (output.isTerminal && pending.length > 0) output.write(eraseLine);
      pending.splice(0);
    },
  };
}
