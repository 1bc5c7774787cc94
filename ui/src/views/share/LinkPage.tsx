import { useEffect } from 'react';

import { ApiError } from '../../api/client.ts';
import { useLink } from '../../api/links.ts';
import { decodeUrl, DEFAULTS } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { EmptyState, ErrorState, FlameSkeleton } from '../../widgets/State.tsx';
import { TopBar, type AppActions } from '../TopBar.tsx';

/** A short address on its way to what it stands for. */
export function LinkPage(props: {
  readonly id: string;
  readonly update: Update;
  readonly actions: AppActions;
}) {
  const { id, update, actions } = props;
  const link = useLink(id);
  const { url, pinned } = link.data ?? {};
  useEffect(() => {
    if (url === undefined) return;
    const to = new URL(url, location.origin);
    const state = decodeUrl(to.pathname, to.search);
    // Where nothing is pinned, the address is all that the link kept.
    update({ ...state, link: pinned ? id : state.link }, { replace: true });
  }, [url, pinned, id, update]);

  const isGone = link.error instanceof ApiError && link.error.status === 404;
  return (
    <div className="page">
      <TopBar actions={actions}>
        <span className="top-bar-space" />
      </TopBar>
      <main>
        {isGone ? (
          <EmptyState title="There is no such link">
            <p className="muted">Somebody deleted it, or its address was cut off on the way here.</p>
            <button type="button" className="button" onClick={() => update(DEFAULTS)}>
              Show all profiles
            </button>
          </EmptyState>
        ) : link.isError ? (
          <ErrorState error={link.error} onRetry={() => void link.refetch()} />
        ) : (
          <FlameSkeleton />
        )}
      </main>
    </div>
  );
}
