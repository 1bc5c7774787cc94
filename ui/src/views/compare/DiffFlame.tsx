import { useCallback, useMemo, useState } from 'react';

import { FlameGraph } from '../../flame/FlameGraph.tsx';
import { zoomOutTarget } from '../../flame/keyboard.ts';
import { at, pathKeys, resolvePath, type CallTree, type NodeId } from '../../model/call-tree.ts';
import { formatSide, sideTree, totalChange, type Diff } from '../../model/diff.ts';
import { plural } from '../../model/format.ts';
import { searchTree } from '../../model/search.ts';
import type { ViewState } from '../../state/url.ts';
import { useLatest } from '../../state/use-latest.ts';
import type { Update } from '../../state/use-view-state.ts';
import { ChangeLegend } from './ChangeLegend.tsx';
import { DiffBreadcrumb } from './DiffBreadcrumb.tsx';
import { diffLens } from './diff-lens.tsx';
import type { DiffSearch } from './use-diff-search.ts';

interface DiffFlameProps {
  readonly diff: Diff;
  readonly state: ViewState;
  readonly update: Update;
  readonly search: DiffSearch;
}

/** The merged flame graph, or one of each side with the same place zoomed in on, selected and pointed at. */
export function DiffFlame({ diff, state, update, search }: DiffFlameProps) {
  const merged = useMemo(() => diffLens(diff), [diff]);
  const zoomed = resolvePath(diff.tree, state.zoom);
  const common = { diff, state, update, search };
  return (
    <div className="diff-flames">
      <div className="pane-status">
        <DiffBreadcrumb
          diff={diff}
          zoomed={zoomed}
          onZoom={(node) => update({ zoom: pathKeys(diff.tree, node) })}
        />
        <ChangeLegend />
      </div>
      {state.sideBySide ? (
        <SideBySide {...common} />
      ) : (
        <OneFlame
          {...common}
          tree={diff.tree}
          label={`What changed in ${diff.type}: A ${formatSide(totalChange(diff, 0).a, diff)}, B ${formatSide(totalChange(diff, 0).b, diff)}`}
          lens={merged}
          found={search.found}
        />
      )}
      {diff.tree.prunedNodes > 0 && (
        <p className="diff-note muted">
          {plural(diff.tree.prunedNodes, 'small frame')} in “(other)”: click one to see what it stands for.
        </p>
      )}
    </div>
  );
}

function SideBySide({ diff, state, update, search }: DiffFlameProps) {
  const sides = useMemo(
    () =>
      (['a', 'b'] as const).map((name) => {
        const side = sideTree(diff, name);
        return { ...side, name, lens: diffLens(diff, side.origins) };
      }),
    [diff],
  );
  // Node of the comparison that is pointed at, and where.
  const [pointed, setPointed] = useState<{ name: string; node: NodeId } | null>(null);
  const found = useMemo(() => sides.map(({ tree }) => searchTree(tree, state.search)), [sides, state.search]);
  return (
    <div className="diff-sides">
      {sides.map((side, index) => (
        <section
          key={side.name}
          className="diff-side"
          aria-label={`Flame graph of ${side.name.toUpperCase()}`}
        >
          <h2>
            <span className="side-letter" data-side={side.name}>
              {side.name.toUpperCase()}
            </span>
            {formatSide(totalChange(diff, 0)[side.name], diff)}
          </h2>
          <OneFlame
            diff={diff}
            state={state}
            update={update}
            search={search}
            tree={side.tree}
            label={`${side.name === 'a' ? 'A, the baseline' : 'B'}: flame graph of ${diff.type}`}
            lens={side.lens}
            found={found[index]}
            pointedAt={pointed && pointed.name !== side.name ? placeOf(side.places, pointed.node) : undefined}
            onPointAt={(node) =>
              setPointed(node === undefined ? null : { name: side.name, node: at(side.origins, node) })
            }
          />
        </section>
      ))}
    </div>
  );
}

function placeOf(places: Int32Array, node: NodeId): NodeId | undefined {
  const place = at(places, node);
  return place < 0 ? undefined : place;
}

function OneFlame(
  props: DiffFlameProps & {
    readonly tree: CallTree;
    readonly label: string;
    readonly lens: ReturnType<typeof diffLens>;
    readonly found: DiffSearch['found'];
    readonly pointedAt?: NodeId | undefined;
    readonly onPointAt?: (node: NodeId | undefined) => void;
  },
) {
  const { tree, state, update, search, onPointAt } = props;
  const zoomed = useMemo(() => resolvePath(tree, state.zoom), [tree, state.zoom]);
  const selected = useMemo(
    () => (search.selection ? resolvePath(tree, search.selection) : zoomed),
    [tree, search.selection, zoomed],
  );
  const latest = useLatest(onPointAt);
  const pointAt = useCallback((node: NodeId | undefined) => latest.current?.(node), [latest]);
  const zoomTo = (node: NodeId): void => {
    search.select(null);
    update({ zoom: pathKeys(tree, node) });
  };
  return (
    <FlameGraph
      tree={tree}
      label={props.label}
      zoomed={zoomed}
      selected={selected}
      search={props.found}
      lens={props.lens}
      pointedAt={props.pointedAt}
      onPointAt={onPointAt && pointAt}
      onZoom={zoomTo}
      onZoomOut={() => zoomTo(zoomOutTarget(tree, zoomed))}
      onSelect={(node) => search.select(pathKeys(tree, node))}
      onExpand={(parent) => {
        const path = pathKeys(tree, parent).join('.');
        if (!state.expanded.includes(path)) update({ expanded: [...state.expanded, path] });
      }}
      onNextMatch={search.showMatch}
    />
  );
}
