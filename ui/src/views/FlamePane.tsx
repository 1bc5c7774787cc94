import { useEffect, useMemo, useState } from 'react';

import { apiUrl } from '../api/client.ts';
import {
  useFlameGraph,
  useFlameGraphParts,
  useLabels,
  useTop,
  useTypes,
  type FlameGraphQuestion,
  type Scope,
} from '../api/queries.ts';
import type { Granularity, ValueTypeInfo } from '../api/types.ts';
import { FlameGraph } from '../flame/FlameGraph.tsx';
import { zoomOutTarget } from '../flame/keyboard.ts';
import {
  ancestry,
  apiKey,
  at,
  decodeCallTree,
  graftAll,
  nodeName,
  pathKeys,
  resolvePath,
  type CallTree,
  type NodeId,
} from '../model/call-tree.ts';
import { formatCount, formatShare, formatValue, middleEllipsis, plural } from '../model/format.ts';
import { searchTree } from '../model/search.ts';
import { rowsOfSubtree, rowsOfTop } from '../model/top.ts';
import type { ViewState } from '../state/url.ts';
import { useDebounced } from '../state/use-debounced.ts';
import type { Update } from '../state/use-view-state.ts';
import { Icon } from '../widgets/Icon.tsx';
import { Popover } from '../widgets/Popover.tsx';
import { Segmented } from '../widgets/Segmented.tsx';
import { Busy, EmptyState, ErrorState, FlameSkeleton, Skeleton } from '../widgets/State.tsx';
import { FunctionTable } from './FunctionTable.tsx';
import { LabelFilters } from './LabelFilters.tsx';

/** Below it, shares are mostly chance: at 100 samples, a share of 10% is known to about ±6%. */
const FEW_SAMPLES = 100;

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
  const types = useTypes(scope, []);
  const known = types.data?.types ?? [];
  const type = known.find((each) => each.name === state.type) ?? known[0];
  const isReady = type !== undefined;
  const question = { type: type?.name ?? '', granularity: state.granularity, filters: state.filters };
  const isFlame = mode === 'flame';
  const flameGraph = useFlameGraph(scope, question, isReady && isFlame);
  const labels = useLabels(scope, question.type, [], isReady);

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
          <ExportMenu scope={scope} type={type.name} state={state} />
        </div>
      </div>
      {isFlame ? (
        <FlameBody
          scope={scope}
          state={state}
          update={update}
          type={type}
          tree={tree}
          flameGraph={flameGraph}
          isBusy={(flameGraph.isFetching && flameGraph.isPlaceholderData) || isExpanding}
          zoomed={zoomed}
          selected={selected}
          found={found}
          search={search}
          onZoom={zoomTo}
          onZoomOut={zoomOut}
          onSelect={(node) => tree && setSelection(pathKeys(tree, node))}
          onExpand={expand}
          onNextMatch={showMatch}
        />
      ) : (
        <TopBody scope={scope} state={state} update={update} type={type} search={search} />
      )}
    </div>
  );
}

/**
 * The tree with everything in it that the reader asked to see behind "(other)". What was expanded inside of an
 * expanded part can only be named once that part is here, hence the steps.
 */
function useExpanded(
  scope: Scope,
  state: ViewState,
  question: FlameGraphQuestion,
  tree: CallTree | undefined,
): { tree: CallTree | undefined; isExpanding: boolean } {
  const first = useExpansion(scope, state, question, tree, tree);
  const second = useExpansion(scope, state, question, tree, first.tree);
  const third = useExpansion(scope, state, question, first.tree, second.tree);
  return { tree: third.tree, isExpanding: first.isExpanding || second.isExpanding || third.isExpanding };
}

/** One step: fetches and grafts the parts that `tree` has a place for and `before` had not. */
function useExpansion(
  scope: Scope,
  state: ViewState,
  question: FlameGraphQuestion,
  before: CallTree | undefined,
  tree: CallTree | undefined,
): { tree: CallTree | undefined; isExpanding: boolean } {
  const wanted = useMemo(() => {
    if (!tree) return [];
    return state.expanded.flatMap((joined) => {
      const keys = joined.split('.').filter(Boolean);
      if (before && before !== tree && hasPath(before, keys)) return [];
      if (!hasPath(tree, keys)) return [];
      return [{ keys, path: ancestry(tree, resolvePath(tree, keys)).map((step) => apiKey(tree, step)) }];
    });
  }, [before, tree, state.expanded]);
  const parts = useFlameGraphParts(
    scope,
    question,
    wanted.map(({ path }) => path),
    tree !== undefined,
  );
  const bodies = parts.map((part) => part.data);
  const details = useMemo(
    () =>
      wanted.flatMap(({ keys }, index) => {
        const body = bodies[index];
        return body ? [{ path: keys, detail: decodeCallTree(body, state.granularity) }] : [];
      }),
    // eslint-disable-next-line react/exhaustive-deps
    [wanted, ...bodies],
  );
  const grafted = useMemo(() => (tree ? graftAll(tree, details) : undefined), [tree, details]);
  return { tree: grafted, isExpanding: parts.some((part) => part.isFetching && !part.data) };
}

