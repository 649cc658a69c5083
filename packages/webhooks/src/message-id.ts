/**
 * The characters of a message id: visible ASCII without '.', which separates the parts of the signed content.
 * A '.' in an id would let two different messages have the same signed content.
 */
const messageIdPattern = /^[!-\-/-~]+$/;

/** Whether the text is not empty and has only characters of a message id. Its length is judged apart. */
export function hasMessageIdCharacters(text: string): boolean {
  return messageIdPattern.test(text);
}
