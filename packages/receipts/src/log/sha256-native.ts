/** SHA-256 of this runtime. In a browser `sha256-noble.ts` stands in for this module: see "browser" in the package's manifest. */
export { sha256 } from '../sha256.ts';
