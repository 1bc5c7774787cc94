import { useCallback, useEffect, useMemo } from 'react';

import { questionOf, scopeOf, useProfile, useTypes } from '../../api/queries.ts';
import { useRevision } from '../../api/revision.ts';
import { FlameGraph } from '../../flame/FlameGraph.tsx';
import { at, pathKeys } from '../../model/call-tree.ts';
import { formatTime, plural } from '../../model/format.ts';
import { formatNormalized, normalizerOf } from '../../model/normalize.ts';
import { describeRange } from '../../model/time-range.ts';
import { encodeUrl, type ViewState } from '../../state/url.ts';
import { useNow } from '../../state/use-now.ts';
import type { Update } from '../../state/use-view-state.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { Busy, EmptyState, ErrorState, FlameSkeleton } from '../../widgets/State.tsx';
import { handlersOf } from '../pane/handlers-of.tsx';
import { NothingLeft } from '../pane/NothingLeft.tsx';
import { AppliedChips } from '../pane/AppliedChips.tsx';
import { useFlameTree } from '../pane/use-flame-tree.ts';
import { useFlameView } from '../pane/use-flame-view.ts';
import './embed.css';

interface EmbedPageProps {
  readonly state: ViewState;
  readonly update: Update;
}

/** The flame graph alone, in a page elsewhere: one line says what it is of and leads to all the rest. */
export function EmbedPage({ state, update: push }: EmbedPageProps) {
  // The history belongs to the page around.
  const update = useCallback<Update>((patch) => push(patch, { replace: true }), [push]);
  const scope = scopeOf(state);
  const types = useTypes(scope);
  const known = types.data?.types ?? [];
  const type = known.find((each) => each.name === state.type) ?? known[0];
  const question = questionOf(state, type?.name ?? '');
  const { flameGraph, tree, isBusy } = useFlameTree(scope, state, question, type !== undefined);
  const view = useFlameView(
    tree,
    state.zoom,
    state.search,
    (zoom) => update({ zoom }),
    () => undefined,
  );
  const revision = useRevision(scope, state.profile);
  const normalizer = useMemo(
    () => (tree ? normalizerOf(tree, state.normalize) : undefined),
    [tree, state.normalize],
  );
  const title = useTitle(state);
  useEffect(() => {
    document.title = `${title.what} · Vesta`;
  }, [title.what]);

  const whole = tree ? at(tree.totals, 0) : 0;
  const handlers = tree && handlersOf({ scope, question, tree, state, update, revision });
  return (
    <main className="embed">
      <header className="embed-caption">
        <h1 title={title.what}>{title.what}</h1>
        <span className="muted">{title.when}</span>
        {tree && normalizer && (
          <span className="embed-total">
            {tree.type} <span className="strong">{formatNormalized(whole, tree.unit, normalizer)}</span>
          </span>
        )}
        {tree && <span className="muted embed-basis">{plural(tree.samples, 'sample')}</span>}
        <a
          className="embed-link"
          href={encodeUrl({ ...state, page: state.profile ? 'profile' : 'explorer' })}
          target="_blank"
          rel="noreferrer"
        >
          Open in Vesta
          <Icon name="external" />
        </a>
      </header>
      <AppliedChips state={state} update={update} withFocus withFilters />
      {types.isError && !types.data ? (
        <ErrorState error={types.error} onRetry={() => void types.refetch()} />
      ) : types.data && !type ? (
        <EmptyState title="Nothing to show">
          <p className="muted">No profile is in this scope. They may have come to their age and gone.</p>
        </EmptyState>
      ) : flameGraph.isError && !flameGraph.data ? (
        <ErrorState error={flameGraph.error} onRetry={() => void flameGraph.refetch()} />
      ) : !tree || !normalizer ? (
        <FlameSkeleton />
      ) : whole === 0 ? (
        <NothingLeft scope={scope} question={question} update={update} />
      ) : (
        <div className="embed-graph">
          <Busy isBusy={isBusy} />
          <FlameGraph
            tree={tree}
            label={`Flame graph of ${tree.type}, ${formatNormalized(whole, tree.unit, normalizer)} in all`}
            zoomed={view.zoomed}
            selected={view.selected}
            search={view.found}
            colorBy={state.colorBy}
            upright={state.upright}
            normalizer={normalizer}
            handlers={
              // There is no room for two flame graphs, nor a field to search with.
              handlers && {
                ...handlers,
                can: (id, node) => id !== 'sandwich' && id !== 'search' && handlers.can(id, node),
              }
            }
            onZoom={view.zoomTo}
            onZoomOut={view.zoomOut}
            onSelect={view.select}
            onExpand={(parent) =>
              update({ expanded: [...new Set([...state.expanded, pathKeys(tree, parent).join('.')])] })
            }
            onNextMatch={view.showMatch}
          />
        </div>
      )}
    </main>
  );
}

function useTitle(state: ViewState): { what: string; when: string } {
  const profile = useProfile(state.profile, scopeOf(state), state.profile !== '');
  const nowMs = useNow();
  if (state.profile === '') {
    return { what: state.query.trim() || 'All profiles', when: describeRange(state, nowMs) };
  }
  const { data } = profile;
  return {
    what: data ? [data.service, data.version, data.host].filter(Boolean).join(' · ') || 'Profile' : 'Profile',
    when: data ? formatTime(data.start_ms) : '',
  };
}
