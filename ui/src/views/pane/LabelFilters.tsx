import type { LabelsBody, ValueTypeInfo } from '../../api/types.ts';
import { formatShare } from '../../model/format.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { Popover } from '../../widgets/Popover.tsx';
import { FilterChips } from './FilterChips.tsx';

interface LabelFiltersProps {
  readonly labels: LabelsBody | undefined;
  readonly type: ValueTypeInfo;
  /** `key:value`, or `-key:value` for everything else. */
  readonly filters: readonly string[];
  readonly onFilters: (filters: readonly string[]) => void;
}

export function LabelFilters({ labels, type, filters, onFilters }: LabelFiltersProps) {
  const keys = (labels?.labels ?? []).filter((label) => label.values.length > 0);
  const toggle = (filter: string): void => {
    const opposite = filter.startsWith('-') ? filter.slice(1) : `-${filter}`;
    onFilters(
      filters.includes(filter)
        ? filters.filter((each) => each !== filter)
        : [...filters.filter((each) => each !== opposite), filter],
    );
  };
  return (
    <>
      {keys.length > 0 && (
        <Popover
          label="Filter by label"
          trigger={
            <>
              <Icon name="filter" />
              Labels
            </>
          }
        >
          {() => (
            <div className="label-panel">
              {keys.map((label) => (
                <section key={label.key} aria-label={label.key}>
                  <h2>{label.key}</h2>
                  <ul>
                    {label.values.map((value, index) => {
                      const filter = `${label.key}:${value}`;
                      return (
                        <li key={value}>
                          <button
                            type="button"
                            className="menu-item"
                            aria-pressed={filters.includes(filter)}
                            onClick={() => toggle(filter)}
                          >
                            <span className="label-name">{value || '(empty)'}</span>
                            <span className="muted">{formatShare(label.totals[index] ?? 0, type.total)}</span>
                          </button>
                          <button
                            type="button"
                            className="icon-button"
                            aria-label={`Exclude ${label.key} ${value}`}
                            aria-pressed={filters.includes(`-${filter}`)}
                            onClick={() => toggle(`-${filter}`)}
                          >
                            <Icon name="minus" />
                          </button>
                        </li>
                      );
                    })}
                  </ul>
                  {label.truncated && <p className="muted">The largest are shown.</p>}
                </section>
              ))}
            </div>
          )}
        </Popover>
      )}
      <FilterChips filters={filters} onFilters={onFilters} />
    </>
  );
}
