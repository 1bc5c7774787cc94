import type { ApiError } from '../../api/client.ts';
import { mistakeAt } from '../../model/query-mistake.ts';

/** What the server could not read, where, and what to write instead. */
export function SearchMistake(props: {
  readonly id: string;
  readonly query: string;
  readonly mistake: ApiError;
}) {
  const { id, query, mistake } = props;
  const { message, before, at, after } = mistakeAt(query, mistake.message);
  return (
    <div id={id} className="search-mistake" role="alert">
      <p>
        <span className="strong">{message}</span>
        {mistake.hint && <span>: {mistake.hint}</span>}
      </p>
      {at !== '' && (
        <code>
          {before}
          <mark>{at}</mark>
          {after}
        </code>
      )}
    </div>
  );
}
