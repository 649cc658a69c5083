/** A SHA-256 digest that is made of bytes as they come, in constant memory. */
export interface RunningSha256 {
  readonly update: (bytes: Uint8Array) => void;
  /** 32 bytes. To be asked for once, at the end. */
  readonly digest: () => Uint8Array;
}
