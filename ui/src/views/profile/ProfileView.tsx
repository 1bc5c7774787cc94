import { lazy, Suspense, useEffect } from 'react';

import { ApiError } from '../../api/client.ts';
import { scopeOf, useProfile } from '../../api/queries.ts';
import type { ProfileBody } from '../../api/types.ts';
import type { ProfileTab, ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { EmptyState, ErrorState, Skeleton } from '../../widgets/State.tsx';
import { StateLink } from '../../widgets/StateLink.tsx';
import { Tabs } from '../../widgets/Tabs.tsx';
import { FlamePane } from '../pane/FlamePane.tsx';
import { FocusBar } from '../timeline/FocusBar.tsx';
import { TopBar, type AppActions } from '../TopBar.tsx';
import { ProfileHeader } from './ProfileHeader.tsx';
import './profile.css';

const CallGraphPane = lazy(async () => ({
  default: (await import('../call-graph/CallGraphPane.tsx')).CallGraphPane,
}));
const MetricsTab = lazy(async () => ({ default: (await import('./MetricsTab.tsx')).MetricsTab }));
const OpenedBanner = lazy(async () => ({
  default: (await import('../opened/OpenedBanner.tsx')).OpenedBanner,
}));
const OpenedExpired = lazy(async () => ({
  default: (await import('../opened/OpenedExpired.tsx')).OpenedExpired,
}));
const RelatedTab = lazy(async () => ({ default: (await import('./RelatedTab.tsx')).RelatedTab }));
const RuntimeInfo = lazy(async () => ({ default: (await import('./RuntimeInfo.tsx')).RuntimeInfo }));
const TopList = lazy(async () => ({ default: (await import('../explorer/TopList.tsx')).TopList }));
const TimelinePane = lazy(async () => ({
  default: (await import('../timeline/TimelinePane.tsx')).TimelinePane,
}));

interface ProfileViewProps {
  readonly state: ViewState;
  readonly update: Update;
  readonly actions: AppActions;
}

interface ProfileTabInfo {
  readonly value: ProfileTab;
  readonly label: string;
}

/** One upload of one process, and what is around it. */
export function ProfileView({ state, update, actions }: ProfileViewProps) {
  const profile = useProfile(state.profile, scopeOf(state));
  const service = profile.data?.service;
  const { error } = profile;
  const isExpired = state.source === 'opened' && error instanceof ApiError && error.status === 404;
  useEffect(() => {
    document.title = service ? `${service} · profile · Vesta` : 'Profile · Vesta';
  }, [service]);

  const tabs: ProfileTabInfo[] = [
    { value: 'flame', label: 'Flame graph' },
    { value: 'graph', label: 'Call graph' },
    { value: 'top', label: 'Top list' },
    { value: 'timeline', label: 'Timeline' },
    { value: 'metrics', label: 'Metrics' },
    { value: 'runtime', label: 'Runtime info' },
    { value: 'related', label: 'Related' },
  ];
  // A file that was opened has no service around it.
  const shown = tabs.filter(({ value }) => !state.source || (value !== 'metrics' && value !== 'related'));
  const tab = shown.find(({ value }) => value === state.tab)?.value ?? 'flame';
  const panelId = 'profile-panel';
  return (
    <div className="page">
      <TopBar actions={actions}>
        <StateLink className="back-link" patch={BACK}>
          <Icon name="chevron-left" />
          All profiles
        </StateLink>
        <span className="top-bar-space" />
      </TopBar>
      <main className="profile">
        {profile.isPending && <Skeleton lines={3} label="Loading the profile" />}
        {isExpired && (
          <Suspense fallback={null}>
            <OpenedExpired id={state.profile} update={update} />
          </Suspense>
        )}
        {profile.isError && !isExpired && (
          <ErrorState error={profile.error} onRetry={() => void profile.refetch()} />
        )}
        {profile.data && (
          <>
            {state.source === 'opened' && (
              <Suspense fallback={null}>
                <OpenedBanner profile={profile.data} update={update} />
              </Suspense>
            )}
            <ProfileHeader profile={profile.data} state={state} />
            <section className="card explorer-card">
              <Tabs<ProfileTab>
                label="Show"
                value={tab}
                panelId={panelId}
                tabs={shown}
                onChange={(next) => update({ tab: next })}
              />
              <FocusBar state={state} update={update} />
              <div id={panelId} className="tab-panel" role="tabpanel" aria-labelledby={`${panelId}-${tab}`}>
                <Suspense fallback={<Skeleton lines={10} label="Loading" />}>
                  <TabContent tab={tab} profile={profile.data} state={state} update={update} />
                </Suspense>
              </div>
            </section>
          </>
        )}
      </main>
    </div>
  );
}

const BACK: Partial<ViewState> = {
  page: 'explorer',
  profile: '',
  source: '',
  tab: 'profiles',
  full: false,
  zoom: [],
  expanded: [],
  filters: [],
  transforms: [],
  window: '',
  span: '',
  inView: '',
};

function TabContent(props: {
  readonly tab: ProfileTab;
  readonly profile: ProfileBody;
  readonly state: ViewState;
  readonly update: Update;
}) {
  const { tab, profile, state, update } = props;
  switch (tab) {
    case 'graph':
      return (
        <CallGraphPane
          scope={scopeOf(state)}
          state={state}
          update={update}
          whenEmpty={<NoSamples profile={profile} update={update} />}
        />
      );
    case 'timeline':
      return <TimelinePane scope={scopeOf(state)} state={state} update={update} />;
    case 'metrics':
      return <MetricsTab profile={profile} state={state} update={update} />;
    case 'runtime':
      return <RuntimeInfo profile={profile} state={state} />;
    case 'related':
      return <RelatedTab profile={profile} />;
    case 'top':
      return (
        <TopList
          scope={scopeOf(state)}
          state={state}
          update={update}
          whenEmpty={<NoSamples profile={profile} update={update} />}
        />
      );
    default:
      return (
        <FlamePane
          scope={scopeOf(state)}
          state={state}
          update={update}
          whenEmpty={<NoSamples profile={profile} update={update} />}
        />
      );
  }
}

function NoSamples({ profile, update }: { readonly profile: ProfileBody; readonly update: Update }) {
  return (
    <EmptyState title="No samples to show">
      <p className="muted">
        {profile.attachments.length > 0
          ? 'The upload is kept as it came, but holds no samples that this version of Vesta can read.'
          : 'The upload came without attachments.'}
      </p>
      <button type="button" className="button" onClick={() => update({ tab: 'runtime' })}>
        Show what it holds
      </button>
    </EmptyState>
  );
}
