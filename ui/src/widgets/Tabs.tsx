import { useLayoutEffect, useRef, type ReactNode } from 'react';

interface TabsProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly tabs: readonly { readonly value: Value; readonly label: ReactNode }[];
  readonly panelId: string;
  readonly onChange: (value: Value) => void;
}

/** Arrow keys move between tabs and show them, as the ARIA authoring practices describe. */
export function Tabs<Value extends string>({ label, value, tabs, panelId, onChange }: TabsProps<Value>) {
  const ref = useRef<HTMLDivElement>(null);
  // In a narrow window the row of tabs scrolls, and the one shown must be in sight.
  useLayoutEffect(() => {
    const list = ref.current;
    const tab = list?.querySelector<HTMLElement>('[aria-selected="true"]');
    if (!list || !tab) return;
    const end = tab.offsetLeft + tab.offsetWidth - list.clientWidth;
    list.scrollLeft = Math.min(tab.offsetLeft, Math.max(list.scrollLeft, end));
  }, [value]);
  const move = (to: number): void => {
    const index = (to + tabs.length) % tabs.length;
    const tab = tabs[index];
    if (!tab) return;
    onChange(tab.value);
    ref.current?.querySelectorAll<HTMLElement>('[role="tab"]')[index]?.focus();
  };
  const current = tabs.findIndex((tab) => tab.value === value);
  return (
    <div
      ref={ref}
      className="tabs"
      role="tablist"
      tabIndex={-1}
      aria-label={label}
      onKeyDown={(event) => {
        const to = { ArrowRight: current + 1, ArrowLeft: current - 1, Home: 0, End: tabs.length - 1 }[
          event.key
        ];
        if (to === undefined) return;
        event.preventDefault();
        move(to);
      }}
    >
      {tabs.map((tab) => (
        <button
          key={tab.value}
          type="button"
          role="tab"
          id={`${panelId}-${tab.value}`}
          aria-selected={tab.value === value}
          aria-controls={panelId}
          tabIndex={tab.value === value ? 0 : -1}
          onClick={() => onChange(tab.value)}
        >
          {tab.label}
        </button>
      ))}
    </div>
  );
}
