import { useEffect } from 'react';

import { apiUrl } from '../../api/client.ts';
import { scopeOf, useProfile } from '../../api/queries.ts';
import type { ProfileBody } from '../../api/types.ts';
import { formatBytes, formatCount, formatDurationMs, formatTime, formatValue } from '../../model/format.ts';
import { encodeUrl, type ProfileTab, type ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { EmptyState, ErrorState, Skeleton } from '../../widgets/State.tsx';
import { Tabs } from '../../widgets/Tabs.tsx';
import { FlamePane } from '../pane/FlamePane.tsx';
import { ProfileDetails } from './ProfileDetails.tsx';
import { TopBar, type AppActions } from '../TopBar.tsx';

interface ProfileViewProps {
  readonly state: ViewState;
  readonly update: Update;
  readonly actions: AppActions;
}

export function ProfileView({ state, update, actions }: ProfileViewProps) {
  const profile = useProfile(state.profile, scopeOf(state));
  const tab = state.tab as ProfileTab;
  const back: Partial<ViewState> = {
    page: 'explorer',
    profile: '',
    source: '',
    tab: 'profiles',
    zoom: [],
    expanded: [],
    filters: [],
  };
  const service = profile.data?.service;
  useEffect(() => {
    document.title = service ? `${service} · profile · Vesta` : 'Profile · Vesta';
  }, [service]);

  const panelId = 'profile-panel';
  return (
    <div className="page">
      <TopBar actions={actions}>
        <a
          className="back-link"
          href={encodeUrl({ ...state, ...back })}
          onClick={(event) => {
            if (event.metaKey || event.ctrlKey || event.shiftKey) return;
            event.preventDefault();
            update(back);
          }}
        >
          <Icon name="chevron-left" />
          All profiles
        </a>
        <span className="top-bar-space" />
      </TopBar>
      <main className="profile">
        {profile.isPending && <Skeleton lines={3} label="Loading the profile" />}
        {profile.isError && <ErrorState error={profile.error} onRetry={() => void profile.refetch()} />}
        {profile.data && (
          <>
            <ProfileHeader profile={profile.data} update={update} />
            <section className="card explorer-card">
              <Tabs<ProfileTab>
                label="Show"
                value={tab}
                panelId={panelId}
                tabs={[
                  { value: 'flame', label: 'Flame graph' },
                  { value: 'top', label: 'Top' },
                  { value: 'runtime', label: 'Runtime info' },
                ]}
                onChange={(next) => update({ tab: next })}
              />
              <div id={panelId} className="tab-panel" role="tabpanel" aria-labelledby={`${panelId}-${tab}`}>
                {tab === 'runtime' ? (
                  <ProfileDetails profile={profile.data} />
                ) : (
                  <FlamePane
                    scope={scopeOf(state)}
                    state={state}
                    update={update}
                    mode={tab === 'top' ? 'top' : 'flame'}
                    whenEmpty={<NoSamples profile={profile.data} update={update} />}
                  />
                )}
              </div>
            </section>
          </>
        )}
      </main>
    </div>
  );
}

function ProfileHeader({ profile, update }: { readonly profile: ProfileBody; readonly update: Update }) {
  const facts: (readonly [string, string])[] = [
    ['Start', formatTime(profile.start_ms)],
    ['Duration', formatDurationMs(profile.end_ms - profile.start_ms)],
    ['Samples', formatCount(profile.samples)],
    ...measures(profile),
  ];
  const about: (readonly [key: string, value: string])[] = [
    ['env', profile.env],
    ['version', profile.version],
    ['host', profile.host],
  ];
  return (
    <header className="profile-header">
      <div className="profile-title">
        <h1>{profile.service || '(no service)'}</h1>
        {about
          .filter(([, value]) => value !== '')
          .map(([key, value]) => (
            <button
              key={key}
              type="button"
              className="tag"
              title={`All profiles with ${key}:${value}`}
              onClick={() =>
                update({
                  page: 'explorer',
                  profile: '',
                  tab: 'flame',
                  zoom: [],
                  expanded: [],
                  query: `service:${quote(profile.service)} ${key}:${quote(value)}`,
                })
              }
            >
              <span className="muted">{key}</span> {value}
            </button>
          ))}
        <span className="tag plain">{profile.runtime || profile.language}</span>
      </div>
      <dl className="profile-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <a className="button" download href={apiUrl(`/profiles/${profile.id}/upload`)}>
        <Icon name="download" />
        Original upload <span className="muted">{formatBytes(profile.upload_bytes)}</span>
      </a>
      {profile.problems.length > 0 && (
        <details className="problems">
          <summary>
            <Icon name="warning" />
            {profile.problems.length === 1
              ? 'One part could not be read in full'
              : `${profile.problems.length} parts could not be read in full`}
          </summary>
          <ul>
            {profile.problems.map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        </details>
      )}
    </header>
  );
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

function measures(profile: ProfileBody): (readonly [string, string])[] {
  const known = [
    ['cpu_cores', 'CPU', 'cores'],
    ['alloc_bytes_per_second', 'Allocations', 'bytes/s'],
    ['wall_cores', 'Wall', 'cores'],
  ] as const;
  return known.flatMap(([key, name, unit]) => {
    const value = profile.measures[key];
    return value === null || value === undefined ? [] : [[name, formatValue(value, unit)] as const];
  });
}

function quote(value: string): string {
  return /^[\w.@/+-]+$/.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`;
}
