/** Signs with one Ed25519 key (RFC 8032 section 5.1.6). The private key is no field of it. */
export interface Ed25519Signer {
  /** The 32 bytes of the public key. */
  readonly publicKey: Uint8Array;
  /** Pure Ed25519 over `bytes`: 64 bytes. */
  readonly sign: (bytes: Uint8Array) => Uint8Array;
}