function hasPath(tree: CallTree, keys: readonly string[]): boolean {
  return at(tree.depths, resolvePath(tree, keys)) === keys.length;
}

interface FlameBodyProps {
  readonly scope: Scope;
  readonly state: ViewState;
  readonly update: Update;
  readonly type: ValueTypeInfo;
  readonly tree: CallTree | undefined;
  readonly flameGraph: ReturnType<typeof useFlameGraph>;
  readonly isBusy: boolean;
  readonly zoomed: NodeId;
  readonly selected: NodeId;
  readonly found: ReturnType<typeof searchTree>;
  readonly search: string;
  readonly onZoom: (node: NodeId) => void;
  readonly onZoomOut: () => void;
  readonly onSelect: (node: NodeId) => void;
  readonly onExpand: (parent: NodeId) => void;
  readonly onNextMatch: (step: 1 | -1) => void;
}

function FlameBody(props: FlameBodyProps) {
  const { state, update, type, tree, flameGraph, zoomed, found, search, scope } = props;
  const isWhole = zoomed === 0;
  // The server's table knows the functions that pruning took out of the tree.
  const top = useTop(
    scope,
    type.name,
    state.filters,
    '',
    state.table && isWhole && state.granularity === 'function',
  );
  const rows = useMemo(() => {
    if (!tree) return [];
    return isWhole && top.data && state.granularity === 'function'
      ? rowsOfTop(top.data)
      : rowsOfSubtree(tree, zoomed);
  }, [tree, isWhole, top.data, state.granularity, zoomed]);

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
          <FunctionTable
            rows={rows}
            whole={at(tree.totals, zoomed)}
            unit={tree.unit}
            sort={state.functionSort}
            search={search}
            onSort={(functionSort) => update({ functionSort })}
            onPick={(name) => update({ search: state.search === name ? '' : name })}
          />
        )}
        <FlameGraph
          tree={tree}
          label={`Flame graph of ${type.name}, ${formatValue(whole, tree.unit)} in all`}
          zoomed={zoomed}
          selected={props.selected}
          search={found}
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

function TopBody(props: {
  readonly scope: Scope;
  readonly state: ViewState;
  readonly update: Update;
  readonly type: ValueTypeInfo;
  readonly search: string;
}) {
  const { scope, state, update, type, search } = props;
  // Plain text is searched on the server as well, where nothing is cut off.
  const isPlain = !/^\/.*\/$/.test(search);
  const serverSearch = useDebounced(isPlain ? search.trim() : '', 250);
  const top = useTop(scope, type.name, state.filters, serverSearch, true);
  const rows = useMemo(() => (top.data ? rowsOfTop(top.data) : []), [top.data]);
  if (top.isError && !top.data) return <ErrorState error={top.error} onRetry={() => void top.refetch()} />;
  if (!top.data) return <Skeleton lines={16} label="Loading functions" />;
  return (
    <>
      <div className="pane-status">
        <span className="muted">
          {top.data.truncated
            ? `The ${formatCount(rows.length)} functions with the most of it; search to find others`
            : plural(rows.length, 'function')}
        </span>
        <Basis tree={top.data} />
      </div>
      <div className="top-only">
        <Busy isBusy={top.isFetching && top.isPlaceholderData} />
        <FunctionTable
          rows={rows}
          whole={top.data.total}
          unit={top.data.unit}
          sort={state.functionSort}
          search={search}
          isWide
          onSort={(functionSort) => update({ functionSort })}
          onPick={(name) => update({ search: name, tab: 'flame', zoom: [] })}
        />
      </div>
    </>
  );
}

