/** Runs each item once, in their order and as many at a time as there are lanes: a lane that is done takes the next item. */
export async function inLanes<Item, Result>(
  items: readonly Item[],
  lanes: number,
  run: (item: Item, lane: number) => Promise<Result>,
): Promise<Result[]> {
  const waiting = items.entries();
  const results: Result[] = [];
  const runLane = async (lane: number): Promise<void> => {
    // One iterator for all lanes: what one takes the others do not see.
    for (const [at, item] of waiting) results[at] = await run(item, lane);
  };
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, (_none, lane) => runLane(lane)));
  return results;
}
