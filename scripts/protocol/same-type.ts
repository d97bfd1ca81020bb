// Types that are compared by the compiler.

/** All that JSON can say of a type. */
type Defined<T> = (T & NonNullable<unknown>) | (T & null);

/** What a value is, all the way down, whatever its type is composed of. */
type Plain<T> = T extends object ? { [K in keyof T]: Plain<Defined<T[K]>> } : T;

/** Whether two types have the same members, optional ones too, which assignability does not tell. */
export type Same<A, B> =
  (<T>() => T extends Plain<A> ? 1 : 2) extends <T>() => T extends Plain<B> ? 1 : 2 ? true : false;

/** Does not compile for anything but `true`. */
export type Expect<T extends true> = T;
