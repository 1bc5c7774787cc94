/** What a line of a chart comes to, and lines on top of each other. */

export interface SeriesStats {
  readonly last: number | null;
  readonly mean: number | null;
  readonly max: number | null;
}

export function seriesStats(values: readonly (number | null)[]): SeriesStats {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return { last: null, mean: null, max: null };
  return {
    last: known.at(-1) ?? null,
    mean: known.reduce((sum, value) => sum + value, 0) / known.length,
    max: known.reduce((largest, value) => Math.max(largest, value), -Infinity),
  };
}

/** Each line with those before it added. Where one says nothing, it is as if it were nothing. */
export function stacked(lines: readonly (readonly (number | null)[])[]): (number | null)[][] {
  const sums: number[] = [];
  const anything: boolean[] = [];
  for (const line of lines) {
    for (const [index, value] of line.entries()) if (value !== null) anything[index] = true;
  }
  return lines.map((line) =>
    line.map((value, index) => {
      const sum = (sums[index] ?? 0) + (value ?? 0);
      sums[index] = sum;
      return anything[index] ? sum : null;
    }),
  );
}

/** Eight colors, then the same ones with dashes. */
export function lineStyle(index: number): { readonly color: number; readonly dash: readonly number[] } {
  const dashes: readonly (readonly number[])[] = [[], [6, 3], [2, 3], [8, 3, 2, 3], [1, 2]];
  return { color: (index % 8) + 1, dash: dashes[Math.floor(index / 8) % dashes.length] ?? [] };
}
