import { splitPath } from '../model/text.ts';
import { Visible } from './visible.tsx';

/** A path whose last name is read first; where it is too long, the directory gives way. */
export function Path({ path, label }: { path: string; label?: string | undefined }) {
  const { directory, name } = splitPath(path);
  return (
    <span class="path">
      {label !== undefined && <Visible class="path-root" text={label} />}
      {directory !== '' && <Visible class="path-directory" text={directory} />}
      <Visible class="path-name" text={name} />
    </span>
  );
}
