import { visiblePieces } from '../../../../shared/visible-text.ts';

/** Text of unknown origin: nothing in it turns what is around it, and what can't be seen is shown as an escape. */
export function Visible({ text, class: className }: { text: string; class?: string }) {
  return (
    <bdi class={className}>
      {visiblePieces(text).map((piece, index) =>
        piece.escaped ? (
          <span key={index} class="escape">
            {piece.text}
          </span>
        ) : (
          piece.text
        ),
      )}
    </bdi>
  );
}
