import { useProfiles, type Scope } from '../../api/queries.ts';
import type { Process } from '../../api/timeline.ts';
import { formatCount, formatTime, formatValue, plural } from '../../model/format.ts';
import { withFacetTerms } from '../../model/query-text.ts';
import type { ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { EmptyState } from '../../widgets/State.tsx';

/** Of one process in one timeline, as the server has it: some ten minutes. */
export const MOST_PROFILES = 10;

/** A timeline is that of one process: says which there are, the busiest first. */
export function ProcessChooser(props: {
  readonly processes: readonly Process[];
  /** All that there are; the list may be cut off. */
  readonly count: number;
  readonly state: ViewState;
  readonly update: Update;
}) {
  const { processes, count, state, update } = props;
  const busiest = Math.max(...processes.map((process) => process.cpuCores ?? 0));
  function choose({ runtimeId, host, processId }: Process): void {
    let query = state.query;
    if (runtimeId) query = withFacetTerms(query, 'runtime-id', { included: [runtimeId], excluded: [] });
    else {
      if (host) query = withFacetTerms(query, 'host', { included: [host], excluded: [] });
      if (processId) query = withFacetTerms(query, 'process_id', { included: [processId], excluded: [] });
    }
    update({ query, window: '', inView: '' });
  }
  if (processes.length === 0) {
    return (
      <EmptyState title="No process found">
        <p className="muted">None of the profiles in scope says which process it is of.</p>
      </EmptyState>
    );
  }
  return (
    // Scrollable regions must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className="process-chooser" aria-label="Processes" tabIndex={0}>
      <header>
        <h2>Choose a process</h2>
        <p className="muted">
          A timeline shows the threads of one process.{' '}
          {count > processes.length && processes.length >= 100
            ? `Of ${formatCount(count)} in scope, these use the most CPU; search to find others.`
            : `In scope there are ${formatCount(processes.length)}.`}
        </p>
      </header>
      <table className="plain-table">
        <thead>
          <tr>
            <th scope="col">Process</th>
            <th scope="col">Host</th>
            <th scope="col">PID</th>
            <th scope="col" className="number">
              CPU
            </th>
            <th scope="col" className="number">
              Profiles
            </th>
          </tr>
        </thead>
        <tbody>
          {processes.map((process) => (
            <tr key={`${process.runtimeId} ${process.host} ${process.processId}`}>
              <td>
                <button type="button" className="text-button mono" onClick={() => choose(process)}>
                  {process.runtimeId || '(without an id)'}
                </button>
              </td>
              <td className="clip">{process.host || '–'}</td>
              <td>{process.processId || '–'}</td>
              <td className="number cpu-cell">
                <span
                  className="function-bar"
                  style={{ width: `${busiest > 0 ? ((process.cpuCores ?? 0) / busiest) * 100 : 0}%` }}
                />
                <span>{process.cpuCores === null ? '–' : formatValue(process.cpuCores, 'cores')}</span>
              </td>
              <td className="number">{formatCount(process.profiles)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** One process, but more of its time than a timeline holds. */
export function TimeChooser(props: {
  readonly scope: Scope;
  readonly profiles: number;
  readonly update: Update;
}) {
  const newest = useProfiles(props.scope, '-start', true).data?.pages[0]?.columns;
  const starts = newest?.start_ms.slice(0, MOST_PROFILES) ?? [];
  const from = starts.at(-1);
  const to = newest?.end_ms[0];
  return (
    <EmptyState title="Choose a shorter time">
      <p className="muted">
        A timeline shows up to {MOST_PROFILES} profiles of a process, some ten minutes; this one has{' '}
        {plural(props.profiles, 'profile')} here. Drag over the chart above to choose a time, or open one
        profile.
      </p>
      <div className="button-row">
        {from !== undefined && to !== undefined && (
          <button
            type="button"
            className="button primary"
            title={`From ${formatTime(from)} on`}
            onClick={() =>
              props.update({
                from: new Date(from).toISOString(),
                to: new Date(to + 1).toISOString(),
                live: false,
              })
            }
          >
            Show the newest {starts.length}
          </button>
        )}
        <button type="button" className="button" onClick={() => props.update({ tab: 'profiles' })}>
          List the profiles
        </button>
      </div>
    </EmptyState>
  );
}
