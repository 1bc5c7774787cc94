import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useState } from 'react';

import { onUnauthorized } from '../api/client.ts';
import { useLogout, useSession } from '../api/queries.ts';
import { useViewState } from '../state/use-view-state.ts';
import { ErrorState, FlameSkeleton } from '../widgets/State.tsx';
import { Explorer } from './explorer/Explorer.tsx';
import { Logo } from './Logo.tsx';
import { FileDrop } from './opened/FileDrop.tsx';

// The explorer is what most visits begin with; everything else comes when it is first looked at.
const Help = lazy(async () => ({ default: (await import('./Help.tsx')).Help }));
const Login = lazy(async () => ({ default: (await import('./Login.tsx')).Login }));
const ProfileView = lazy(async () => ({ default: (await import('./profile/ProfileView.tsx')).ProfileView }));
const Settings = lazy(async () => ({ default: (await import('./Settings.tsx')).Settings }));
const ComparePage = lazy(async () => {
  const { ComparePage: component } = await import('./compare/ComparePage.tsx');
  return { default: component };
});
const EmbedPage = lazy(async () => ({ default: (await import('./embed/EmbedPage.tsx')).EmbedPage }));
const LinkPage = lazy(async () => ({ default: (await import('./share/LinkPage.tsx')).LinkPage }));
const PinnedBanner = lazy(async () => ({
  default: (await import('./share/PinnedBanner.tsx')).PinnedBanner,
}));

type Overlay = 'help' | 'settings' | null;

export function App() {
  const session = useSession();
  const client = useQueryClient();
  const [state, update] = useViewState();
  const [overlay, setOverlay] = useState<Overlay>(null);
  const logout = useLogout();

  // Any 401 means that the session is over, whatever was known about it.
  useEffect(
    () => onUnauthorized(() => client.setQueryData(['session'], { auth_required: true, scope: null })),
    [client],
  );

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const isTyping =
        event.target instanceof HTMLElement && event.target.closest('input, textarea, select, dialog');
      if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === '?') setOverlay('help');
      if (event.key === '/') {
        event.preventDefault();
        const inFlameGraph = document.querySelector<HTMLInputElement>('.flame-search input');
        (inFlameGraph ?? document.querySelector<HTMLInputElement>('#query'))?.focus();
      }
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);

  if (session.isPending) {
    return state.page === 'embed' ? (
      <FlameSkeleton />
    ) : (
      <div className="page">
        <header className="top-bar">
          <Logo />
        </header>
        <FlameSkeleton />
      </div>
    );
  }
  if (session.isError) {
    return <ErrorState error={session.error} onRetry={() => void session.refetch()} />;
  }
  const { auth_required: needsToken, scope } = session.data;
  if (needsToken && (scope === null || scope === 'write')) {
    return (
      <Suspense fallback={null}>
        <Login mayOnlyWrite={scope === 'write'} />
      </Suspense>
    );
  }

  if (state.page === 'embed') {
    return (
      <Suspense fallback={<FlameSkeleton />}>
        <EmbedPage state={state} update={update} />
      </Suspense>
    );
  }

  const actions = {
    onHelp: () => setOverlay('help'),
    onSettings: () => setOverlay('settings'),
    onLogout: session.data.auth_required ? () => logout.mutate() : undefined,
  };
  return (
    <>
      {state.link && state.page !== 'link' && (
        <Suspense fallback={null}>
          <PinnedBanner id={state.link} update={update} />
        </Suspense>
      )}
      <Suspense fallback={<FlameSkeleton />}>
        {state.page === 'link' ? (
          <LinkPage id={state.link} update={update} actions={actions} />
        ) : state.page === 'compare' ? (
          <ComparePage state={state} update={update} actions={actions} />
        ) : state.page === 'profile' ? (
          <ProfileView key={state.profile} state={state} update={update} actions={actions} />
        ) : (
          <Explorer state={state} update={update} actions={actions} />
        )}
      </Suspense>
      <FileDrop />
      <Suspense fallback={null}>
        {overlay === 'help' && <Help onClose={() => setOverlay(null)} />}
        {overlay === 'settings' && (
          <Settings
            mayChange={!session.data.auth_required || session.data.scope === 'admin'}
            onClose={() => setOverlay(null)}
          />
        )}
      </Suspense>
    </>
  );
}
