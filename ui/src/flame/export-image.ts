import { saveBlob } from '../widgets/save-file.ts';

export interface ImageCaption {
  /** What it is of: scope and value type. */
  readonly title: string;
  /** How much, and of when. */
  readonly subtitle: string;
}

interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const MARGIN = 16;
const CAPTION_HEIGHT = 46;

/** Whether there is a flame graph in sight to make a picture of. */
export function hasFlameImage(): boolean {
  return canvases().length > 0;
}

/** The flame graphs in sight as they are, in one picture under a caption; several keep their places to each other. */
export function saveFlameImage(caption: ImageCaption, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const picture = drawn(canvases(), caption);
    if (!picture) {
      reject(new Error('there is no flame graph in sight'));
      return;
    }
    picture.toBlob((blob) => {
      if (!blob) {
        reject(new Error('the browser could not make the picture'));
        return;
      }
      saveBlob(blob, name.endsWith('.png') ? name : `${name}.png`);
      resolve();
    }, 'image/png');
  });
}

/** The smallest rectangle around all of them. */
export function around(boxes: readonly Rect[]): Rect {
  const x = Math.min(...boxes.map((box) => box.x));
  const y = Math.min(...boxes.map((box) => box.y));
  return {
    x,
    y,
    width: Math.max(...boxes.map((box) => box.x + box.width)) - x,
    height: Math.max(...boxes.map((box) => box.y + box.height)) - y,
  };
}

function canvases(): HTMLCanvasElement[] {
  return [...document.querySelectorAll<HTMLCanvasElement>('.flame-view canvas')].filter(
    (canvas) => canvas.width > 0 && canvas.getBoundingClientRect().width > 0,
  );
}

function drawn(sources: readonly HTMLCanvasElement[], caption: ImageCaption): HTMLCanvasElement | undefined {
  const [first] = sources;
  if (!first) return undefined;
  const boxes = sources.map((source) => source.getBoundingClientRect());
  const area = around(boxes);
  const ratio = first.width / (boxes[0]?.width ?? first.width);
  const picture = document.createElement('canvas');
  picture.width = Math.round((area.width + 2 * MARGIN) * ratio);
  picture.height = Math.round((area.height + CAPTION_HEIGHT + 2 * MARGIN) * ratio);
  const context = picture.getContext('2d');
  if (!context) return undefined;
  const style = getComputedStyle(first);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = token('--surface');
  context.fillRect(0, 0, picture.width, picture.height);
  context.textBaseline = 'top';
  context.fillStyle = token('--text');
  context.font = `600 14px ${token('--font')}`;
  context.fillText(caption.title, MARGIN, MARGIN, area.width);
  context.fillStyle = token('--text-muted');
  context.font = `12px ${token('--font')}`;
  context.fillText(caption.subtitle, MARGIN, MARGIN + 20, area.width);
  sources.forEach((source, index) => {
    const box = boxes[index];
    if (!box) return;
    const x = box.x - area.x + MARGIN;
    const y = box.y - area.y + MARGIN + CAPTION_HEIGHT;
    context.drawImage(source, x, y, box.width, box.height);
  });
  return picture;
}
