import { useMemo } from 'react';

import { ApiError } from '../../api/client.ts';
import type { FlameGraphQuestion, Scope } from '../../api/queries.ts';
import { useSandwich } from '../../api/sandwich.ts';
import { FlameGraph } from '../../flame/FlameGraph.tsx';
import type { Terms } from '../../flame/frame-handlers.ts';
import { Legend } from '../../flame/Legend.tsx';
import { ROW_HEIGHT } from '../../flame/surface.ts';
import { at, nodeName, type CallTree } from '../../model/call-tree.ts';
import { formatShare, middleEllipsis, plural } from '../../model/format.ts';
import { formatNormalized, normalizerOf, type Normalizer } from '../../model/normalize.ts';
import { orderedByName } from '../../model/order.ts';
import type { Revision } from '../../model/repository.ts';
import { decodeSandwich, nodesFor, zoomOfSide, zoomOn, type Side } from '../../model/sandwich.ts';
import { parseKey } from '../../model/transforms.ts';
import type { ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { Busy, EmptyState, ErrorState, FlameSkeleton } from '../../widgets/State.tsx';
import { Basis } from './Basis.tsx';
import { FunctionSearch } from './FunctionSearch.tsx';
import { handlersOf } from './handlers-of.tsx';
import './sandwich.css';
import { useFlameView } from './use-flame-view.ts';

interface SandwichViewProps {
  readonly scope: Scope;
  readonly state: ViewState;
  readonly update: Update;
  readonly question: FlameGraphQuestion;
  readonly revision: Revision | undefined;
}

const TERMS: Readonly<Record<Side, Terms>> = {
  callers: { ofRoot: 'of function', ofParent: 'of callee' },
  callees: { ofRoot: 'of function', ofParent: 'of caller' },
};

/** One function in the middle: what leads to it above, what it leads to below. */
export function SandwichView(props: SandwichViewProps) {
  const { scope, state, update, question } = props;
  const asked = state.expanded.length;
  const answer = useSandwich(scope, question, state.sandwich, nodesFor(asked));
  const sides = useMemo(() => {
    if (!answer.data) return undefined;
    const decoded = decodeSandwich(answer.data, question.granularity);
    return state.order === 'name'
      ? { callers: orderedByName(decoded.callers), callees: orderedByName(decoded.callees) }
      : decoded;
    // The granularity belongs to the answer.
    // eslint-disable-next-line react/exhaustive-deps
  }, [answer.data, state.order]);
  const leave = (): void => update({ sandwich: '', zoom: [], expanded: [] });

  const head = (
    <div className="sandwich-head">
      <button type="button" className="button small" onClick={leave}>
        <Icon name="chevron-left" />
        All stacks
      </button>
      <h2>Callers and callees of</h2>
      <FunctionSearch
        scope={scope}
        question={question}
        value={state.sandwich}
        onPick={(sandwich) => update({ sandwich, zoom: [], expanded: [] })}
      />
    </div>
  );
  if (answer.error instanceof ApiError && answer.error.status === 404) {
    return (
      <>
        {head}
        <EmptyState title="No sample has this function on its stack">
          <p className="muted">
            {parseKey(state.sandwich).name} may have been renamed, or what is filtered for leaves it out.
            Search for another one above, or go back.
          </p>
          <button type="button" className="button" onClick={leave}>
            All stacks
          </button>
        </EmptyState>
      </>
    );
  }
  if (answer.isError && !answer.data) {
    return (
      <>
        {head}
        <ErrorState error={answer.error} onRetry={() => void answer.refetch()} />
      </>
    );
  }
  if (!sides || !answer.data) {
    return (
      <>
        {head}
        <FlameSkeleton />
      </>
    );
  }
  const body = answer.data;
  const normalizer = normalizerOf(body, state.normalize);
  const facts = [
    ['Total', body.function.total],
    ['Self', body.function.self],
  ] as const;
  return (
    <>
      {head}
      <div className="pane-status">
        <dl className="sandwich-facts">
          {facts.map(([label, value]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>
                {formatNormalized(value, body.unit, normalizer)}{' '}
                <span className="muted">{formatShare(value, body.total)} of all</span>
              </dd>
            </div>
          ))}
        </dl>
        <Basis tree={body} />
      </div>
      <div className="sandwich" style={{ gridTemplateRows: rowsFor(sides) }}>
        <Busy isBusy={answer.isFetching && answer.isPlaceholderData} />
        <SandwichSide
          {...props}
          side="callers"
          tree={sides.callers}
          normalizer={normalizer}
          onLeave={leave}
        />
        <SandwichSide
          {...props}
          side="callees"
          tree={sides.callees}
          normalizer={normalizer}
          onLeave={leave}
        />
        <Legend tree={sides.callees} colorBy={state.colorBy} />
      </div>
    </>
  );
}

const HEADER_HEIGHT = 34;

/** Neither side takes room that it does not need while the other could use it. */
function rowsFor({ callers, callees }: Record<Side, CallTree>): string {
  const height = (tree: CallTree): number => tree.rows.length * ROW_HEIGHT + HEADER_HEIGHT;
  const rest = `calc(100% - ${height(callees) + HEADER_HEIGHT}px)`;
  return `minmax(0, min(max(46%, ${rest}), ${height(callers)}px)) minmax(0, 1fr) auto`;
}

function SandwichSide(
  props: SandwichViewProps & {
    readonly side: Side;
    readonly tree: CallTree;
    readonly normalizer: Normalizer;
    readonly onLeave: () => void;
  },
) {
  const { side, tree, scope, question, state, update, normalizer, onLeave, revision } = props;
  const zoom = useMemo(() => zoomOfSide(state.zoom, side), [state.zoom, side]);
  const view = useFlameView(
    tree,
    zoom,
    state.search,
    (path) => update({ zoom: zoomOn(side, path) }),
    onLeave,
  );
  const handlers = handlersOf({ scope, question, tree, state, update, revision });
  const name = nodeName(tree, 0);
  const isCallers = side === 'callers';
  const found = view.found;
  return (
    <section className="sandwich-side" data-side={side} aria-label={isCallers ? 'Callers' : 'Callees'}>
      <header>
        <h3>{isCallers ? 'Callers' : 'Callees'}</h3>
        <span className="muted">
          {tree.size === 1
            ? isCallers
              ? 'Stacks begin with it: nothing calls it.'
              : 'It calls nothing that was sampled.'
            : view.zoomed === 0
              ? isCallers
                ? 'what led here; the farther up, the closer to where stacks begin'
                : 'what it spends its time in'
              : `zoomed in on ${middleEllipsis(nodeName(tree, view.zoomed), 60)}, ${formatNormalized(at(tree.totals, view.zoomed), tree.unit, normalizer)}`}
        </span>
        {found && (
          <span className="sandwich-found">
            {found.matches.length === 0
              ? 'no match'
              : `${plural(found.matches.length, 'match', 'matches')} · ${formatShare(found.total, at(tree.totals, 0))}`}
          </span>
        )}
      </header>
      <FlameGraph
        tree={tree}
        label={`${isCallers ? 'Callers' : 'Callees'} of ${name}`}
        zoomed={view.zoomed}
        selected={view.selected}
        search={found}
        colorBy={state.colorBy}
        upright={isCallers}
        normalizer={normalizer}
        terms={TERMS[side]}
        handlers={handlers}
        onZoom={view.zoomTo}
        onZoomOut={view.zoomOut}
        onSelect={view.select}
        onExpand={() => update({ expanded: [...state.expanded, 'more'] })}
        onNextMatch={view.showMatch}
      />
    </section>
  );
}
