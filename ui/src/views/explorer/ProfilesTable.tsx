import { useProfiles, type Scope } from '../../api/queries.ts';
import type { ProfilesBody } from '../../api/types.ts';
import { formatCount, formatDurationMs, formatTimeShort, formatValue, plural } from '../../model/format.ts';
import { encodeUrl, type ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { useNow } from '../../state/use-now.ts';
import { Busy, ErrorState, Skeleton } from '../../widgets/State.tsx';

interface Column {
  readonly label: string;
  /** What the API sorts by; the largest first. */
  readonly sort?: string;
  readonly isNumber?: boolean;
}

const COLUMNS: readonly Column[] = [
  { label: 'Start', sort: 'start' },
  { label: 'Service' },
  { label: 'Env' },
  { label: 'Version' },
  { label: 'Host' },
  { label: 'Language' },
  { label: 'Duration', sort: 'duration_ms', isNumber: true },
  { label: 'CPU', sort: 'cpu_cores', isNumber: true },
  { label: 'Allocations', sort: 'alloc_bytes_per_second', isNumber: true },
  { label: 'Wall', sort: 'wall_cores', isNumber: true },
  { label: 'Samples', sort: 'samples', isNumber: true },
];

interface ProfilesTableProps {
  readonly scope: Scope;
  readonly state: ViewState;
  readonly update: Update;
  readonly whenEmpty: React.ReactNode;
}

export function ProfilesTable({ scope, state, update, whenEmpty }: ProfilesTableProps) {
  const profiles = useProfiles(scope, state.profileSort, true);
  const nowMs = useNow();
  if (profiles.isError && !profiles.data) {
    return <ErrorState error={profiles.error} onRetry={() => void profiles.refetch()} />;
  }
  if (!profiles.data) return <Skeleton lines={16} label="Loading profiles" />;
  const { pages } = profiles.data;
  const total = pages[0]?.total ?? 0;
  if (total === 0) return whenEmpty;
  const shown = pages.reduce((count, page) => count + page.columns.id.length, 0);
  const largestCpu = Math.max(
    0.001,
    ...pages.flatMap((page) => page.columns.cpu_cores.map((value) => value ?? 0)),
  );
  return (
    // Scrollable regions must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="profiles-table" tabIndex={0} role="region" aria-label="Profiles">
      <Busy isBusy={profiles.isFetching && profiles.isPlaceholderData} />
      <table>
        <thead>
          <tr>
            {COLUMNS.map((column) => (
              <SortableHeader
                key={column.label}
                column={column}
                sort={state.profileSort}
                onSort={(profileSort) => update({ profileSort })}
              />
            ))}
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
                largestCpu={largestCpu}
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
  );
}

function ProfileRow(props: {
  readonly columns: ProfilesBody['columns'];
  readonly index: number;
  readonly nowMs: number;
  readonly largestCpu: number;
  readonly state: ViewState;
  readonly update: Update;
}) {
  const { columns, index, nowMs, largestCpu, state, update } = props;
  const id = columns.id[index] ?? '';
  const startMs = columns.start_ms[index] ?? 0;
  const cpu = columns.cpu_cores[index];
  const opened: Partial<ViewState> = {
    page: 'profile',
    profile: id,
    tab: 'flame',
    zoom: [],
    expanded: [],
    filters: [],
  };
  const open = (): void => update(opened);
  return (
    <tr
      onClick={(event) => {
        // The link works by itself, and text stays selectable.
        if (event.target instanceof Element && event.target.closest('a')) return;
        if (getSelection()?.isCollapsed === false) return;
        open();
      }}
    >
      <td>
        <a
          href={encodeUrl({ ...state, ...opened })}
          onClick={(event) => {
            if (event.metaKey || event.ctrlKey || event.shiftKey) return;
            event.preventDefault();
            open();
          }}
        >
          {formatTimeShort(startMs, nowMs)}
        </a>
      </td>
      <td className="strong">{columns.service[index]}</td>
      <td>{columns.env[index]}</td>
      <td className="clip" title={columns.version[index]}>
        {columns.version[index]}
      </td>
      <td className="clip" title={columns.host[index]}>
        {columns.host[index]}
      </td>
      <td>{columns.language[index]}</td>
      <td className="number">{formatDurationMs((columns.end_ms[index] ?? startMs) - startMs)}</td>
      <td className="number cpu-cell">
        <span className="function-bar" style={{ width: `${((cpu ?? 0) / largestCpu) * 100}%` }} />
        <span>{measure(cpu, 'cores')}</span>
      </td>
      <td className="number">{measure(columns.alloc_bytes_per_second[index], 'bytes/s')}</td>
      <td className="number">{measure(columns.wall_cores[index], 'cores')}</td>
      <td className="number">{formatCount(columns.samples[index] ?? 0)}</td>
    </tr>
  );
}

function SortableHeader(props: {
  readonly column: Column;
  readonly sort: string;
  readonly onSort: (sort: string) => void;
}) {
  const { column, sort, onSort } = props;
  const className = column.isNumber ? 'number' : undefined;
  if (!column.sort) {
    return (
      <th scope="col" className={className}>
        {column.label}
      </th>
    );
  }
  const isDescending = sort === `-${column.sort}`;
  const isAscending = sort === column.sort;
  const direction = isDescending ? 'descending' : isAscending ? 'ascending' : undefined;
  // Only the start is worth reading from its small end.
  const next = isDescending && column.sort === 'start' ? 'start' : `-${column.sort}`;
  return (
    <th scope="col" aria-sort={direction ?? 'none'} className={className}>
      <button type="button" className="sort-button" data-direction={direction} onClick={() => onSort(next)}>
        {column.label}
      </button>
    </th>
  );
}

function measure(value: number | null | undefined, unit: string): string {
  return value === null || value === undefined ? '–' : formatValue(value, unit);
}
