import type { ChangeRow } from './diff.ts';
import { csvOf } from './csv.ts';

/** Values as the server counts them, so that a spreadsheet can go on with them. */
export function changesCsv(rows: readonly ChangeRow[]): string {
  return csvOf(
    [
      'function',
      'file',
      'module',
      'self_a',
      'self_b',
      'samples_a',
      'samples_b',
      'normalized_a',
      'normalized_b',
      'z',
    ],
    rows.map((row) => [
      row.name,
      row.file,
      row.module,
      row.selfA,
      row.selfB,
      row.samplesA,
      row.samplesB,
      row.a,
      row.b,
      Number.isNaN(row.z) ? '' : row.z,
    ]),
  );
}
