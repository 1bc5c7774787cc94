import { at, type CallTree } from '../../model/call-tree.ts';
import { formatCount, formatShare } from '../../model/format.ts';
import type { SearchResult } from '../../model/search.ts';
import { Icon } from '../../widgets/Icon.tsx';

interface FlameSearchProps {
  readonly label: string;
  readonly search: string;
  /** The tree that is searched, and what was found in it. */
  readonly tree: CallTree | undefined;
  readonly found: SearchResult | undefined;
  /** Which match is shown, or -1. */
  readonly matchIndex: number;
  readonly onSearch: (search: string) => void;
  readonly onMatch: (step: 1 | -1) => void;
}

/** Search in the flame graph: how many frames match, what share of all they are, and the way from one to the next. */
export function FlameSearch(props: FlameSearchProps) {
  const { label, search, tree, found, matchIndex, onSearch, onMatch } = props;
  const count = found?.matches.length ?? 0;
  const isFirst = matchIndex < 0;
  return (
    <div className="flame-search">
      <Icon name="search" />
      <input
        type="search"
        aria-label={label}
        placeholder="Search functions"
        value={search}
        spellCheck={false}
        onChange={(event) => onSearch(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') onMatch(event.shiftKey ? -1 : 1);
          if (event.key === 'Escape') onSearch('');
        }}
      />
      {tree && found && (
        <>
          <output className="flame-search-result">
            {count === 0
              ? 'no match'
              : `${isFirst ? '' : `${matchIndex + 1} / `}${formatCount(count)} · ${formatShare(found.total, at(tree.totals, 0))}`}
          </output>
          <button
            type="button"
            className="icon-button"
            aria-label="Previous match"
            disabled={count === 0}
            onClick={() => onMatch(-1)}
          >
            <Icon name="chevron-up" />
          </button>
          <button
            type="button"
            className="icon-button"
            aria-label="Next match"
            disabled={count === 0}
            onClick={() => onMatch(1)}
          >
            <Icon name="chevron-down" />
          </button>
        </>
      )}
    </div>
  );
}
