import { Icon } from '../../widgets/Icon.tsx';

interface FilterChipsProps {
  /** What is named to assistive technology where several lists of filters are on a page. */
  readonly label?: string;
  /** `key:value`, or `-key:value` for everything else. */
  readonly filters: readonly string[];
  readonly onFilters: (filters: readonly string[]) => void;
}

/** The label filters that apply, each to be taken away. */
export function FilterChips({ label = 'Label filters', filters, onFilters }: FilterChipsProps) {
  if (filters.length === 0) return null;
  return (
    <ul className="chips" aria-label={label}>
      {filters.map((filter) => (
        <li key={filter} className="chip" data-negated={filter.startsWith('-')} title={filter}>
          <span>{filter.startsWith('-') ? `not ${filter.slice(1)}` : filter}</span>
          <button
            type="button"
            aria-label={`Remove the filter ${filter}`}
            onClick={() => onFilters(filters.filter((each) => each !== filter))}
          >
            <Icon name="close" />
          </button>
        </li>
      ))}
    </ul>
  );
}
