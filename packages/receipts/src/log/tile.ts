import { parseDecimal } from './decimal.ts';
import { tileLevelMax, tileWidth, treeSizeMax } from './log-limits.ts';

/**
 * A tile of hashes, or the bundle of entries under a tile of level 0 (C2SP tlog-tiles). Its `width` is how many hashes or
 * entries it holds: 256 when full, fewer at the right edge of the tree.
 */
export interface Tile {
  readonly level: number | 'entries';
  readonly index: bigint;
  readonly width: number;
}

const levelBits = 8n;
const pathPattern = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/){0,6}\d{3})(?:\.p\/(\d{1,3}))?$/;

/** The path of a tile below the prefix of its log: `tile/<L>/<N>[.p/<W>]`. Throws RangeError for a tile that none has. */
export function tilePath(tile: Tile): string {
  const { level, index, width } = tile;
  if (!isLevel(level) || index < 0n || index > treeSizeMax || !isWidth(width)) throw new RangeError('no such tile');
  const digits = index.toString();
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g) ?? [];
  const number = groups.map((group, position) => (position < groups.length - 1 ? `x${group}` : group)).join('/');
  return `tile/${level}/${number}${width === tileWidth ? '' : `.p/${width}`}`;
}

/** The tile that a path names, or undefined. A tile has one path: surplus groups and leading zeros are refused. */
export function parseTilePath(path: string): Tile | undefined {
  const [, levelText = '', number = '', widthText] = pathPattern.exec(path) ?? [];
  const index = parseDecimal({ text: number.replaceAll(/[x/]/g, '').replace(/^0+(?=\d)/, ''), max: treeSizeMax });
  const level: Tile['level'] = levelText === 'entries' ? levelText : Number(levelText);
  const width = widthText === undefined ? tileWidth : Number(widthText);
  if (index === undefined || !isLevel(level) || !isWidth(width)) return undefined;
  const tile: Tile = { level, index, width };
  return tilePath(tile) === path ? tile : undefined;
}

/**
 * The tiles that a tree has at `newSize` and did not have at `oldSize`, level by level: those that became full, then the
 * partial one at the right edge. An entry bundle goes with each of level 0. Throws RangeError when the tree shrinks.
 */
export function tilesFor(sizes: { readonly oldSize: bigint; readonly newSize: bigint }): readonly Tile[] {
  const { oldSize, newSize } = sizes;
  if (oldSize < 0n || oldSize > newSize || newSize > treeSizeMax) throw new RangeError('a log only grows');
  const tiles: Tile[] = [];
  let [before, after] = [oldSize, newSize];
  for (let level = 0; after > before; level += 1) {
    const full = after >> levelBits;
    for (let index = before >> levelBits; index < full; index += 1n) tiles.push({ level, index, width: tileWidth });
    const rest = Number(after % BigInt(tileWidth));
    if (rest > 0) tiles.push({ level, index: full, width: rest });
    before >>= levelBits;
    after = full;
  }
  return tiles;
}

/** The tile of level `level` and number `index` in a tree of `treeSize` leaves, or undefined when the tree has none. */
export function tileIn(input: {
  readonly level: number;
  readonly index: bigint;
  readonly treeSize: bigint;
}): Tile | undefined {
  const { level, index, treeSize } = input;
  const rest = (treeSize >> (levelBits * BigInt(level))) - index * BigInt(tileWidth);
  if (rest <= 0n) return undefined;
  return { level, index, width: rest < BigInt(tileWidth) ? Number(rest) : tileWidth };
}

function isLevel(level: number | 'entries'): boolean {
  return level === 'entries' || (Number.isInteger(level) && level >= 0 && level <= tileLevelMax);
}

function isWidth(width: number): boolean {
  return Number.isInteger(width) && width > 0 && width <= tileWidth;
}
