import type { ReactNode } from 'react';

import { encodeUrl, type ViewState } from '../state/url.ts';
import { useViewState } from '../state/use-view-state.ts';

interface StateLinkProps {
  /** What is different where the link leads. */
  readonly patch: Partial<ViewState>;
  readonly className?: string;
  readonly title?: string;
  readonly label?: string;
  readonly children: ReactNode;
}

/** A link within the page: an ordinary one for whoever opens it elsewhere, and without a reload for a plain click. */
export function StateLink({ patch, className, title, label, children }: StateLinkProps) {
  const [state, update] = useViewState();
  return (
    <a
      href={encodeUrl({ ...state, ...patch })}
      className={className}
      title={title}
      aria-label={label}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        update(patch);
      }}
    >
      {children}
    </a>
  );
}
