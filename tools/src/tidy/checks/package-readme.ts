import type { Finding, SourceFile, TidyCheck } from '../tidy-check.ts';

const PACKAGE_MANIFEST = /^packages\/[^/]+\/package\.json$/;

/**
 * Every package has a README.md that shows one example, and the example is a file of its own (`example.ts`, in the package
 * or in its `src`), so that it compiles and runs. The README carries that file word for word.
 */
export const packageReadme: TidyCheck = {
  name: 'package-readme',
  concerns: (path) => PACKAGE_MANIFEST.test(path),
  find: (files: readonly SourceFile[]): Finding[] => {
    const textOf = new Map(files.map((file) => [file.path, file.text]));
    return files
      .filter((file) => packageReadme.concerns(file.path))
      .flatMap((file) => {
        const directory = file.path.slice(0, -'/package.json'.length);
        const readme = textOf.get(`${directory}/README.md`);
        const example = textOf.get(`${directory}/example.ts`) ?? textOf.get(`${directory}/src/example.ts`);
        const message = complaint({ readme, example });
        return message === undefined ? [] : [{ path: `${directory}/README.md`, line: 0, message }];
      });
  },
};

function complaint(input: {
  readonly readme: string | undefined;
  readonly example: string | undefined;
}): string | undefined {
  if (input.readme === undefined) return 'the package has no README.md';
  if (input.example === undefined) return 'the package has no example.ts';
  if (input.example.trim() === '') return 'example.ts is empty';
  if (!input.readme.includes(input.example.trim())) return 'the README does not carry example.ts word for word';
  return undefined;
}
