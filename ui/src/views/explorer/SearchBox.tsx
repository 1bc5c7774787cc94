import { useEffect, useId, useRef, useState } from 'react';

import { CORE_FACETS, useFacetValues, useTagKeys, type Scope } from '../../api/queries.ts';
import { formatCompact } from '../../model/format.ts';
import { complete, completionAt } from '../../model/query-text.ts';
import { useDebounced } from '../../state/use-debounced.ts';
import { Icon } from '../../widgets/Icon.tsx';

interface SearchBoxProps {
  readonly query: string;
  /** Suggestions come from what is in it. */
  readonly scope: Scope;
  readonly onSearch: (query: string) => void;
}

interface Suggestion {
  readonly text: string;
  readonly count: number | undefined;
}

/** A combobox as the ARIA authoring practices describe it: the list follows the caret, the focus stays in the text. */
export function SearchBox({ query, scope, onSearch }: SearchBoxProps) {
  const [text, setText] = useState(query);
  const [caret, setCaret] = useState(0);
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const inputRef = useRef<HTMLInputElement>(null);
  const listRef = useRef<HTMLUListElement>(null);
  const listId = useId();

  // What a facet click or the back button made of the query.
  const [shownQuery, setShownQuery] = useState(query);
  if (shownQuery !== query) {
    setShownQuery(query);
    // A space at the end is the beginning of the next term.
    if (text.trim() !== query) setText(query);
  }

  const completion = completionAt(text, caret);
  const suggestions = useSuggestions(scope, completion.kind, completion.key, completion.prefix, isOpen);
  const isListShown = isOpen && suggestions.length > 0;
  const current = active < suggestions.length ? active : -1;

  useEffect(() => {
    listRef.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [current]);

  function take(suggestion: Suggestion): void {
    const result = complete(text, completion, suggestion.text);
    setText(result.text);
    setCaret(result.caret);
    setActive(-1);
    // A key goes on with its values, a value is the end of a term.
    setOpen(completion.kind === 'key');
    if (completion.kind === 'value') onSearch(result.text.trim());
    requestAnimationFrame(() => inputRef.current?.setSelectionRange(result.caret, result.caret));
  }

  function onKeyDown(event: React.KeyboardEvent): void {
    const count = suggestions.length;
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
        if (!isListShown || !only || event.shiftKey || completion.prefix === '') return;
        event.preventDefault();
        take(only);
        return;
      }
      case 'Enter': {
        event.preventDefault();
        const chosen = suggestions[current];
        if (isListShown && chosen) take(chosen);
        else {
          setOpen(false);
          onSearch(text.trim());
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
        id="query"
        type="text"
        role="combobox"
        aria-label="Search for profiles"
        aria-autocomplete="list"
        aria-expanded={isListShown}
        aria-controls={listId}
        aria-activedescendant={isListShown && current >= 0 ? `${listId}-${current}` : undefined}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        placeholder="service:web env:prod -version:1.0.*"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setCaret(event.target.selectionStart ?? event.target.value.length);
          setOpen(true);
          setActive(-1);
        }}
        onSelect={(event) => setCaret(event.currentTarget.selectionStart ?? 0)}
        onFocus={() => setOpen(true)}
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
      <ul
        id={listId}
        ref={listRef}
        className="suggestions"
        role="listbox"
        aria-label="Suggestions"
        hidden={!isListShown}
      >
        {isListShown &&
          suggestions.map((suggestion, index) => (
            <li
              key={suggestion.text}
              id={`${listId}-${index}`}
              role="option"
              aria-selected={index === current}
              onPointerDown={(event) => {
                // Keeps the focus in the text.
                event.preventDefault();
                take(suggestion);
              }}
            >
              <span>{completion.kind === 'key' ? `${suggestion.text}:` : suggestion.text || '(empty)'}</span>
              {suggestion.count !== undefined && (
                <span className="muted">{formatCompact(suggestion.count)}</span>
              )}
            </li>
          ))}
      </ul>
    </div>
  );
}

function useSuggestions(
  scope: Scope,
  kind: 'key' | 'value',
  key: string,
  typed: string,
  isOpen: boolean,
): readonly Suggestion[] {
  const prefix = useDebounced(typed, 120);
  const keys = useTagKeys(scope, prefix, isOpen && kind === 'key');
  const values = useFacetValues(scope, key, prefix, isOpen && kind === 'value' && !key.startsWith('@'));
  if (kind === 'value') {
    const facet = values.data?.facets.find((each) => each.key === key);
    return (facet?.values ?? [])
      .map((text, index) => ({ text, count: facet?.counts[index] }))
      .filter(({ text }) => text.toLowerCase().startsWith(typed.toLowerCase()));
  }
  const core = CORE_FACETS.filter((each) => each.startsWith(typed)).map((text) => ({
    text,
    count: undefined,
  }));
  const others = (keys.data?.keys ?? []).map((text, index) => ({ text, count: keys.data?.counts[index] }));
  const seen = new Set<string>(CORE_FACETS);
  return [...core, ...others.filter(({ text }) => !seen.has(text) && text.startsWith(typed))];
}
