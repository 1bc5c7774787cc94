import { useMemo, useState } from 'react';

import {
  questionOf,
  useFlameGraph,
  useLabels,
  useTypes,
  type FlameGraphQuestion,
  type Scope,
} from '../../api/queries.ts';
import type { Granularity, LabelsBody, ValueTypeInfo } from '../../api/types.ts';
import { FlameGraph } from '../../flame/FlameGraph.tsx';
import { zoomOutTarget } from '../../flame/keyboard.ts';
import {
  at,
  decodeCallTree,
  pathKeys,
  resolvePath,
  type CallTree,
  type NodeId,
} from '../../model/call-tree.ts';
import { formatCount, formatShare, formatValue } from '../../model/format.ts';
import { searchTree } from '../../model/search.ts';
import { frameDimensionOf } from '../../model/row-choice.ts';
import { marksOf, type FunctionRow } from '../../model/top.ts';
import type { ViewState } from '../../state/url.ts';
import { useDebounced } from '../../state/use-debounced.ts';
import type { Update } from '../../state/use-view-state.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { Segmented } from '../../widgets/Segmented.tsx';
import { Busy, EmptyState, ErrorState, FlameSkeleton } from '../../widgets/State.tsx';
import { Basis } from './Basis.tsx';
import { Breadcrumb } from './Breadcrumb.tsx';
import { ExportMenu } from './ExportMenu.tsx';
import { LabelFilters } from './LabelFilters.tsx';
import { NormalizeSelect } from './NormalizeSelect.tsx';
import { SideTable } from './SideTable.tsx';
import { TopPane } from './TopPane.tsx';
import { TypeSelect } from './TypeSelect.tsx';
import { useExpanded } from './use-expanded.ts';

interface FlamePaneProps {
  readonly scope: Scope;
  readonly state: ViewState;
  readonly update: Update;
  /** The table alone, or beside the flame graph. */
  readonly mode: 'flame' | 'top';
  /** Shown when there is nothing at all in scope. */
  readonly whenEmpty: React.ReactNode;
}

/** Value type, filters and search on top; below them the flame graph and the table of functions. */
export function FlamePane({ scope, state, update, mode, whenEmpty }: FlamePaneProps) {
  const types = useTypes(scope);
  const known = types.data?.types ?? [];
  const type = known.find((each) => each.name === state.type) ?? known[0];
  const isReady = type !== undefined;
  const question = questionOf(state, type?.name ?? '');
  const isFlame = mode === 'flame';
  const flameGraph = useFlameGraph(scope, question, isReady && isFlame);
  const labels = useLabels(scope, { ...question, filters: [] }, isReady);

  const baseTree = useMemo(
    () => (flameGraph.data ? decodeCallTree(flameGraph.data, state.granularity) : undefined),
    // The granularity belongs to the answer; until the next one is here, the previous stays as it was.
    // eslint-disable-next-line react/exhaustive-deps
    [flameGraph.data],
  );
  const { tree, isExpanding } = useExpanded(scope, state, question, baseTree);
  const zoomed = useMemo(() => (tree ? resolvePath(tree, state.zoom) : 0), [tree, state.zoom]);
  // At once, so that Enter leads through the matches of what is typed: searching 100,000 nodes takes some 6 ms.
  const search = state.search;
  const found = useMemo(() => (tree ? searchTree(tree, search) : undefined), [tree, search]);
  // By path, so that it outlives the tree: after an expansion or a refresh the same frame is selected.
  const [selection, setSelection] = useState<readonly string[] | null>(null);
  const selected = useMemo(
    () => (tree && selection ? resolvePath(tree, selection) : zoomed),
    [tree, selection, zoomed],
  );
  const [matchIndex, setMatchIndex] = useState(-1);
  const [searchOfIndex, setSearchOfIndex] = useState(found);
  if (searchOfIndex !== found) {
    setSearchOfIndex(found);
    setMatchIndex(-1);
  }

  if (types.isPending) return <FlameSkeleton />;
  if (types.isError && !types.data) {
    return <ErrorState error={types.error} onRetry={() => void types.refetch()} />;
  }
  if (!type) return whenEmpty;

  function zoomTo(node: NodeId): void {
    if (!tree) return;
    setSelection(null);
    update({ zoom: pathKeys(tree, node) });
  }
  function zoomOut(): void {
    if (tree) zoomTo(zoomOutTarget(tree, zoomed));
  }
  function showMatch(step: 1 | -1): void {
    if (!tree || !found || found.matches.length === 0) return;
    const count = found.matches.length;
    const next = matchIndex < 0 ? (step === 1 ? 0 : count - 1) : (matchIndex + step + count) % count;
    setMatchIndex(next);
    const node = found.matches[next] ?? 0;
    // A match outside of what is zoomed in on would stay out of sight.
    const isInside = node >= zoomed && node < at(tree.subtreeEnds, zoomed);
    if (!isInside) update({ zoom: [] });
    setSelection(pathKeys(tree, node));
  }
  function expand(parent: NodeId): void {
    if (!tree) return;
    const path = pathKeys(tree, parent).join('.');
    if (!state.expanded.includes(path)) update({ expanded: [...state.expanded, path] });
  }

  return (
    <div className="pane">
      <div className="pane-bar">
        <TypeSelect
          types={known}
          value={type}
          onType={(name) => update({ type: name, zoom: [], expanded: [] })}
        />
        {isFlame && (
          <Segmented<Granularity>
            label="Granularity"
            value={state.granularity}
            options={[
              { value: 'function', label: 'Function' },
              { value: 'line', label: 'Line' },
              { value: 'file', label: 'File' },
              { value: 'package', label: 'Package' },
            ]}
            onChange={(granularity) => update({ granularity, zoom: [], expanded: [] })}
          />
        )}
        {isFlame && (
          <NormalizeSelect
            basis={tree}
            value={state.normalize}
            onNormalize={(normalize) => update({ normalize })}
          />
        )}
        <LabelFilters
          labels={labels.data}
          type={type}
          filters={state.filters}
          onFilters={(filters) => update({ filters, expanded: [] })}
        />
        <div className="pane-bar-end">
          <div className="flame-search">
            <Icon name="search" />
            <input
              type="search"
              aria-label={isFlame ? 'Search in the flame graph' : 'Search functions'}
              placeholder="Search functions"
              value={state.search}
              spellCheck={false}
              onChange={(event) => update({ search: event.target.value }, { replace: true })}
              onKeyDown={(event) => {
                if (event.key === 'Enter') showMatch(event.shiftKey ? -1 : 1);
                if (event.key === 'Escape') update({ search: '' }, { replace: true });
              }}
            />
            {isFlame && tree && found && (
              <>
                <output className="flame-search-result">
                  {found.matches.length === 0
                    ? 'no match'
                    : `${matchIndex >= 0 ? `${matchIndex + 1} / ` : ''}${formatCount(found.matches.length)} · ${formatShare(found.total, at(tree.totals, 0))}`}
                </output>
                <button
                  type="button"
                  className="icon-button"
                  aria-label="Previous match"
                  disabled={found.matches.length === 0}
                  onClick={() => showMatch(-1)}
                >
                  <Icon name="chevron-up" />
                </button>
                <button
                  type="button"
                  className="icon-button"
                  aria-label="Next match"
                  disabled={found.matches.length === 0}
                  onClick={() => showMatch(1)}
                >
                  <Icon name="chevron-down" />
                </button>
              </>
            )}
          </div>
          {isFlame && (
            <button
              type="button"
              className="icon-button bordered table-toggle"
              aria-label="Table beside the flame graph"
              title="Table beside the flame graph"
              aria-pressed={state.table}
              onClick={() => update({ table: !state.table })}
            >
              <Icon name="table" />
            </button>
          )}
          <ExportMenu scope={scope} question={question} />
        </div>
      </div>
      {isFlame ? (
        <FlameBody
          scope={scope}
          state={state}
          update={update}
          type={type}
          question={question}
          labels={labels.data}
          tree={tree}
          flameGraph={flameGraph}
          isBusy={(flameGraph.isFetching && flameGraph.isPlaceholderData) || isExpanding}
          zoomed={zoomed}
          selected={selected}
          found={found}
          onZoom={zoomTo}
          onZoomOut={zoomOut}
          onSelect={(node) => tree && setSelection(pathKeys(tree, node))}
          onExpand={expand}
          onNextMatch={showMatch}
        />
      ) : (
        <TopPane scope={scope} state={state} update={update} question={question} search={search} />
      )}
    </div>
  );
}

