/** The bounds of sequencing and publishing in this process; those of one round are `sequenceLimits` of @karmanflow/events. */
export const sequencerLimits = {
  /** Between two rounds when nothing waited. */
  idlePauseMilliseconds: 100,
  /** Between two rounds under load: a transaction and a flush for each command would take from the commands. */
  busyPauseMilliseconds: 20,
  /** From the start of one publication to the start of the next. */
  publishIntervalMilliseconds: 500,
  /** After the signer refused: that does not pass by itself, and somebody has to look. */
  refusedPauseMilliseconds: 30_000,
  /** Between two tries to become the leader. */
  candidateIntervalMilliseconds: 500,
  /** Rounds that may fail in a row before the session, and with it the term, is given up. */
  failuresPerTerm: 3,
  backlogIntervalMilliseconds: 1_000,
  /** The leader's session, the one that publishes, and one for looking. */
  connections: 4,
  /** Logs whose files are written at the same time. */
  logsAtOnce: 8,
  /** For all questions of one round to all witnesses. */
  witnessDeadlineMilliseconds: 5_000,
  /** How much longer the others are waited for once there is a quorum. */
  witnessGraceMilliseconds: 500,
  /** To one witness in a round: it says what size it has, and may say another one when it was asked by two. */
  witnessQuestions: 3,
  /** A witness that failed is not asked for this long, doubled by each further failure. */
  witnessRestMilliseconds: 1_000,
  witnessRestMillisecondsMax: 30_000,
  /** Some hundred signature lines. */
  witnessAnswerBytes: 65_536,
  /** Between two tries to get a quorum, where publishing waits for it. */
  quorumPauseMilliseconds: 5_000,
} as const;
