/** Files to open, and what to show once they are. */
export interface FilesToOpen {
  readonly files: readonly File[];
  /** An opened file to compare the first of them with. */
  readonly compareWith?: string;
}

type Listener = (chosen: FilesToOpen) => void;

const listeners = new Set<Listener>();

/** Whoever shows the progress listens here; buttons all over the page need not know it. */
export function onFilesChosen(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function openFiles(chosen: FilesToOpen): void {
  if (chosen.files.length > 0) for (const listener of listeners) listener(chosen);
}

/** What the browser's dialog is for, which is in no document: without this it could be collected while that is open. */
let asked: HTMLInputElement | undefined;

/** The browser's own dialog for choosing files. */
export function chooseFiles(compareWith?: string): void {
  const input = document.createElement('input');
  asked = input;
  input.type = 'file';
  input.multiple = compareWith === undefined;
  const over = (): void => {
    if (asked === input) asked = undefined;
  };
  input.addEventListener('cancel', over);
  input.addEventListener('change', () => {
    over();
    openFiles({ files: [...(input.files ?? [])], ...(compareWith === undefined ? {} : { compareWith }) });
  });
  input.click();
}
