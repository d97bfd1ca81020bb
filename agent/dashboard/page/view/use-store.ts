import { useEffect, useReducer } from 'preact/hooks';
import type { Store } from '../store.ts';

/** The store's value; the component is drawn again when it changes. */
export function useStore<Value>(store: Store<Value>): Value {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const value = store.get();
  useEffect(() => {
    // It may have changed between drawing and now.
    if (store.get() !== value) redraw(undefined);
    return store.subscribe(() => redraw(undefined));
  }, [store]);
  return value;
}
