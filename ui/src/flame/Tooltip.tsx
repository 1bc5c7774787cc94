import { useLayoutEffect, useRef, type RefObject } from 'react';

import { at, nodeName, OTHER, type CallTree } from '../model/call-tree.ts';
import { formatCount, formatShare } from '../model/format.ts';
import { formatNormalized, type Normalizer } from '../model/normalize.ts';
import type { SearchResult } from '../model/search.ts';
import { isUnnamedNode } from '../model/unnamed.ts';
import type { Hit } from './display-list.ts';
import { FrameDetails } from './FrameDetails.tsx';
import type { Terms } from './frame-handlers.ts';
import type { Lens } from './lens.ts';

interface TooltipProps {
  readonly tree: CallTree;
  readonly hit: Hit;
  readonly x: number;
  readonly y: number;
  readonly search: SearchResult | undefined;
  readonly normalizer: Normalizer;
  readonly terms: Terms;
  readonly lens: Lens | undefined;
  readonly canPin: boolean;
}

const DISTANCE = 14;

/** Puts an element beside a point of the flame graph, on the side where it fits, also when it grows. */
export function useBeside(ref: RefObject<HTMLElement | null>, x: number, y: number): void {
  useLayoutEffect(() => {
    const element = ref.current;
    const parent = element?.offsetParent;
    if (!element || !parent) return undefined;
    const place = (): void => {
      const right = x + DISTANCE + element.offsetWidth > parent.clientWidth;
      const below = y + DISTANCE + element.offsetHeight > parent.clientHeight;
      const left = right ? Math.max(4, x - DISTANCE - element.offsetWidth) : x + DISTANCE;
      const top = below ? Math.max(4, y - DISTANCE - element.offsetHeight) : y + DISTANCE;
      element.style.transform = `translate(${left}px, ${top}px)`;
    };
    place();
    const observer = new ResizeObserver(place);
    observer.observe(element);
    return () => observer.disconnect();
  });
}

export function Tooltip(props: TooltipProps) {
  const { tree, hit, x, y, search, normalizer, terms, lens, canPin } = props;
  const ref = useRef<HTMLDivElement>(null);
  useBeside(ref, x, y);
  const node = hit.kind === 'run' ? hit.largest : hit.node;
  const isOther = at(tree.functions, node) === OTHER;
  return (
    <div className="flame-tooltip" ref={ref} role="tooltip" aria-hidden="true">
      {hit.kind === 'run' && !lens ? (
        <RunDetails tree={tree} hit={hit} normalizer={normalizer} terms={terms} />
      ) : (
        <>
          {hit.kind === 'run' && (
            <div className="flame-tooltip-hint">
              {formatCount(hit.count)} narrow frames, click to widen. The largest:
            </div>
          )}
          <FrameDetails tree={tree} node={node} normalizer={normalizer} terms={terms} lens={lens} />
          {isOther && (
            <div className="flame-tooltip-hint">Callees too small to send at first. Click to load them.</div>
          )}
          {isUnnamedNode(tree, node) && (
            <div className="flame-tooltip-hint">
              It has no symbols here. <code>vesta symbols upload BINARY</code> names it.
            </div>
          )}
          {search?.marks[node] === 1 && <div className="flame-tooltip-hint">Matches the search</div>}
          {canPin && !isOther && (
            <div className="flame-tooltip-hint">
              <kbd>Alt</kbd> click pins this, right click for more
            </div>
          )}
        </>
      )}
    </div>
  );
}

function RunDetails(props: {
  readonly tree: CallTree;
  readonly hit: Hit & { kind: 'run' };
  readonly normalizer: Normalizer;
  readonly terms: Terms;
}) {
  const { tree, hit, normalizer, terms } = props;
  const whole = at(tree.totals, 0);
  const rows = [
    ['Together', hit.value],
    ['Largest', at(tree.totals, hit.largest)],
  ] as const;
  return (
    <>
      <div className="flame-tooltip-name">{formatCount(hit.count)} narrow frames</div>
      <table>
        <thead>
          <tr>
            <td>{'\u00a0'}</td>
            <th scope="col">{tree.type}</th>
            <th scope="col">{terms.ofRoot}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([label, value]) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              <td>{formatNormalized(value, tree.unit, normalizer)}</td>
              <td>{formatShare(value, whole)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="flame-tooltip-source">{nodeName(tree, hit.largest)}</div>
      <div className="flame-tooltip-hint">Click to widen</div>
    </>
  );
}
