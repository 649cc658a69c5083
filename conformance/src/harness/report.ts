import type { CheckResult } from './run-checks.ts';

interface TableColumn {
  readonly title: string;
  readonly width: number;
  readonly text: (result: CheckResult) => string;
}

const columns: readonly TableColumn[] = [
  { title: 'check', width: 42, text: ({ id }) => id },
  { title: 'claim', width: 52, text: ({ claim }) => claim },
  { title: 'mechanism', width: 48, text: ({ mechanism }) => mechanism },
  { title: 'observed', width: 8, text: ({ observed }) => String(observed) },
  { title: 'verdict', width: 14, text: ({ verdict }) => verdict },
];

/** Breaks text at spaces so that each line fits; a longer word is cut. */
function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [''];
  for (const word of text.split(' ').flatMap((long) => long.match(new RegExp(`.{1,${width}}`, 'gu')) ?? [''])) {
    const last = lines[lines.length - 1] ?? '';
    if (last === '') lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function lined(cells: readonly string[]): string {
  const blocks = cells.map((cell, index) => wrapped(cell, columns[index]?.width ?? 20));
  const height = Math.max(...blocks.map((block) => block.length));
  const rows = Array.from({ length: height }, (_, line) =>
    blocks
      .map((block, index) => (block[line] ?? '').padEnd(columns[index]?.width ?? 20))
      .join('  ')
      .trimEnd(),
  );
  return rows.join('\n');
}

/** The results as text for a terminal: a table, then what was found against each claim that does not hold. */
export function renderReport(results: readonly CheckResult[]): string {
  const rule = columns.map(({ width }) => '-'.repeat(width)).join('  ');
  const table = [
    lined(columns.map(({ title }) => title)),
    rule,
    ...results.map((result) => lined(columns.map(({ text }) => text(result)))),
  ];
  const open = results.filter(({ verdict }) => verdict !== 'holds');
  const details = open.map(
    ({ id, verdict, evidence }) => `\n${id}: ${verdict}\n${evidence.map((line) => `  ${line}`).join('\n')}`,
  );
  const count = (verdict: CheckResult['verdict']): number =>
    results.filter((result) => result.verdict === verdict).length;
  const summary = `\n${count('holds')} hold, ${count('violated')} violated, ${count('error')} undecided, ${count('not_applicable')} not applicable`;
  return [...table, ...details, summary].join('\n');
}
