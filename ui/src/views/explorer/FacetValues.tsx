import { useState } from 'react';

import { useFacetValues, type Scope } from '../../api/queries.ts';
import type { Facet } from '../../api/types.ts';
import { formatCompact, formatCount } from '../../model/format.ts';
import { facetTerms, toggleExcluded, toggleIncluded } from '../../model/query-text.ts';
import { useDebounced } from '../../state/use-debounced.ts';
import { Icon } from '../../widgets/Icon.tsx';

const SHORT = 6;

interface FacetValuesProps {
  readonly facet: Facet;
  readonly scope: Scope;
  readonly query: string;
  readonly onQuery: (query: string) => void;
}

/** The values of one tag, the most frequent first; where the server has more than it sent, they are searched. */
export function FacetValues({ facet, scope, query, onQuery }: FacetValuesProps) {
  const { key } = facet;
  const [isLong, setLong] = useState(false);
  const [typed, setTyped] = useState('');
  const prefix = useDebounced(typed.trim(), 150);
  const isSearching = isLong && prefix !== '';
  const found = useFacetValues(scope, key, prefix, isSearching);
  const source = (isSearching && found.data?.facets.find((each) => each.key === key)) || facet;

  const { included, excluded } = facetTerms(query, key);
  // Selected values stay in sight even where nothing has them any more.
  const known = new Set(source.values);
  const missing = isSearching ? [] : [...included, ...excluded].filter((value) => !known.has(value));
  const rows = [
    ...missing.map((value) => ({ value, count: 0 })),
    ...source.values.map((value, index) => ({ value, count: source.counts[index] ?? 0 })),
  ].filter(({ value }) => value !== '');
  const shown = isLong ? rows : rows.slice(0, SHORT);
  const largest = Math.max(...rows.map(({ count }) => count), 1);
  return (
    <>
      {isLong && facet.truncated && (
        <input
          type="search"
          className="facet-search"
          aria-label={`Find a ${key}`}
          placeholder={`Find in ${formatCount(facet.distinct)}`}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      )}
      <ul>
        {shown.map(({ value, count }) => {
          const isIn = included.includes(value);
          const isOut = excluded.includes(value);
          return (
            <li key={value} data-included={isIn} data-excluded={isOut}>
              <button
                type="button"
                className="facet-value"
                aria-pressed={isIn}
                title={isIn ? `Remove ${key}:${value}` : `${key}:${value}`}
                onClick={() => onQuery(toggleIncluded(query, key, value))}
              >
                <span className="facet-bar" style={{ width: `${(count / largest) * 100}%` }} />
                <span className="facet-name">{value}</span>
                <span className="facet-count">{formatCompact(count)}</span>
              </button>
              <button
                type="button"
                className="icon-button facet-exclude"
                aria-pressed={isOut}
                aria-label={`Exclude ${key} ${value}`}
                title={isOut ? `Do not exclude ${key}:${value}` : `Exclude ${key}:${value}`}
                onClick={() => onQuery(toggleExcluded(query, key, value))}
              >
                <Icon name="minus" />
              </button>
            </li>
          );
        })}
      </ul>
      {shown.length === 0 && (
        <p className="muted facet-note">
          {isSearching ? `No ${key} contains “${prefix}”` : 'No values in scope'}
        </p>
      )}
      {(rows.length > SHORT || isLong) && (
        <button
          type="button"
          className="text-button"
          onClick={() => {
            setLong(!isLong);
            setTyped('');
          }}
        >
          {isLong
            ? 'Show fewer'
            : `Show ${formatCount((facet.truncated ? facet.distinct : rows.length) - SHORT)} more`}
        </button>
      )}
      {isLong && source.truncated && (
        <p className="muted facet-note">
          The {formatCount(source.values.length)} most frequent of {formatCount(source.distinct)}
        </p>
      )}
    </>
  );
}