function TypeSelect(props: {
  readonly types: readonly ValueTypeInfo[];
  readonly value: ValueTypeInfo;
  readonly onType: (name: string) => void;
}) {
  const { types, value, onType } = props;
  return (
    <Popover
      label={`Value type: ${value.name}`}
      trigger={
        <>
          <span className="strong">{value.name}</span>
          <Icon name="chevron-down" />
        </>
      }
    >
      {(close) => (
        <ul className="type-menu">
          {types.map((type) => (
            <li key={type.name}>
              <button
                type="button"
                className="menu-item"
                aria-pressed={type.name === value.name}
                onClick={() => {
                  onType(type.name);
                  close();
                }}
              >
                <span className="strong">{type.name}</span>
                <span className="type-total">{formatValue(type.total, type.unit)}</span>
                <span className="muted">{type.description}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </Popover>
  );
}

function ExportMenu(props: { readonly scope: Scope; readonly type: string; readonly state: ViewState }) {
  const { scope, type, state } = props;
  const formats = [
    ['pprof', 'pprof', 'for go tool pprof, speedscope, Perfetto'],
    ['collapsed', 'Collapsed stacks', 'one line per stack'],
    ['svg', 'SVG', 'a flame graph to show elsewhere'],
    ['json', 'JSON', 'as the API answers'],
  ] as const;
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = setTimeout(() => setCopied(false), 1600);
    return () => clearTimeout(timer);
  }, [isCopied]);
  return (
    <Popover
      label="Share and download"
      className="icon-button bordered"
      align="end"
      trigger={<Icon name="download" />}
    >
      {() => (
        <ul className="type-menu">
          <li>
            <button
              type="button"
              className="menu-item"
              onClick={() => {
                navigator.clipboard.writeText(location.href).then(
                  () => setCopied(true),
                  () => setCopied(false),
                );
              }}
            >
              <span className="strong">{isCopied ? 'Copied' : 'Copy link'}</span>
              <span className="muted">everything shown is in it</span>
            </button>
          </li>
          {formats.map(([format, name, text]) => (
            <li key={format}>
              <a
                className="menu-item"
                download
                href={apiUrl('/export', [
                  ...scope.params,
                  ['type', type],
                  ...state.filters.map((filter) => ['filter', filter] as const),
                  ['format', format],
                ])}
              >
                <span className="strong">{name}</span>
                <span className="muted">{text}</span>
              </a>
            </li>
          ))}
        </ul>
      )}
    </Popover>
  );
}

/** How much stands behind the picture: always shown, and with a warning where it is little. */
function Basis({
  tree,
}: {
  readonly tree: { readonly samples: number; readonly profiles: number; readonly kind: string };
}) {
  const isFew = tree.samples > 0 && tree.samples < FEW_SAMPLES;
  return (
    <span className="basis" data-few={isFew}>
      {isFew && <Icon name="warning" />}
      {isFew && <span>Few samples, small shares are chance. </span>}
      <span>
        Based on {plural(tree.samples, 'sample')} in {plural(tree.profiles, 'profile')}
        {tree.kind === 'snapshot' && ', the latest of each process'}
      </span>
    </span>
  );
}

const MAX_CRUMBS = 4;

function Breadcrumb(props: {
  readonly tree: CallTree;
  readonly zoomed: NodeId;
  readonly onZoom: (node: NodeId) => void;
}) {
  const { tree, zoomed, onZoom } = props;
  const path = ancestry(tree, zoomed);
  const hidden = path.length - MAX_CRUMBS;
  const shown = hidden > 0 ? path.slice(hidden) : path;
  const whole = at(tree.totals, 0);
  return (
    <nav className="breadcrumb" aria-label="Zoom">
      <ol>
        <li>
          {path.length === 0 ? (
            <span className="strong">
              All <span className="muted">{formatValue(whole, tree.unit)}</span>
            </span>
          ) : (
            <button type="button" className="text-button" onClick={() => onZoom(0)}>
              All
            </button>
          )}
        </li>
        {hidden > 0 && <li className="muted">{plural(hidden, 'frame')}</li>}
        {shown.map((node, index) => (
          <li key={node}>
            {index === shown.length - 1 ? (
              <span className="strong" aria-current="location" title={nodeName(tree, node)}>
                {middleEllipsis(nodeName(tree, node), 48)}{' '}
                <span className="muted">
                  {formatValue(at(tree.totals, node), tree.unit)}, {formatShare(at(tree.totals, node), whole)}
                </span>
              </span>
            ) : (
              <button
                type="button"
                className="text-button"
                title={nodeName(tree, node)}
                onClick={() => onZoom(node)}
              >
                {middleEllipsis(nodeName(tree, node), 28)}
              </button>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}
