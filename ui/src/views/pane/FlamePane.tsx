import { lazy, Suspense } from 'react';

import { questionOf, useLabels, useTypes, type Scope } from '../../api/queries.ts';
import { useRevision } from '../../api/revision.ts';
import type { ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { ErrorState, FlameSkeleton } from '../../widgets/State.tsx';
import { ShareMenu } from '../share/ShareMenu.tsx';
import { FlameBody } from './FlameBody.tsx';
import { FlameSearch } from './FlameSearch.tsx';
import { LabelFilters } from './LabelFilters.tsx';
import { NormalizeSelect } from './NormalizeSelect.tsx';
import { AppliedChips } from './AppliedChips.tsx';
import { TypeSelect } from './TypeSelect.tsx';
import { useFlameTree } from './use-flame-tree.ts';
import { useFlameView } from './use-flame-view.ts';
import {
  FullScreenToggle,
  GranularityControl,
  LookMenu,
  MyCodeToggle,
  sandwichGranularity,
} from './ViewControls.tsx';

const SandwichView = lazy(async () => ({
  default: (await import('./SandwichView.tsx')).SandwichView,
}));

interface FlamePaneProps {
  readonly scope: Scope;
  readonly state: ViewState;
  readonly update: Update;
  /** Shown when there is nothing at all in scope. */
  readonly whenEmpty: React.ReactNode;
}

/** Value type, filters and search on top; below them the flame graph and the table beside it. */
export function FlamePane({ scope, state, update, whenEmpty }: FlamePaneProps) {
  const types = useTypes(scope);
  const known = types.data?.types ?? [];
  const type = known.find((each) => each.name === state.type) ?? known[0];
  const isReady = type !== undefined;
  const question = questionOf(state, type?.name ?? '');
  const isSandwich = state.sandwich !== '';
  const isFlame = !isSandwich;
  const { flameGraph, tree, isBusy } = useFlameTree(scope, state, question, isReady && isFlame);
  // The menu of labels can wait until there is something to see: both take a whole scan of the samples.
  const hasPicture = isSandwich || tree !== undefined || flameGraph.isError;
  const labels = useLabels(scope, { ...question, filters: [] }, isReady && hasPicture);

  const view = useFlameView(
    tree,
    state.zoom,
    state.search,
    (zoom) => update({ zoom }),
    () => state.full && update({ full: false }),
  );
  const revision = useRevision(scope, state.profile);

  if (types.isPending) return <FlameSkeleton />;
  if (types.isError && !types.data) {
    return <ErrorState error={types.error} onRetry={() => void types.refetch()} />;
  }
  if (!type) return whenEmpty;

  return (
    <div className="pane" data-full={state.full}>
      <div className="pane-bar">
        <TypeSelect
          types={known}
          value={type}
          onType={(name) => update({ type: name, zoom: [], expanded: [] })}
        />
        <GranularityControl state={state} update={update} />
        <NormalizeSelect
          basis={tree}
          value={state.normalize}
          onNormalize={(normalize) => update({ normalize })}
        />
        <MyCodeToggle state={state} update={update} />
        <LabelFilters
          labels={labels.data}
          type={type}
          filters={state.filters}
          onFilters={(filters) => update({ filters, expanded: [] })}
        />
        <div className="pane-bar-end">
          <FlameSearch
            label={isFlame ? 'Search in the flame graph' : 'Search functions'}
            search={state.search}
            tree={isFlame ? tree : undefined}
            found={view.found}
            matchIndex={view.matchIndex}
            onSearch={(search) => update({ search }, { replace: true })}
            onMatch={view.showMatch}
          />
          <LookMenu state={state} update={update} />
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
          <ShareMenu
            scope={scope}
            question={question}
            tree={isFlame ? tree : undefined}
            zoomed={view.zoomed}
          />
          <FullScreenToggle state={state} update={update} />
        </div>
      </div>
      {/* Over the whole page, the bar around it is out of sight. */}
      <AppliedChips state={state} update={update} withFocus={state.full} />
      {isSandwich ? (
        <Suspense fallback={<FlameSkeleton />}>
          <SandwichView
            scope={scope}
            state={state}
            update={update}
            question={{ ...question, granularity: sandwichGranularity(state.granularity) }}
            revision={revision}
          />
        </Suspense>
      ) : (
        <FlameBody
          scope={scope}
          state={state}
          update={update}
          type={type}
          question={question}
          tree={tree}
          flameGraph={flameGraph}
          isBusy={isBusy}
          view={view}
          revision={revision}
        />
      )}
    </div>
  );
}
