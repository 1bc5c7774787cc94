import { useEffect, useId, useLayoutEffect, useRef, useState } from 'react';

import type { ApiError } from '../../api/client.ts';
import type { Scope } from '../../api/queries.ts';
import { formatCompact } from '../../model/format.ts';
import { complete, completionAt } from '../../model/query-completion.ts';
import { withSearch } from '../../model/recent-searches.ts';
import { flatSuggestions, type Suggestion } from '../../model/suggestions.ts';
import { useRemembered } from '../../state/remembered.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { SearchMistake } from './SearchMistake.tsx';
import { useSuggestions } from './use-suggestions.ts';

interface SearchBoxProps {
  readonly query: string;
  /** Suggestions come from what is in it. */
  readonly scope: Scope;
  readonly measureScope: Scope;
  /** Why the server could not read the query. */
  readonly mistake: ApiError | null;
  /** Where there is more than one on a page. */
  readonly id?: string;
  readonly label?: string;
  readonly onSearch: (query: string) => void;
}

/** A combobox as the ARIA authoring practices describe it: the list follows the caret, the focus stays in the text. */
export function SearchBox(props: SearchBoxProps) {
  const { query, scope, measureScope, mistake, onSearch } = props;
  const { id: inputId = 'query', label = 'Search for profiles' } = props;
  const [text, setText] = useState(query);
  const [caret, setCaret] = useState(0);
  const [isOpen, setOpen] = useState(false);
  const [isUntouched, setUntouched] = useState(true);
  const [active, setActive] = useState(-1);
  const [recent, remember] = useRemembered('searches');
  const inputRef = useRef<HTMLInputElement>(null);
  const listRef = useRef<HTMLDivElement>(null);
  const id = useId();

  // What a facet click or the back button made of the query.
  const [shownQuery, setShownQuery] = useState(query);
  if (shownQuery !== query) {
    setShownQuery(query);
    // A space at the end is the beginning of the next term.
    if (text.trim() !== query) setText(query);
  }

  const completion = completionAt(text, caret);
  const { groups, isPending, isTruncated } = useSuggestions({
    text,
    completion,
    scope,
    measureScope,
    isOpen,
    recent,
    isUntouched,
  });
  const suggestions = flatSuggestions(groups);
  const isListShown = isOpen && suggestions.length > 0;
  const current = active < suggestions.length ? active : -1;

  useEffect(() => {
    listRef.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [current]);

  // With the text that it belongs to: a frame later, what is typed next would be in front of it.
  const caretWanted = useRef<number | null>(null);
  useLayoutEffect(() => {
    if (caretWanted.current === null) return;
    inputRef.current?.setSelectionRange(caretWanted.current, caretWanted.current);
    caretWanted.current = null;
  });

  function search(wanted: string): void {
    const trimmed = wanted.trim();
    remember(withSearch(recent, trimmed));
    onSearch(trimmed);
  }

  function take(suggestion: Suggestion): void {
    const result = complete(text, completion, suggestion);
    setText(result.text);
    setCaret(result.caret);
    setActive(-1);
    setUntouched(false);
    // A key goes on with its values, a value is the end of a term.
    const goesOn = suggestion.kind === 'key' || suggestion.kind === 'keyword';
    setOpen(goesOn);
    if (!goesOn) search(result.text);
    caretWanted.current = result.caret;
  }

  function forget(suggestion: Suggestion): void {
    remember(recent.filter((each) => each !== suggestion.text));
  }

  function onKeyDown(event: React.KeyboardEvent): void {
    const count = suggestions.length;
    const chosen = suggestions[current];
    switch (event.key) {
      case 'ArrowDown':
      case 'ArrowUp': {
        event.preventDefault();
        setOpen(true);
        if (count === 0) return;
        const step = event.key === 'ArrowDown' ? 1 : -1;
        setActive(current < 0 ? (step === 1 ? 0 : count - 1) : (current + step + count) % count);
        return;
      }
      case 'Tab': {
        const only = suggestions[Math.max(current, 0)];
        if (!isListShown || !only || event.shiftKey || (completion.prefix === '' && current < 0)) return;
        event.preventDefault();
        take(only);
        return;
      }
      case 'Delete':
        if (!event.shiftKey || chosen?.kind !== 'query') return;
        event.preventDefault();
        forget(chosen);
        return;
      case 'Enter': {
        event.preventDefault();
        if (isListShown && chosen) take(chosen);
        else {
          setOpen(false);
          search(text);
        }
        return;
      }
      case 'Escape':
        if (isListShown) setOpen(false);
        else setText(query);
        setActive(-1);
        return;
      default:
    }
  }

  function enter(event: React.FocusEvent<HTMLInputElement>): void {
    setCaret(event.target.selectionStart ?? text.length);
    setOpen(true);
    setUntouched(true);
  }

  const isWrong = mistake !== null;
  return (
    <div
      className="search-box"
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) setOpen(false);
      }}
    >
      <Icon name="search" />
      <input
        ref={inputRef}
        id={inputId}
        type="text"
        role="combobox"
        aria-label={label}
        aria-autocomplete="list"
        aria-expanded={isListShown}
        aria-controls={`${id}-list`}
        aria-activedescendant={isListShown && current >= 0 ? `${id}-${current}` : undefined}
        aria-invalid={isWrong}
        aria-describedby={isWrong ? `${id}-mistake` : undefined}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        placeholder="Search: service:web env:prod -version:1.0.* @cpu_cores:>1.5"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setCaret(event.target.selectionStart ?? event.target.value.length);
          setOpen(true);
          setUntouched(false);
          setActive(-1);
        }}
        onSelect={(event) => setCaret(event.currentTarget.selectionStart ?? 0)}
        onFocus={enter}
        onClick={() => setOpen(true)}
        onKeyDown={onKeyDown}
      />
      {text !== '' && (
        <button
          type="button"
          className="icon-button"
          aria-label="Clear the search"
          onClick={() => {
            setText('');
            onSearch('');
            inputRef.current?.focus();
          }}
        >
          <Icon name="close" />
        </button>
      )}
      <div className="suggestions" hidden={!isListShown}>
        <div
          id={`${id}-list`}
          ref={listRef}
          className="suggestion-list"
          role="listbox"
          aria-label="Suggestions"
        >
          {isListShown &&
            groups.map((group) => (
              <div key={group.label} role="group" aria-label={group.label}>
                <div className="suggestion-heading" aria-hidden="true">
                  {group.label}
                </div>
                {group.suggestions.map((suggestion) => {
                  const index = suggestions.indexOf(suggestion);
                  return (
                    <Option
                      key={suggestion.text}
                      id={`${id}-${index}`}
                      suggestion={suggestion}
                      isSelected={index === current}
                      onTake={() => take(suggestion)}
                      onForget={() => forget(suggestion)}
                    />
                  );
                })}
              </div>
            ))}
        </div>
        <footer className="suggestion-footer" aria-hidden="true">
          {isTruncated && <span>There are more; type on to find them</span>}
          {!isTruncated && (
            <>
              <span>
                <kbd>↑</kbd> <kbd>↓</kbd> choose
              </span>
              <span>
                <kbd>Tab</kbd> take
              </span>
              <span>
                <kbd>Enter</kbd> search
              </span>
              {suggestions[current]?.kind === 'query' && (
                <span>
                  <kbd>Shift</kbd> <kbd>Del</kbd> forget
                </span>
              )}
            </>
          )}
          {isPending && <span className="suggestion-pending">Asking…</span>}
        </footer>
      </div>
      {mistake && !isListShown && <SearchMistake id={`${id}-mistake`} query={query} mistake={mistake} />}
    </div>
  );
}

function Option(props: {
  readonly id: string;
  readonly suggestion: Suggestion;
  readonly isSelected: boolean;
  readonly onTake: () => void;
  readonly onForget: () => void;
}) {
  const { id, suggestion, isSelected, onTake, onForget } = props;
  const { kind, text, note, count } = suggestion;
  return (
    <div
      id={id}
      className="suggestion"
      role="option"
      tabIndex={-1}
      aria-selected={isSelected}
      onPointerDown={(event) => {
        // Keeps the focus in the text.
        event.preventDefault();
        onTake();
      }}
    >
      <span className="suggestion-text">{kind === 'key' ? `${text}:` : text || '(empty)'}</span>
      {note !== '' && <span className="suggestion-note">{note}</span>}
      {count !== undefined && <span className="suggestion-count">{formatCompact(count)}</span>}
      {kind === 'query' && (
        // For the pointer; by keyboard it is Shift+Delete.
        <span
          className="suggestion-forget"
          title="Forget this search (Shift+Delete)"
          aria-hidden="true"
          onPointerDown={(event) => {
            event.preventDefault();
            event.stopPropagation();
            onForget();
          }}
        >
          <Icon name="close" />
        </span>
      )}
    </div>
  );
}
