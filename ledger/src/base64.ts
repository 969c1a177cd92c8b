/** Standard base64 with padding (RFC 4648 section 4), strict: one text for each sequence of bytes. */

/** The bytes, or null when the text is not exactly how `encodeBase64` writes some bytes. */
export function decodeBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
}

export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}
