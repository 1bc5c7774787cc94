import { useEffect, useState } from 'react';

import { Icon } from './Icon.tsx';

/** Says for a moment whether the text got into the clipboard. */
export function useCopy(text: () => string): readonly [said: 'copied' | 'refused' | null, copy: () => void] {
  const [said, setSaid] = useState<'copied' | 'refused' | null>(null);
  useEffect(() => {
    if (!said) return undefined;
    const timer = setTimeout(() => setSaid(null), 1800);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = (): void => {
    // Without a secure origin there is no clipboard at all.
    const write = navigator.clipboard?.writeText(text()) ?? Promise.reject(new Error('no clipboard'));
    write.then(
      () => setSaid('copied'),
      () => setSaid('refused'),
    );
  };
  return [said, copy];
}

/** What is said of it. */
export const SAID = { copied: 'Copied', refused: 'The browser refused' } as const;

/** Beside what it copies. */
export function CopyButton({ text, label }: { readonly text: () => string; readonly label: string }) {
  const [said, copy] = useCopy(text);
  return (
    <>
      <button type="button" className="button copy-button" aria-label={label} onClick={copy}>
        <Icon name={said === 'copied' ? 'check' : 'copy'} />
        <span>{said ? SAID[said] : 'Copy'}</span>
      </button>
      <Announcement said={said} />
    </>
  );
}

/** In a menu, with a line on what it is. */
export function CopyItem(props: {
  readonly text: () => string;
  readonly name: string;
  readonly about: string;
}) {
  const [said, copy] = useCopy(props.text);
  return (
    <>
      <button type="button" className="menu-item" onClick={copy}>
        <span className="strong">{said ? SAID[said] : props.name}</span>
        <span className="muted">{props.about}</span>
      </button>
      <Announcement said={said} />
    </>
  );
}

/** The same for whoever does not see the button. */
export function Announcement({ said }: { readonly said: keyof typeof SAID | null }) {
  return (
    <span className="visually-hidden" role="status">
      {said && SAID[said]}
    </span>
  );
}
