import { useLayoutEffect, useRef } from 'react';

import { at, nodeModule, nodeName, nodeSource, OTHER, type CallTree } from '../model/call-tree.ts';
import { formatCount, formatShare, formatValue } from '../model/format.ts';
import type { SearchResult } from '../model/search.ts';
import type { Hit } from './display-list.ts';
import type { Lens } from './lens.ts';

interface TooltipProps {
  readonly tree: CallTree;
  readonly hit: Hit;
  readonly x: number;
  readonly y: number;
  readonly search: SearchResult | undefined;
  readonly lens: Lens | undefined;
}

const DISTANCE = 14;

export function Tooltip({ tree, hit, x, y, search, lens }: TooltipProps) {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = ref.current;
    const parent = element?.offsetParent;
    if (!element || !parent) return;
    const right = x + DISTANCE + element.offsetWidth > parent.clientWidth;
    const below = y + DISTANCE + element.offsetHeight > parent.clientHeight;
    const left = right ? Math.max(4, x - DISTANCE - element.offsetWidth) : x + DISTANCE;
    const top = below ? Math.max(4, y - DISTANCE - element.offsetHeight) : y + DISTANCE;
    element.style.transform = `translate(${left}px, ${top}px)`;
  });
  return (
    <div className="flame-tooltip" ref={ref} role="tooltip" aria-hidden="true">
      {lens ? (
        <LensDetails tree={tree} hit={hit} lens={lens} />
      ) : hit.kind === 'run' ? (
        <RunDetails tree={tree} hit={hit} />
      ) : (
        <BoxDetails tree={tree} node={hit.node} search={search} />
      )}
    </div>
  );
}

function BoxDetails({
  tree,
  node,
  search,
}: {
  tree: CallTree;
  node: number;
  search: SearchResult | undefined;
}) {
  const whole = at(tree.totals, 0);
  const parent = at(tree.parents, node);
  const total = at(tree.totals, node);
  const self = at(tree.selfs, node);
  const isOther = at(tree.functions, node) === OTHER;
  const source = nodeSource(tree, node);
  const module = nodeModule(tree, node);
  return (
    <>
      <div className="flame-tooltip-name">{nodeName(tree, node)}</div>
      {source && <div className="flame-tooltip-source">{source}</div>}
      {module && <div className="flame-tooltip-source">{module}</div>}
      <table>
        <thead>
          <tr>
            <td>{'\u00a0'}</td>
            <th>{tree.type}</th>
            <th>of all</th>
            {parent > 0 && <th>of caller</th>}
          </tr>
        </thead>
        <tbody>
          <tr>
            <th>Total</th>
            <td>{formatValue(total, tree.unit)}</td>
            <td>{formatShare(total, whole)}</td>
            {parent > 0 && <td>{formatShare(total, at(tree.totals, parent))}</td>}
          </tr>
          {!isOther && (
            <tr>
              <th>Self</th>
              <td>{formatValue(self, tree.unit)}</td>
              <td>{formatShare(self, whole)}</td>
              {parent > 0 && <td>{formatShare(self, at(tree.totals, parent))}</td>}
            </tr>
          )}
        </tbody>
      </table>
      {isOther && (
        <div className="flame-tooltip-hint">Callees too small to send at first. Click to load them.</div>
      )}
      {search && search.marks[node] === 1 && <div className="flame-tooltip-hint">Matches the search</div>}
    </>
  );
}

function LensDetails({ tree, hit, lens }: { tree: CallTree; hit: Hit; lens: Lens }) {
  const node = hit.kind === 'run' ? hit.largest : hit.node;
  const source = nodeSource(tree, node);
  const module = nodeModule(tree, node);
  return (
    <>
      {hit.kind === 'run' && (
        <div className="flame-tooltip-hint">
          {formatCount(hit.count)} narrow frames, click to widen. The largest:
        </div>
      )}
      <div className="flame-tooltip-name">{nodeName(tree, node)}</div>
      {source && <div className="flame-tooltip-source">{source}</div>}
      {module && <div className="flame-tooltip-source">{module}</div>}
      {lens.details(tree, node)}
    </>
  );
}

function RunDetails({ tree, hit }: { tree: CallTree; hit: Hit & { kind: 'run' } }) {
  const whole = at(tree.totals, 0);
  return (
    <>
      <div className="flame-tooltip-name">{formatCount(hit.count)} narrow frames</div>
      <table>
        <tbody>
          <tr>
            <th>Together</th>
            <td>{formatValue(hit.value, tree.unit)}</td>
            <td>{formatShare(hit.value, whole)}</td>
          </tr>
          <tr>
            <th>Largest</th>
            <td>{formatValue(at(tree.totals, hit.largest), tree.unit)}</td>
            <td>{formatShare(at(tree.totals, hit.largest), whole)}</td>
          </tr>
        </tbody>
      </table>
      <div className="flame-tooltip-source">{nodeName(tree, hit.largest)}</div>
      <div className="flame-tooltip-hint">Click to widen</div>
    </>
  );
}
