/** Milliseconds. */
const SHORTEST = 5;
const LONGEST = 500;

/** So many deadlines from 5 to 500 ms, each as much longer than the one before as the next one is, shuffled; the same in each run. */
export function deadlines(count: number, seed: number): number[] {
  const growth = (LONGEST / SHORTEST) ** (1 / Math.max(1, count - 1));
  return shuffled(
    Array.from({ length: count }, (_, index) => Math.round(SHORTEST * growth ** index)),
    seed,
  );
}

function shuffled(values: number[], seed: number): number[] {
  let state = seed + 1;
  for (let last = values.length - 1; last > 0; last--) {
    // Minimal standard generator of Park and Miller.
    state = (state * 48_271) % 2_147_483_647;
    const other = state % (last + 1);
    [values[last], values[other]] = [values[other] ?? 0, values[last] ?? 0];
  }
  return values;
}
