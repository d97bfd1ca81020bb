/** Nobody reads faster, and drawing is most of what a storm costs. */
const leastGapMs = 125;

/**
 * Has `draw` called at the next frame, however often it is asked for until then: at once for something that comes
 * alone, and a few times a second for a storm. A page that is not looked at draws nothing.
 */
export function onFrames(draw: () => void): () => void {
  let isAsked = false;
  let drawnMs = Number.NEGATIVE_INFINITY;
  const frame = (nowMs: number): void => {
    if (nowMs - drawnMs < leastGapMs) {
      requestAnimationFrame(frame);
      return;
    }
    isAsked = false;
    drawnMs = nowMs;
    draw();
  };
  return () => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(frame);
  };
}
