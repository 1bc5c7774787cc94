import { lazy, Suspense, useEffect, useState } from 'react';

import { Icon } from '../../widgets/Icon.tsx';
import { onFilesChosen, openFiles, type FilesToOpen } from './choose-files.ts';
import './opened.css';

const OpeningDialog = lazy(async () => ({ default: (await import('./OpeningDialog.tsx')).OpeningDialog }));

/** Files may be dropped anywhere on the page. */
export function FileDrop() {
  const [isOver, setOver] = useState(false);
  const [chosen, setChosen] = useState<FilesToOpen | null>(null);
  // Choosing again, while the last ones are still being sent, begins anew.
  const [times, setTimes] = useState(0);
  useEffect(
    () =>
      onFilesChosen((files) => {
        setChosen(files);
        setTimes((before) => before + 1);
      }),
    [],
  );

  useEffect(() => {
    // Each element that the pointer crosses enters before the one it came from leaves.
    let depth = 0;
    const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;
    const onEnter = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      depth += 1;
      setOver(true);
    };
    const onLeave = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      depth = Math.max(0, depth - 1);
      if (depth === 0) setOver(false);
    };
    const onOver = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy';
    };
    const onDrop = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      depth = 0;
      setOver(false);
      openFiles({ files: [...(event.dataTransfer?.files ?? [])] });
    };
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') setOver(false);
    };
    addEventListener('dragenter', onEnter);
    addEventListener('dragleave', onLeave);
    addEventListener('dragover', onOver);
    addEventListener('drop', onDrop);
    addEventListener('keydown', onKeyDown);
    return () => {
      removeEventListener('dragenter', onEnter);
      removeEventListener('dragleave', onLeave);
      removeEventListener('dragover', onOver);
      removeEventListener('drop', onDrop);
      removeEventListener('keydown', onKeyDown);
    };
  }, []);

  return (
    <>
      {isOver && (
        <div className="file-drop" aria-hidden="true">
          <div>
            <Icon name="file" />
            <strong>Drop to open</strong>
            <span>
              pprof, JFR, OTLP, execution traces of Go, speedscope, .cpuprofile, Chrome traces, perf script,
              collapsed stacks. Nothing is stored.
            </span>
          </div>
        </div>
      )}
      {chosen && (
        <Suspense fallback={null}>
          <OpeningDialog key={times} chosen={chosen} onClose={() => setChosen(null)} />
        </Suspense>
      )}
    </>
  );
}
