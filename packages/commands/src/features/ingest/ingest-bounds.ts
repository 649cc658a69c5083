/** Bounds of this feature. Counts of characters are also counts of bytes wherever only ASCII is allowed. */
export const ingestBounds = {
  /** Secrets of one source that are live at the same time: each costs one HMAC over every body. */
  secretsPerSource: 8,
  toleranceMaxSeconds: 24 * 60 * 60,
  settingsCharacters: 4_096,
  urlCharacters: 2_048,
  signedComponents: 32,
  /** Limits of one source, in each process of ingest. */
  messagesPerSecondMax: 10_000,
  messagesPerSecondDefault: 100,
  burstMessagesMax: 100_000,
  burstMessagesDefault: 500,
  bodyBytesMin: 1_024,
  messageIdCharacters: 255,
  subjectCharacters: 200,
  /** Mappings */
  mappingCharacters: 32 * 1_024,
  mappingRevisions: 1_000,
  rules: 32,
  conditions: 8,
  expressionDepth: 12,
  expressionNodes: 500,
  tableEntries: 500,
  pointerCharacters: 255,
  /** Evaluations of expressions for one message: what a mapping may cost, whatever the message. */
  evaluationSteps: 10_000,
  /** Elements of one array that a mapping goes through. */
  elements: 100,
  /** JMESPath: of one expression, judged when the mapping is set. */
  jmespathCharacters: 1_000,
  jmespathNodes: 250,
  jmespathDepth: 32,
  /** Lists and objects within each other in what an expression gives or compares. */
  jmespathResultDepth: 32,
  /** Elements, members and characters that an evaluation looks at for the price of one step. */
  unitsPerStep: 64,
  /** Quarantine */
  heldMessagesPerSource: 200,
  heldBytesPerSource: 32 * 1_024 * 1_024,
  heldSeconds: 14 * 24 * 60 * 60,
  sealedCharacters: 2 * 1_024 * 1_024,
  outlineCharacters: 16 * 1_024,
  outlineFields: 200,
  detailCharacters: 500,
} as const;
