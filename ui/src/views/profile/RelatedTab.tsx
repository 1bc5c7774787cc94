import { serviceQuery, useListedProfiles, useSameProcess } from '../../api/profile-page.ts';
import type { ProfileBody } from '../../api/types.ts';
import { compareWith } from '../../model/compare-scopes.ts';
import { formatCount, formatDurationMs, formatTimeShort, formatValue } from '../../model/format.ts';
import { duringSameTime, type ListedProfile } from '../../model/neighbors.ts';
import { useNow } from '../../state/use-now.ts';
import { useViewState } from '../../state/use-view-state.ts';
import { ErrorState, Skeleton } from '../../widgets/State.tsx';
import { StateLink } from '../../widgets/StateLink.tsx';
import { toProfile, toService } from './links.ts';
import './related.css';

/** What else ran at that time, and what the process did before and after. */
export function RelatedTab({ profile }: { readonly profile: ProfileBody }) {
  const own = { id: profile.id, startMs: profile.start_ms, endMs: profile.end_ms };
  const others = useListedProfiles(serviceQuery(profile), { fromMs: own.startMs, toMs: own.endMs });
  const process = useSameProcess(profile);
  const error = others.error ?? process.error;
  if (error && !others.data) {
    return (
      <ErrorState
        error={error}
        onRetry={() => {
          void others.refetch();
          void process.refetch();
        }}
      />
    );
  }
  if (others.isPending) return <Skeleton lines={8} label="Loading related profiles" />;
  const ownIds = new Set((process.data?.profiles ?? []).map(({ id }) => id));
  const sameTime = duringSameTime(others.data?.profiles ?? [], own).filter(({ id }) => !ownIds.has(id));
  const sameProcess = process.data?.profiles ?? [];
  return (
    // Scrollable regions must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="related" tabIndex={0} role="region" aria-label="Related profiles">
      <section>
        <header>
          <h2>Other processes of {profile.service || 'the service'} at that time</h2>
          <StateLink patch={{ ...toService(profile), tab: 'profiles' }}>All of the hour around it</StateLink>
        </header>
        {sameTime.length === 0 ? (
          <p className="muted">No other process of this service sent a profile of the same time.</p>
        ) : (
          <RelatedTable
            label="Other processes"
            own={profile.id}
            profiles={byCpu(sameTime)}
            refersMs={own.startMs}
          />
        )}
      </section>
      <section>
        <header>
          <h2>The same process before and after</h2>
        </header>
        {profile.runtime_id === '' ? (
          <p className="muted">The upload does not say which process it is of.</p>
        ) : sameProcess.length < 2 ? (
          <p className="muted">It sent nothing else within half an hour.</p>
        ) : (
          <RelatedTable
            label="The same process"
            own={profile.id}
            profiles={sameProcess}
            refersMs={own.startMs}
          />
        )}
      </section>
    </div>
  );
}

function RelatedTable(props: {
  readonly label: string;
  readonly own: string;
  readonly profiles: readonly ListedProfile[];
  readonly refersMs: number;
}) {
  const { label, own, profiles, refersMs } = props;
  const [state] = useViewState();
  const nowMs = useNow();
  const hasHosts = profiles.some(({ host }) => host !== '');
  return (
    <table aria-label={label}>
      <thead>
        <tr>
          <th scope="col">Start</th>
          {hasHosts && <th scope="col">Host</th>}
          <th scope="col">Version</th>
          <th scope="col" className="number">
            Duration
          </th>
          <th scope="col" className="number">
            CPU
          </th>
          <th scope="col" className="number">
            Wall time
          </th>
          <th scope="col" className="number">
            Allocations
          </th>
          <th scope="col" className="number">
            Samples
          </th>
          <th scope="col">
            <span className="visually-hidden">Compare</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {profiles.map((each) => {
          const time = formatTimeShort(each.startMs, refersMs);
          return (
            <tr key={each.id} aria-current={each.id === own ? 'true' : undefined}>
              <td>
                {each.id === own ? (
                  <span className="strong">{time}</span>
                ) : (
                  <StateLink patch={toProfile(each.id)}>{time}</StateLink>
                )}
              </td>
              {hasHosts && (
                <td className="clip" title={each.host}>
                  {each.host}
                </td>
              )}
              <td className="clip" title={each.version}>
                {each.version}
              </td>
              <td className="number">{formatDurationMs(each.endMs - each.startMs)}</td>
              <Measure profile={each} name="cpu_cores" unit="cores" />
              <Measure profile={each} name="wall_cores" unit="cores" />
              <Measure profile={each} name="alloc_bytes_per_second" unit="bytes/s" />
              <td className="number">{formatCount(each.samples)}</td>
              <td className="number">
                {each.id === own ? (
                  <span className="muted">this one</span>
                ) : (
                  <StateLink
                    label={`Compare with ${time}`}
                    patch={{
                      ...compareWith(state, { kind: 'profile', baseline: each.id }, nowMs),
                      tab: 'flame',
                    }}
                  >
                    Compare
                  </StateLink>
                )}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Measure(props: { readonly profile: ListedProfile; readonly name: string; readonly unit: string }) {
  const value = props.profile.measures[props.name];
  return <td className="number">{typeof value === 'number' ? formatValue(value, props.unit) : '–'}</td>;
}

function byCpu(profiles: readonly ListedProfile[]): ListedProfile[] {
  const cpu = (profile: ListedProfile): number => profile.measures['cpu_cores'] ?? -1;
  return profiles.toSorted((left, right) => cpu(right) - cpu(left));
}
