// What a failure means for the caller, before a stream and in it.

/** A failure with nothing known but what it is. */
export function plain(kind, message, hint, retryable) {
  const tagged = typeof kind === "string" ? { tag: kind } : kind;
  const unknown = { retryAfterMs: null, code: null, status: null, requestId: null, suggestions: [] };
  return { kind: tagged, message, hint: hint || null, retryable, ...unknown };
}

const other = (name) => ({ tag: "other", val: name });

const WAIT = "wait and try again, or send less at once";
const LATER = "try again in a while";
const CREDENTIALS = "`quarry auth status` shows which credentials are used";
const MODELS = "`quarry models list` shows what there is";

// By the exception's name in lower case: kind, whether to try again, what pi's clients know it by, what to do.
const EXCEPTIONS = {
  throttlingexception: ["throttled", true, "Throttling error", WAIT],
  toomanyrequestsexception: ["throttled", true, "Throttling error", WAIT],
  servicequotaexceededexception: ["quota", false, null, "ask AWS for a higher quota, or use another model"],
  serviceunavailableexception: ["overloaded", true, "Service unavailable", LATER],
  modelnotreadyexception: ["overloaded", true, null, LATER],
  modeltimeoutexception: ["timeout", true, null, "ask for less at once"],
  modelerrorexception: ["model-output", true, null, LATER],
  modelstreamerrorexception: ["service", true, "Model stream error", LATER],
  internalserverexception: ["service", true, "Internal server error", LATER],
  internalfailure: ["service", true, "Internal server error", LATER],
  validationexception: ["validation", false, "Validation error", null],
  accessdeniedexception: ["denied", false, null, "grant the permission that the message names"],
  expiredtokenexception: ["credentials-invalid", false, null, CREDENTIALS],
  unrecognizedclientexception: ["credentials-invalid", false, null, CREDENTIALS],
  resourcenotfoundexception: ["model-not-found", false, null, MODELS],
};

// Where no name says more.
const STATUSES = {
  400: ["validation", false, null, null],
  401: ["credentials-invalid", false, null, CREDENTIALS],
  403: ["denied", false, null, CREDENTIALS],
  404: ["model-not-found", false, null, MODELS],
  408: ["timeout", true, null, LATER],
  429: ["throttled", true, null, WAIT],
  500: ["service", true, null, LATER],
  503: ["overloaded", true, null, LATER],
};

// How Bedrock and the models behind it say that the input is too long.
const OVERFLOW = new RegExp(
  "(input|prompt) (is )?too long|max(imum number of)? input token|too many input tokens|" +
    "maximum (context length|number of tokens)|exceeds the max(imum)? number of",
  "i",
);

/** An error that the service answered with, by its name, its status and AWS's own words. */
export function answered(operation, name, status, message) {
  const known = Object.hasOwn(EXCEPTIONS, name.toLowerCase()) ? EXCEPTIONS[name.toLowerCase()] : STATUSES[status];
  const [kind, retryable, title, hint] = known ?? [other(name || "response"), false, null, null];
  const called = title || name || (status === null ? `${operation} failed` : `${operation} failed with HTTP ${status}`);
  const failure = plain(kind, message ? `${called}: ${message}` : called, hint, retryable);
  return refined(failure, message ?? "");
}

/** One name covers failures that want different answers; AWS's words tell them apart. */
function refined(failure, words) {
  const became = (kind, hint) => ({ ...failure, kind: { tag: kind }, retryable: false, hint });
  const { tag } = failure.kind;
  if (tag === "throttled" && /per day|daily/i.test(words)) return became("quota", "the quota of the day is used up");
  if (!["validation", "service", "model-output"].includes(tag)) return failure;
  if (OVERFLOW.test(words)) return became("context-overflow", "make the conversation shorter");
  if (/invalid sequence as part of tooluse/i.test(words)) return became("model-output", "change the prompt or the tools");
  return failure;
}

const words = (error) => error.message ?? "no reason was given";

const STAGES = {
  "credentials-missing": ({ operation }) =>
    plain("credentials-missing", `No AWS credentials were found for ${operation}`, CREDENTIALS, false),
  "credentials-failed": (error) =>
    plain("credentials-missing", `The AWS credentials could not be loaded: ${words(error)}`, CREDENTIALS, false),
  connect: (error) => plain("transport", `Could not connect to Bedrock: ${words(error)}`, LATER, true),
  timeout: ({ operation }) => plain("timeout", `Bedrock did not answer ${operation} in time`, LATER, true),
  unreadable: ({ operation }) =>
    plain("damaged", `The answer to ${operation} cannot be read`, "check that the endpoint is Bedrock", false),
  aborted: () => plain("aborted", "Request was aborted", null, false),
};

/** A request that failed before its stream began. */
export function explain(error) {
  // `x-amzn-errortype` may go on after a colon, `__type` begin with a namespace.
  const name = (error.code ?? "").split(":")[0].split("#").pop().trim();
  const stage = STAGES[error.stage.tag];
  const failure = stage ? stage(error) : answered(error.operation, name, error.status ?? null, error.message);
  return { ...failure, status: error.status, code: name || null, requestId: error.requestId };
}
