declare module 'fs-native-extensions' {
  /** Locks an open file for this process, until it ends; false where another one has it. */
  export function tryLock(descriptor: number): boolean;
}
