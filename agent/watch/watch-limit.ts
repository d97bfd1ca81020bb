// What is said when the kernel gives no more watches for an interest.
import { DevagentError } from '../../shared/index.ts';

/** The refusal of a view for whose directories there are no watches. */
export function watchLimit(error: NodeJS.ErrnoException): DevagentError {
  const limit = error.code === 'EMFILE' ? 'max_user_instances' : 'max_user_watches';
  return new DevagentError(
    'watch_limit',
    `the kernel has no more inotify watches for what the ignore rules leave out (${error.code}): ask for less with match, or raise the limit, such as with "sudo sysctl fs.inotify.${limit}=1048576"`,
    { cause: error },
  );
}
