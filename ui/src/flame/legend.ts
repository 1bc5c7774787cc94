import { at, nodePackage, OTHER, ROOT, type CallTree } from '../model/call-tree.ts';
import { formatShare } from '../model/format.ts';
import { KIND_NAMES, KIND_NOTES } from '../model/frame-kind.ts';
import type { ColorBy } from '../state/url.ts';
import { FIRST_HEAT, FIRST_KIND, HEAT_STEPS, packageColor } from './palette.ts';

export interface LegendItem {
  readonly label: string;
  /** Index of the palette's fills. */
  readonly color: number;
  /** What frames of this color spend themselves; `undefined` for a step of a scale. */
  readonly self: number | undefined;
  readonly note: string;
}

/**
 * What the colors of a tree mean, for the whole of it and not for what is zoomed in on: colors stay, so does what
 * explains them. Packages and kinds by what they spend themselves, the most first; values as a scale.
 */
export function legendOf(tree: CallTree, by: ColorBy): LegendItem[] {
  if (by === 'value') {
    return HEAT_STEPS.map((share, step) => ({
      label: step === 0 ? 'none' : share < 0.001 ? '>0' : `${formatShare(share, 1).replace(/\.?0+%/, '%')}`,
      color: FIRST_HEAT + step,
      self: undefined,
      note: step === 0 ? 'Spends nothing itself' : `Spends ${formatShare(share, 1)} of all or more itself`,
    }));
  }
  const selfs = new Map<string | number, number>();
  const { kinds } = tree.table;
  for (let node = 0; node < tree.size; node++) {
    const index = at(tree.functions, node);
    if (index === ROOT || index === OTHER) continue;
    const group = by === 'kind' ? (kinds[index] ?? 6) : nodePackage(tree, node);
    selfs.set(group, (selfs.get(group) ?? 0) + at(tree.selfs, node));
  }
  return [...selfs]
    .sort((left, right) => right[1] - left[1])
    .map(([group, self]) =>
      typeof group === 'number'
        ? {
            label: KIND_NAMES[group] ?? '',
            color: FIRST_KIND + group,
            self,
            note: KIND_NOTES[group] ?? '',
          }
        : { label: group || '(no package)', color: packageColor(group), self, note: '' },
    );
}
