import { useState } from 'react';

import { useProfiles, type Scope } from '../../api/queries.ts';
import type { ProfilesBody } from '../../api/types.ts';
import { formatCount, formatDurationMs, formatTimeShort, formatValue, plural } from '../../model/format.ts';
import { measureUnit } from '../../model/measure-name.ts';
import { encodeUrl, NO_SIDE, type ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { useNow } from '../../state/use-now.ts';
import { Busy, ErrorState, Skeleton } from '../../widgets/State.tsx';
import { ColumnMenu } from './ColumnMenu.tsx';
import { MeasureHeader } from './MeasureHeader.tsx';

/** Measures that every answer has; the reader chooses others. */
const ALWAYS = ['cpu_cores', 'alloc_bytes_per_second', 'wall_cores', 'samples'] as const;
const TAGS = ['Service', 'Env', 'Version', 'Host', 'Runtime'] as const;

interface ProfilesTableProps {
  readonly scope: Scope;
  readonly state: ViewState;
  readonly update: Update;
  readonly whenEmpty: React.ReactNode;
}

/** One row for each upload. Two of them can be chosen to be compared. */
export function ProfilesTable({ scope, state, update, whenEmpty }: ProfilesTableProps) {
  const columns = state.columns.filter((name) => !(ALWAYS as readonly string[]).includes(name));
  const profiles = useProfiles(scope, state.profileSort, true, columns);
  const nowMs = useNow();
  // The one chosen first is what the other is compared with.
  const [chosen, setChosen] = useState<readonly string[]>([]);
  if (profiles.isError && !profiles.data) {
    return <ErrorState error={profiles.error} onRetry={() => void profiles.refetch()} />;
  }
  if (!profiles.data) return <Skeleton lines={16} label="Loading profiles" />;
  const { pages } = profiles.data;
  const total = pages[0]?.total ?? 0;
  if (total === 0) return whenEmpty;
  const shown = pages.reduce((count, page) => count + page.columns.id.length, 0);
  const measures = [...ALWAYS, ...columns];
  const sorted = state.profileSort.replace(/^-/, '');
  const barred = measures.includes(sorted) ? sorted : 'cpu_cores';
  const largest = pages
    .flatMap((page) => measureColumn(page.columns, barred))
    .reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
  const header = (name: string, label?: string, isNumber = true) => (
    <MeasureHeader
      key={name}
      name={name}
      {...(label !== undefined && { label })}
      isNumber={isNumber}
      sort={state.profileSort}
      onSort={(profileSort) => update({ profileSort })}
    />
  );
  const [first, second] = chosen;
  return (
    <div className="pane">
      <div className="pane-bar profiles-bar">
        <span className="muted" role="status">
          {chosen.length === 0
            ? 'Choose two profiles to compare them'
            : chosen.length === 1
              ? 'Choose one more to compare it with'
              : 'Two profiles chosen'}
        </span>
        {chosen.length > 0 && (
          <>
            <button
              type="button"
              className="button primary"
              disabled={chosen.length !== 2}
              onClick={() =>
                first !== undefined &&
                second !== undefined &&
                update({
                  page: 'compare',
                  tab: 'flame',
                  a: { ...NO_SIDE, profile: first },
                  b: { ...NO_SIDE, profile: second },
                  zoom: [],
                  expanded: [],
                })
              }
            >
              Compare the two
            </button>
            <button type="button" className="text-button" onClick={() => setChosen([])}>
              Choose none
            </button>
          </>
        )}
        <div className="pane-bar-end">
          <ColumnMenu
            scope={scope}
            always={[...ALWAYS, 'profiles']}
            columns={columns}
            onColumns={(next) => update({ columns: next })}
          />
        </div>
      </div>
      {/* Scrollable regions must be reachable by keyboard. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="profiles-table" tabIndex={0} role="region" aria-label="Profiles">
        <Busy isBusy={profiles.isFetching && profiles.isPlaceholderData} />
        <table>
          <thead>
            <tr>
              <th scope="col" className="row-choice">
                <span className="visually-hidden">Compare</span>
              </th>
              {header('start', 'Start', false)}
              {TAGS.map((tag) => (
                <th key={tag} scope="col">
                  {tag}
                </th>
              ))}
              {header('duration_ms', 'Duration')}
              {measures.map((name) => header(name))}
            </tr>
          </thead>
          <tbody>
            {pages.map((page) =>
              page.columns.id.map((id, index) => (
                <ProfileRow
                  key={id}
                  columns={page.columns}
                  index={index}
                  nowMs={nowMs}
                  measures={measures}
                  barred={barred}
                  largest={largest}
                  isChosen={chosen.includes(id)}
                  // A third takes the place of the second.
                  onChoose={(isChosen) =>
                    setChosen(isChosen ? [...chosen.slice(0, 1), id] : chosen.filter((each) => each !== id))
                  }
                  state={state}
                  update={update}
                />
              )),
            )}
          </tbody>
        </table>
        <footer className="table-footer">
          <span className="muted">
            {formatCount(shown)} of {plural(total, 'profile')}
          </span>
          {profiles.hasNextPage && (
            <button
              type="button"
              className="button"
              disabled={profiles.isFetchingNextPage}
              onClick={() => void profiles.fetchNextPage()}
            >
              {profiles.isFetchingNextPage ? 'Loading…' : 'Show more'}
            </button>
          )}
        </footer>
      </div>
    </div>
  );
}

interface ProfileRowProps {
  readonly columns: ProfilesBody['columns'];
  readonly index: number;
  readonly nowMs: number;
  readonly measures: readonly string[];
  /** The measure that has bars. */
  readonly barred: string;
  readonly largest: number;
  readonly isChosen: boolean;
  readonly onChoose: (isChosen: boolean) => void;
  readonly state: ViewState;
  readonly update: Update;
}

function ProfileRow(props: ProfileRowProps) {
  const { columns, index, nowMs, measures, barred, largest, isChosen, onChoose, state, update } = props;
  const id = columns.id[index] ?? '';
  const startMs = columns.start_ms[index] ?? 0;
  const start = formatTimeShort(startMs, nowMs);
  const opened: Partial<ViewState> = {
    page: 'profile',
    profile: id,
    tab: 'flame',
    zoom: [],
    expanded: [],
    filters: [],
  };
  const open = (): void => update(opened);
  const clipped = (text: string | undefined) => (
    <td className="clip" title={text}>
      {text}
    </td>
  );
  return (
    <tr
      data-chosen={isChosen}
      onClick={(event) => {
        // The link works by itself, and text stays selectable.
        if (event.target instanceof Element && event.target.closest('a, input')) return;
        if (getSelection()?.isCollapsed === false) return;
        open();
      }}
    >
      <td className="row-choice">
        <input
          type="checkbox"
          aria-label={`Compare ${columns.service[index] ?? ''} at ${start}`}
          checked={isChosen}
          onChange={(event) => onChoose(event.target.checked)}
        />
      </td>
      <td>
        <a
          href={encodeUrl({ ...state, ...opened })}
          onClick={(event) => {
            if (event.metaKey || event.ctrlKey || event.shiftKey) return;
            event.preventDefault();
            open();
          }}
        >
          {start}
        </a>
      </td>
      <td className="strong clip">{columns.service[index]}</td>
      <td>{columns.env[index]}</td>
      {clipped(columns.version[index])}
      {clipped(columns.host[index])}
      {clipped(columns.runtime[index] || columns.language[index])}
      <td className="number">{formatDurationMs((columns.end_ms[index] ?? startMs) - startMs)}</td>
      {measures.map((name) => {
        const value = measureColumn(columns, name)[index] ?? null;
        return (
          <td key={name} className="number cpu-cell">
            {name === barred && largest > 0 && (
              <span className="function-bar" style={{ width: `${((value ?? 0) / largest) * 100}%` }} />
            )}
            <span>{value === null ? '–' : formatValue(value, measureUnit(name, ''))}</span>
          </td>
        );
      })}
    </tr>
  );
}

/** Measures that were asked for are columns beside those that are always there. */
function measureColumn(columns: ProfilesBody['columns'], name: string): readonly (number | null)[] {
  const byName: Readonly<Record<string, readonly unknown[]>> = { ...columns };
  return (byName[name] ?? []) as readonly (number | null)[];
}
