import { useMemo, useRef } from 'react';

import { useCallGraph } from '../../api/call-graph.ts';
import { questionOf, useLabels, useTypes, type Scope } from '../../api/queries.ts';
import { decodeCallGraph, matchesOf } from '../../model/call-graph.ts';
import { formatCount, plural } from '../../model/format.ts';
import { addTransform, withTransforms } from '../../model/transforms.ts';
import { GRAPH_NODES, type ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { Segmented } from '../../widgets/Segmented.tsx';
import { Busy, EmptyState, ErrorState, Skeleton } from '../../widgets/State.tsx';
import { Basis } from '../pane/Basis.tsx';
import { ShareMenu } from '../share/ShareMenu.tsx';
import { LabelFilters } from '../pane/LabelFilters.tsx';
import { NothingLeft } from '../pane/NothingLeft.tsx';
import { AppliedChips } from '../pane/AppliedChips.tsx';
import { TypeSelect } from '../pane/TypeSelect.tsx';
import { GranularityControl, MyCodeToggle } from '../pane/ViewControls.tsx';
import './call-graph.css';
import { GraphCanvas } from './GraphCanvas.tsx';
import { useLayout } from './use-layout.ts';

interface CallGraphPaneProps {
  readonly scope: Scope;
  readonly state: ViewState;
  readonly update: Update;
  readonly whenEmpty: React.ReactNode;
}

/** Each function once, with what flows between them: who calls, who is called, and where the time is spent. */
export function CallGraphPane({ scope, state, update, whenEmpty }: CallGraphPaneProps) {
  const types = useTypes(scope);
  const known = types.data?.types ?? [];
  const type = known.find((each) => each.name === state.type) ?? known[0];
  const isReady = type !== undefined;
  const question = questionOf(state, type?.name ?? '');
  const answer = useCallGraph(scope, question, state.graphNodes, isReady);
  const labels = useLabels(scope, { ...question, filters: [] }, isReady);
  const asked = useMemo(
    () =>
      answer.data && {
        graph: decodeCallGraph(answer.data, state.granularity),
        key: JSON.stringify([scope.params, question, state.graphNodes]),
      },
    // The question belongs to the answer; until the next one is here, the previous stays as it was.
    // eslint-disable-next-line react/exhaustive-deps
    [answer.data],
  );
  // What had the keyboard's focus goes with the graph it was part of: the next one takes it.
  const keepsFocus = useRef(false);
  const { drawn, hasFailed } = useLayout(asked);
  const matches = useMemo(
    () => (drawn ? matchesOf(drawn.graph, state.search) : undefined),
    [drawn, state.search],
  );

  if (types.isError && !types.data)
    return <ErrorState error={types.error} onRetry={() => void types.refetch()} />;
  if (types.isPending) return <Skeleton lines={12} label="Loading the call graph" />;
  if (!type) return whenEmpty;

  const isBusy =
    (answer.isFetching && answer.isPlaceholderData) || (asked !== undefined && asked.graph !== drawn?.graph);
  return (
    <div className="pane">
      <div className="pane-bar">
        <TypeSelect
          types={known}
          value={type}
          onType={(name) => update({ type: name, zoom: [], expanded: [] })}
        />
        <GranularityControl state={state} update={update} />
        <div className="graph-count">
          <span className="muted" aria-hidden="true">
            Show
          </span>
          <Segmented<string>
            label="Functions shown"
            value={String(state.graphNodes)}
            options={GRAPH_NODES.map((count) => ({ value: String(count), label: String(count) }))}
            onChange={(count) => update({ graphNodes: Number(count) })}
          />
        </div>
        <MyCodeToggle state={state} update={update} />
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
              aria-label="Search in the call graph"
              placeholder="Search functions"
              value={state.search}
              spellCheck={false}
              onChange={(event) => update({ search: event.target.value }, { replace: true })}
              onKeyDown={(event) => {
                if (event.key === 'Escape') update({ search: '' }, { replace: true });
              }}
            />
            {matches && (
              <output className="flame-search-result">
                {matches.length === 0 ? 'none shown' : formatCount(matches.length)}
              </output>
            )}
          </div>
          <ShareMenu scope={scope} question={question} />
        </div>
      </div>
      <AppliedChips state={state} update={update} />
      {answer.isError && !answer.data ? (
        <ErrorState error={answer.error} onRetry={() => void answer.refetch()} />
      ) : hasFailed ? (
        <EmptyState title="The graph could not be laid out">
          <button type="button" className="button" onClick={() => update({ tab: 'top' })}>
            Show the functions as a list
          </button>
        </EmptyState>
      ) : !answer.data || !drawn ? (
        <Skeleton lines={12} label="Loading the call graph" />
      ) : answer.data.total === 0 ? (
        <NothingLeft scope={scope} question={question} update={update} />
      ) : (
        <>
          <div className="pane-status">
            <span className="muted">
              {drawn.graph.prunedNodes > 0
                ? `The ${plural(drawn.graph.nodes.length, 'function')} with the most; ${formatCount(drawn.graph.prunedNodes)} smaller ones are not shown. `
                : `All ${plural(drawn.graph.nodes.length, 'function')}. `}
              {drawn.graph.prunedEdges > 0 && `${plural(drawn.graph.prunedEdges, 'thin call')} left out. `}
              <button type="button" className="text-button" onClick={() => update({ tab: 'top' })}>
                The same as a list
              </button>
            </span>
            <Basis tree={answer.data} />
          </div>
          <div className="graph-frame">
            <Busy isBusy={isBusy} />
            <GraphCanvas
              key={drawn.key}
              drawn={drawn}
              matches={matches}
              keepsFocus={keepsFocus}
              onFocus={(node) => {
                keepsFocus.current = true;
                update({
                  ...withTransforms(addTransform(state.transforms, { kind: 'focus', key: node.key })),
                  search: '',
                });
              }}
            />
          </div>
        </>
      )}
    </div>
  );
}
