import type { ReactNode } from 'react';

import { formatCount } from '../../model/format.ts';
import { measureName } from '../../model/measure-name.ts';
import { shownTerms, withoutTerm, withTermNegated } from '../../model/query-terms.ts';
import { Icon } from '../../widgets/Icon.tsx';

/** What is looked at: how many profiles, and each term of the search, to turn around or take away. */
export function ScopeBar(props: {
  readonly query: string;
  readonly profiles: number | undefined;
  readonly onQuery: (query: string) => void;
  readonly children?: ReactNode;
}) {
  const { query, profiles, onQuery, children } = props;
  const terms = shownTerms(query);
  return (
    <div className="scope-bar">
      <p className="scope-count" role="status">
        {profiles === undefined ? (
          <span className="muted">Counting…</span>
        ) : (
          <>
            <span className="strong">{formatCount(profiles)}</span> {profiles === 1 ? 'profile' : 'profiles'}
          </>
        )}
      </p>
      {terms.length > 0 && (
        <ul className="scope-terms" aria-label="Search terms">
          {terms.map((term) => {
            const name = query.slice(term.start, term.end);
            const key = term.key.startsWith('@') ? measureName(term.key.slice(1)).label : term.key;
            return (
              <li key={`${term.start}`}>
                {term.joinedBy !== '' && <span className="scope-join">or</span>}
                <span className="scope-term" data-negated={term.negated}>
                  <button
                    type="button"
                    className="scope-term-text"
                    aria-label={`${term.negated ? 'Include' : 'Exclude'} ${name}`}
                    title={term.negated ? `Include again: ${name}` : `Exclude instead: ${name}`}
                    onClick={() => onQuery(withTermNegated(query, term))}
                  >
                    {term.negated && <span className="scope-not">not</span>}
                    {key !== '' && <span className="scope-key">{key}</span>}
                    <span className="scope-value">{term.text}</span>
                  </button>
                  <button
                    type="button"
                    className="scope-remove"
                    aria-label={`Remove ${name}`}
                    title="Remove"
                    onClick={() => onQuery(withoutTerm(query, term))}
                  >
                    <Icon name="close" />
                  </button>
                </span>
              </li>
            );
          })}
        </ul>
      )}
      {children && <div className="scope-actions">{children}</div>}
    </div>
  );
}
