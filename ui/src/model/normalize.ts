import type { BasisBody } from '../api/types.ts';
import type { Normalize } from '../state/url.ts';
import { formatFraction, formatValue } from './format.ts';

/** How values are shown: as they are, or as an amount per something, and then all in the same way. */
export interface Normalizer {
  /** What is done, which is `total` where what was asked for cannot be. */
  readonly mode: Normalize;
  /** Shown values are the values of the answer divided by this. */
  readonly divisor: number;
  /** Follows the unit: nothing, `/min` or `/call`. */
  readonly suffix: string;
  readonly label: string;
  /** Why values cannot be shown as asked, in words for the reader. */
  readonly obstacle: string | undefined;
}

export const AS_IS: Normalizer = {
  mode: 'total',
  divisor: 1,
  suffix: '',
  label: 'Total',
  obstacle: undefined,
};

export const NORMALIZE_LABELS: Readonly<Record<Normalize, string>> = {
  total: 'Total',
  minute: 'Per minute',
  call: 'Per endpoint call',
};

/** What an answer must say of itself for its values to be divided. */
export type NormalizerBasis = Pick<BasisBody, 'kind' | 'seconds' | 'calls'>;

/**
 * Per minute of the time that the profiles cover, whatever the number of processes: a service that keeps two cores
 * busy shows 2 min/min. Per call of the endpoints in scope, where clients count them.
 */
export function normalizerOf(basis: NormalizerBasis, mode: Normalize): Normalizer {
  if (mode === 'total') return AS_IS;
  const label = NORMALIZE_LABELS[mode];
  const refused = (obstacle: string): Normalizer => ({ ...AS_IS, obstacle });
  if (basis.kind === 'snapshot')
    return refused('These values are what there was at one moment, so they have no rate.');
  if (mode === 'minute') {
    return basis.seconds > 0
      ? { mode, divisor: basis.seconds / 60, suffix: '/min', label, obstacle: undefined }
      : refused('The profiles do not say how much time they cover.');
  }
  return basis.calls !== null && basis.calls > 0
    ? { mode, divisor: basis.calls, suffix: '/call', label, obstacle: undefined }
    : refused('No profile in scope counts the calls of endpoints.');
}

/** The one formatter of values in trees, tables, tooltips and breadcrumbs. */
export function formatNormalized(value: number, unit: string, normalizer: Normalizer): string {
  if (normalizer.suffix === '') return formatValue(value, unit);
  return `${formatFraction(value / normalizer.divisor, unit)}${normalizer.suffix}`;
}
