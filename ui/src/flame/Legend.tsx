import { useMemo } from 'react';

import { at, type CallTree } from '../model/call-tree.ts';
import { formatShare, plural } from '../model/format.ts';
import type { ColorBy } from '../state/url.ts';
import { legendOf } from './legend.ts';
import { cssColor } from './palette.ts';

const MOST = 10;

/** One line below the flame graph: what its colors mean, and how much of all each stands for. */
export function Legend({ tree, colorBy }: { readonly tree: CallTree; readonly colorBy: ColorBy }) {
  const items = useMemo(() => legendOf(tree, colorBy), [tree, colorBy]);
  const whole = at(tree.totals, 0);
  const isScale = colorBy === 'value';
  const shown = isScale ? items : items.slice(0, MOST);
  return (
    <div className="flame-legend" data-scale={isScale} role="group" aria-label="What the colors mean">
      <span className="muted">
        {isScale ? 'Self, of all' : colorBy === 'kind' ? 'Self by kind' : 'Self by package'}
      </span>
      <ul>
        {shown.map(({ label, color, self, note }) => (
          <li key={label} title={note || label}>
            <span className="flame-swatch" style={{ background: cssColor(color) }} />
            <span className="flame-legend-name">{label}</span>
            {self !== undefined && <span className="muted">{formatShare(self, whole)}</span>}
          </li>
        ))}
        {items.length > shown.length && (
          <li className="muted">and {plural(items.length - shown.length, 'package')} more</li>
        )}
      </ul>
    </div>
  );
}
