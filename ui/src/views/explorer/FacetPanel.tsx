import { useState } from 'react';

import { CORE_FACETS, useFacets, type Scope } from '../../api/queries.ts';
import type { Facet } from '../../api/types.ts';
import { formatCompact, formatCount } from '../../model/format.ts';
import { facetTerms, toggleExcluded, toggleIncluded, withoutFacet } from '../../model/query-text.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { ErrorState, Skeleton } from '../../widgets/State.tsx';

const SHORT = 6;

interface FacetPanelProps {
  readonly scope: Scope;
  readonly query: string;
  readonly onQuery: (query: string) => void;
}

export function FacetPanel({ scope, query, onQuery }: FacetPanelProps) {
  const facets = useFacets(scope);
  if (facets.isPending) return <Skeleton lines={14} label="Loading facets" />;
  if (facets.isError && !facets.data) {
    return <ErrorState error={facets.error} onRetry={() => void facets.refetch()} />;
  }
  return (
    <>
      {CORE_FACETS.map((key) => {
        const facet = facets.data.facets.find((each) => each.key === key);
        return facet && <FacetSection key={key} facet={facet} query={query} onQuery={onQuery} />;
      })}
    </>
  );
}

function FacetSection(props: {
  readonly facet: Facet;
  readonly query: string;
  readonly onQuery: (query: string) => void;
}) {
  const { facet, query, onQuery } = props;
  const { key } = facet;
  const [isLong, setLong] = useState(false);
  const { included, excluded } = facetTerms(query, key);
  // Selected values stay in sight even where nothing has them any more.
  const known = new Set(facet.values);
  const missing = [...included, ...excluded].filter((value) => !known.has(value));
  const rows = [
    ...missing.map((value) => ({ value, count: 0 })),
    ...facet.values.map((value, index) => ({ value, count: facet.counts[index] ?? 0 })),
  ].filter(({ value }) => value !== '');
  if (rows.length === 0) return null;
  const shown = isLong ? rows : rows.slice(0, SHORT);
  const largest = Math.max(...rows.map(({ count }) => count), 1);
  const isActive = included.length + excluded.length > 0;
  return (
    <section className="facet" aria-label={key}>
      <header>
        <h3>{key}</h3>
        {isActive ? (
          <button type="button" className="text-button" onClick={() => onQuery(withoutFacet(query, key))}>
            Clear
          </button>
        ) : (
          <span className="muted">{facet.distinct > 1 ? formatCount(facet.distinct) : ''}</span>
        )}
      </header>
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
                title={`Exclude ${key}:${value}`}
                onClick={() => onQuery(toggleExcluded(query, key, value))}
              >
                <Icon name="minus" />
              </button>
            </li>
          );
        })}
      </ul>
      {rows.length > SHORT && (
        <button type="button" className="text-button" onClick={() => setLong(!isLong)}>
          {isLong ? 'Show fewer' : `Show ${rows.length - SHORT} more`}
        </button>
      )}
      {isLong && facet.truncated && (
        <p className="muted facet-note">
          The largest {facet.values.length} of {formatCount(facet.distinct)}. Type {key}: in the search for
          the others.
        </p>
      )}
    </section>
  );
}
