import { lazy, Suspense, useMemo, useState } from 'react';

import { useFlameGraph, type FlameGraphQuestion, type Scope } from '../../api/queries.ts';
import type { ValueTypeInfo } from '../../api/types.ts';
import { FlameGraph } from '../../flame/FlameGraph.tsx';
import { Legend } from '../../flame/Legend.tsx';
import { at, pathKeys, type CallTree, type NodeId } from '../../model/call-tree.ts';
import { formatNormalized, normalizerOf } from '../../model/normalize.ts';
import type { Revision } from '../../model/repository.ts';
import { frameDimensionOf } from '../../model/row-choice.ts';
import { marksOf, type FunctionRow } from '../../model/top.ts';
import type { ViewState } from '../../state/url.ts';
import { useDebounced } from '../../state/use-debounced.ts';
import type { Update } from '../../state/use-view-state.ts';
import { Busy, ErrorState, FlameSkeleton } from '../../widgets/State.tsx';
import { Basis } from './Basis.tsx';
import { Breadcrumb } from './Breadcrumb.tsx';
import { handlersOf } from './handlers-of.tsx';
import { SideTable } from './SideTable.tsx';
import type { FlameView } from './use-flame-view.ts';

const NothingLeft = lazy(async () => ({ default: (await import('./NothingLeft.tsx')).NothingLeft }));
const PrunedMatches = lazy(async () => ({ default: (await import('./PrunedMatches.tsx')).PrunedMatches }));

interface FlameBodyProps {
  readonly scope: Scope;
  readonly state: ViewState;
  readonly update: Update;
  readonly type: ValueTypeInfo;
  readonly question: FlameGraphQuestion;
  readonly tree: CallTree | undefined;
  readonly flameGraph: ReturnType<typeof useFlameGraph>;
  readonly isBusy: boolean;
  readonly view: FlameView;
  readonly revision: Revision | undefined;
}

/** The flame graph and the table beside it. */
export function FlameBody(props: FlameBodyProps) {
  const { scope, state, update, type, question, tree, flameGraph, view, revision } = props;
  const [hovered, setHovered] = useState<FunctionRow | null>(null);
  // Not for rows that the pointer only passes over.
  const lit = useDebounced(hovered, 120);
  const by = frameDimensionOf(state.dimension);
  const highlight = useMemo(
    () => (tree && lit && by ? { marks: marksOf(tree, lit, by), matches: [], total: 0 } : undefined),
    [tree, lit, by],
  );
  const normalizer = useMemo(
    () => (tree ? normalizerOf(tree, state.normalize) : undefined),
    [tree, state.normalize],
  );

  if (flameGraph.isError && !flameGraph.data) {
    return <ErrorState error={flameGraph.error} onRetry={() => void flameGraph.refetch()} />;
  }
  if (!tree || !normalizer) return <FlameSkeleton />;
  const whole = at(tree.totals, 0);
  if (whole === 0) {
    return (
      <Suspense fallback={null}>
        <NothingLeft scope={scope} question={question} update={update} />
      </Suspense>
    );
  }

  function expand(parent: NodeId): void {
    if (!tree) return;
    const path = pathKeys(tree, parent).join('.');
    if (!state.expanded.includes(path)) update({ expanded: [...state.expanded, path] });
  }
  const handlers = handlersOf({ scope, question, tree, state, update, revision });
  return (
    <>
      <div className="pane-status">
        <Breadcrumb tree={tree} zoomed={view.zoomed} normalizer={normalizer} onZoom={view.zoomTo} />
        {state.search !== '' && (
          <Suspense fallback={null}>
            <PrunedMatches
              scope={scope}
              question={question}
              tree={tree}
              search={state.search}
              update={update}
            />
          </Suspense>
        )}
        <Basis tree={tree} />
      </div>
      <div className="flame-split" data-table={state.table}>
        <Busy isBusy={props.isBusy} />
        {state.table && (
          <SideTable
            scope={scope}
            state={state}
            update={update}
            question={question}
            tree={tree}
            zoomed={view.zoomed}
            onHover={setHovered}
          />
        )}
        <div className="flame-column">
          <FlameGraph
            tree={tree}
            label={`Flame graph of ${type.name}, ${formatNormalized(whole, tree.unit, normalizer)} in all`}
            zoomed={view.zoomed}
            selected={view.selected}
            search={highlight ?? view.found}
            colorBy={state.colorBy}
            upright={state.upright}
            normalizer={normalizer}
            handlers={handlers}
            onZoom={view.zoomTo}
            onZoomOut={view.zoomOut}
            onSelect={view.select}
            onExpand={expand}
            onNextMatch={view.showMatch}
          />
          <Legend tree={tree} colorBy={state.colorBy} />
        </div>
      </div>
    </>
  );
}