interface FlameBodyProps {
  readonly scope: Scope;
  readonly state: ViewState;
  readonly update: Update;
  readonly type: ValueTypeInfo;
  readonly question: FlameGraphQuestion;
  readonly labels: LabelsBody | undefined;
  readonly tree: CallTree | undefined;
  readonly flameGraph: ReturnType<typeof useFlameGraph>;
  readonly isBusy: boolean;
  readonly zoomed: NodeId;
  readonly selected: NodeId;
  readonly found: ReturnType<typeof searchTree>;
  readonly onZoom: (node: NodeId) => void;
  readonly onZoomOut: () => void;
  readonly onSelect: (node: NodeId) => void;
  readonly onExpand: (parent: NodeId) => void;
  readonly onNextMatch: (step: 1 | -1) => void;
}

function FlameBody(props: FlameBodyProps) {
  const { state, update, type, tree, flameGraph, zoomed, found, scope } = props;
  const [hovered, setHovered] = useState<FunctionRow | null>(null);
  // Not for rows that the pointer only passes over.
  const lit = useDebounced(hovered, 120);
  const by = frameDimensionOf(state.dimension);
  const highlight = useMemo(
    () => (tree && lit && by ? { marks: marksOf(tree, lit, by), matches: [], total: 0 } : undefined),
    [tree, lit, by],
  );

  if (flameGraph.isError && !flameGraph.data) {
    return <ErrorState error={flameGraph.error} onRetry={() => void flameGraph.refetch()} />;
  }
  if (!tree) return <FlameSkeleton />;
  const whole = at(tree.totals, 0);
  if (whole === 0) {
    return (
      <EmptyState title="No samples match the filters">
        <p className="muted">
          There are profiles in this scope, but none of their samples carries these labels.
        </p>
        <button type="button" className="button" onClick={() => update({ filters: [] })}>
          Remove the filters
        </button>
      </EmptyState>
    );
  }
  return (
    <>
      <div className="pane-status">
        <Breadcrumb tree={tree} zoomed={zoomed} onZoom={props.onZoom} />
        <Basis tree={tree} />
      </div>
      <div className="flame-split" data-table={state.table}>
        <Busy isBusy={props.isBusy} />
        {state.table && (
          <SideTable
            scope={scope}
            state={state}
            update={update}
            question={props.question}
            labels={props.labels}
            tree={tree}
            zoomed={zoomed}
            onHover={setHovered}
          />
        )}
        <FlameGraph
          tree={tree}
          label={`Flame graph of ${type.name}, ${formatValue(whole, tree.unit)} in all`}
          zoomed={zoomed}
          selected={props.selected}
          search={highlight ?? found}
          onZoom={props.onZoom}
          onZoomOut={props.onZoomOut}
          onSelect={props.onSelect}
          onExpand={props.onExpand}
          onNextMatch={props.onNextMatch}
        />
      </div>
    </>
  );
}
