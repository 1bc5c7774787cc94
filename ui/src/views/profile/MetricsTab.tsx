import { useState } from 'react';

import { serviceQuery, useListedProfiles, useSameProcess } from '../../api/profile-page.ts';
import { useMeasures } from '../../api/explore.ts';
import type { ProfileBody } from '../../api/types.ts';
import { filledRange } from '../../model/dot-plot.ts';
import { formatCount, plural } from '../../model/format.ts';
import { groupedMeasures, measureUnit } from '../../model/measure-name.ts';
import type { Around, ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { Segmented } from '../../widgets/Segmented.tsx';
import { Busy, EmptyState, ErrorState, Skeleton } from '../../widgets/State.tsx';
import { MetricChart } from './MetricChart.tsx';
import './metrics.css';

const HOUR_MS = 3_600_000;
const HALF_MS: Record<Around, number> = {
  '1h': HOUR_MS / 2,
  '6h': 3 * HOUR_MS,
  '1d': 12 * HOUR_MS,
  '7d': 84 * HOUR_MS,
};
const AROUND: readonly { readonly value: Around; readonly label: string }[] = [
  { value: '1h', label: '1 h' },
  { value: '6h', label: '6 h' },
  { value: '1d', label: '1 day' },
  { value: '7d', label: '7 days' },
];
/** Columns that one request may ask for. */
const MOST_COLUMNS = 32;

/** Each measure of all profiles of the service around this one: is it like the others? */
export function MetricsTab(props: {
  readonly profile: ProfileBody;
  readonly state: ViewState;
  readonly update: Update;
}) {
  const { profile, state, update } = props;
  const query = serviceQuery(profile);
  const middleMs = (profile.start_ms + profile.end_ms) / 2;
  const range = { fromMs: middleMs - HALF_MS[state.around], toMs: middleMs + HALF_MS[state.around] };
  const measures = useMeasures({
    params: [
      ['query', query],
      ['from', String(Math.round(range.fromMs))],
      ['to', String(Math.round(range.toMs))],
    ],
    refresh: false,
  });
  const infos = (measures.data?.measures ?? []).slice(0, MOST_COLUMNS);
  const names = infos.map(({ name }) => name);
  const list = useListedProfiles(query, range, names, names.length > 0);
  const process = useSameProcess(profile);
  const [pointedId, setPointedId] = useState<string | null>(null);

  const error = measures.error ?? list.error;
  if (error && !list.data) {
    return (
      <ErrorState
        error={error}
        onRetry={() => {
          void measures.refetch();
          void list.refetch();
        }}
      />
    );
  }
  if (measures.data && names.length === 0) {
    return (
      <EmptyState title="No measures">
        <p className="muted">No profile of this service says how much it used around that time.</p>
      </EmptyState>
    );
  }
  if (!list.data) return <Skeleton lines={12} label="Loading the metrics" />;
  const { profiles, total } = list.data;
  // A measure of other kinds of profiles, which the range happens to have.
  const shownNames = names.filter((name) => profiles.some((each) => typeof each.measures[name] === 'number'));
  const shownRange = filledRange(profiles, range);
  const sameProcess = new Set((process.data?.profiles ?? []).map(({ id }) => id));
  return (
    <div className="metrics">
      <div className="metrics-bar">
        <Segmented<Around>
          label="Time around this profile"
          value={state.around}
          options={AROUND}
          onChange={(around) => update({ around })}
        />
        <span className="muted">
          {profiles.length < total
            ? `The first ${formatCount(profiles.length)} of ${plural(total, 'profile')} of ${profile.service}`
            : `${plural(total, 'profile')} of ${profile.service}`}
        </span>
        <ul className="metrics-legend muted">
          <li data-dot="this">this profile</li>
          <li data-dot="same">same process</li>
          <li data-dot="other">other processes</li>
        </ul>
      </div>
      {/* Scrollable regions must be reachable by keyboard. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="metrics-scroll" tabIndex={0} role="region" aria-label="Metrics">
        <Busy isBusy={list.isFetching && list.isPlaceholderData} />
        {groupedMeasures(shownNames).map(({ group, names: own }) => (
          <section key={group} aria-label={group || 'All profiles'}>
            {group && <h2>{group}</h2>}
            <div className="metrics-grid">
              {own.map((name) => (
                <MetricChart
                  key={name}
                  name={name}
                  unit={measureUnit(name, infos.find((info) => info.name === name)?.unit ?? '')}
                  profiles={profiles}
                  own={profile.id}
                  sameProcess={sameProcess}
                  range={shownRange}
                  pointedId={pointedId}
                  onPoint={setPointedId}
                />
              ))}
            </div>
          </section>
        ))}
      </div>
    </div>
  );
}
