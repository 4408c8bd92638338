// What a failure means for the caller, before a stream and in it.

/** A failure with nothing known but what it is. */
export function plain(kind, message, hint, retryable) {
  const tagged = typeof kind === "string" ? { tag: kind } : kind;
  const unknown = { retryAfterMs: null, code: null, status: null, requestId: null, suggestions: [] };
  return { kind: tagged, message, hint: hint || null, retryable, ...unknown };
}

const other = (name) => ({ tag: "other", val: name });

const LATER = "try again later";
const SLOWER = "wait and try again, send fewer requests at once, or request a higher quota from AWS";
const LOGIN = "get new credentials (for SSO: `aws sso login`); `quarry auth status` shows which source is used";
const CLOCK = "check the secret key and the clock of this machine; `quarry auth status` shows which source is used";
const GRANT = "grant the permission that the message names";
const ENDPOINT = "check that the endpoint is Bedrock's";
const FORM =
  "fill out the use case form of the model's provider in the Bedrock console, and try again 15 minutes later";

const THROTTLED = ["throttled", true, "Throttling error", SLOWER];
const OVERLOADED = ["overloaded", true, "Service unavailable", LATER];
const INTERNAL = ["service", true, "Internal server error", LATER];
const VALIDATION = ["validation", false, "Validation error", null];
const DENIED = ["denied", false, null, GRANT];
const EXPIRED = ["credentials-invalid", false, null, LOGIN];
const UNSIGNED = ["credentials-invalid", false, null, CLOCK];

// By the exception's name in lower case: kind, whether to try again, what pi's clients know it by, what to do.
const EXCEPTIONS = {
  throttlingexception: THROTTLED,
  throttledexception: THROTTLED,
  throttling: THROTTLED,
  requestlimitexceeded: THROTTLED,
  toomanyrequestsexception: THROTTLED,
  servicequotaexceededexception: ["quota", false, null, "request a higher quota from AWS, or use another model"],
  serviceunavailableexception: OVERLOADED,
  serviceunavailable: OVERLOADED,
  modelnotreadyexception: ["overloaded", true, null, "the model is being loaded; try again in a minute"],
  modeltimeoutexception: ["timeout", true, null, "request a shorter answer or send less input, then try again"],
  modelerrorexception: ["model-output", true, null, "try again; if the error persists, change the prompt or the tools"],
  modelstreamerrorexception: ["service", true, "Model stream error", LATER],
  internalserverexception: INTERNAL,
  internalservererror: INTERNAL,
  internalfailure: INTERNAL,
  conflictexception: ["service", true, null, LATER],
  validationexception: VALIDATION,
  validationerror: VALIDATION,
  serializationexception: ["validation", false, null, null],
  invalidaction: ["validation", false, null, ENDPOINT],
  unknownoperationexception: ["validation", false, null, ENDPOINT],
  accessdeniedexception: DENIED,
  accessdenied: DENIED,
  notauthorized: DENIED,
  optinrequired: ["denied", false, null, "sign the account up for Bedrock"],
  ftuformnotfilled: ["model-not-enabled", false, null, FORM],
  badcscoreexception: ["model-not-enabled", false, null, "contact AWS Support for access to this model"],
  mpagreementbeingcreated: [
    "model-not-enabled",
    true,
    null,
    "AWS is creating the subscription to this model; try again some minutes later",
  ],
  expiredtokenexception: EXPIRED,
  expiredtoken: EXPIRED,
  unrecognizedclientexception: EXPIRED,
  invalidclienttokenid: EXPIRED,
  missingauthenticationtokenexception: EXPIRED,
  missingauthenticationtoken: EXPIRED,
  requestexpired: UNSIGNED,
  incompletesignatureexception: UNSIGNED,
  incompletesignature: UNSIGNED,
  invalidsignatureexception: UNSIGNED,
  signaturedoesnotmatch: UNSIGNED,
  resourcenotfoundexception: ["model-not-found", false, null, "`quarry models list` shows the models you can use"],
};

// Where no name says more.
const STATUSES = {
  400: ["validation", false, null, null],
  401: EXPIRED,
  403: ["denied", false, null, "check the credentials and their permissions for Bedrock"],
  404: ["model-not-found", false, null, "check the model id, the region and the endpoint"],
  408: ["timeout", true, null, LATER],
  413: ["validation", false, null, "send less in one request"],
  424: ["model-output", true, null, LATER],
  429: ["throttled", true, null, SLOWER],
  500: ["service", true, null, LATER],
  502: ["overloaded", true, null, LATER],
  503: ["overloaded", true, null, LATER],
  504: ["timeout", true, null, LATER],
  529: ["overloaded", true, null, LATER],
};

const own = (table, key) => (Object.hasOwn(table, key) ? table[key] : undefined);

// ---- AWS's words: one name covers failures that want different answers -------------------------------------------

// How Bedrock and the models behind it say that the input is too long.
const OVERFLOW = new RegExp(
  "input is too long|prompt (is )?too long|max input token|too many input tokens|maximum context length|" +
    "maximum number of (input )?tokens|exceeds the max(imum)? number of|exceeds the maximum tokens|" +
    "input token count exceeds|model_context_window_exceeded",
  "i",
);

const listModels = (failure, { region }) =>
  `\`quarry models list\` shows the models of ${region ? `the region ${region}` : "this region"}`;

function inferenceProfile(failure, { modelId, region }) {
  failure.suggestions = profiles(modelId ?? "", region ?? "");
  if (failure.suggestions.length === 0) {
    return "name the id or ARN of an inference profile; `quarry models list` shows them";
  }
  const ids = failure.suggestions.join(" or ");
  return (
    `use an inference profile of the model, named ${ids} by Bedrock's pattern; ` +
    "`quarry models list` shows the profiles you can use"
  );
}

// Kinds that the name gave, words, kind, what to do. The first that fits holds, and none is worth another try.
const RULES = [
  // Waiting a moment does not help.
  [["throttled"], /per day|daily/i, "quota", "the daily quota is used up: use another model or region, or request a higher quota from AWS"],
  // Not for throttling, whose "too many tokens" is no overflow.
  [
    ["validation", "service", "model-output"],
    OVERFLOW,
    "context-overflow",
    "make the conversation shorter, or use a model with a larger context",
  ],
  [["validation"], /on-demand throughput/i, "needs-inference-profile", inferenceProfile],
  [
    ["validation"],
    /model identifier is invalid|invalid model id|could not resolve the foundation model/i,
    "model-not-found",
    listModels,
  ],
  [
    ["validation"],
    /data retention mode/i,
    "validation",
    "See https://docs.aws.amazon.com/bedrock/latest/userguide/data-retention.html for supported data retention modes.",
  ],
  [
    ["validation"],
    /signature` in `thinking|signature: field required|thinking_blocks cannot be modified/i,
    "validation",
    "the conversation contains thinking that was changed or that another model wrote: send thinking back unchanged, or leave it out",
  ],
  [["validation"], /operation not allowed/i, "denied", "AWS does not let this account invoke models yet: contact AWS Support"],
  [
    ["denied", "model-not-found", "validation", "model-not-enabled"],
    /use case details|use[- ]case form/i,
    "model-not-enabled",
    FORM,
  ],
  [
    ["denied"],
    /payment[ _]instrument/i,
    "model-not-enabled",
    "add a valid payment method to the AWS account; the permissions are sufficient",
  ],
  [
    ["denied"],
    /aws-marketplace|marketplace subscription/i,
    "model-not-enabled",
    "enable access to this model once, as an identity with aws-marketplace:Subscribe and " +
      "aws-marketplace:ViewSubscriptions, and try again some minutes later",
  ],
  [
    ["denied"],
    /access to the model|model access/i,
    "model-not-enabled",
    "enable access to this model in the Bedrock console of the region",
  ],
  // A bearer token that is over is no lack of permissions.
  [
    ["denied"],
    /token (has|is) expired|request is expired|make sure your api key is valid/i,
    "credentials-invalid",
    LOGIN,
  ],
  [
    ["denied"],
    /service control policy|explicit deny/i,
    "denied",
    "a policy forbids the call; an inference profile invokes the model in every region of its geography, so the " +
      "policy must allow all of them",
  ],
  [
    ["model-not-found"],
    /end of its life|legacy/i,
    "model-not-found",
    "AWS has retired this version of the model; `quarry models list` shows the models you can use",
  ],
  [
    ["validation"],
    /tool use in streaming mode/i,
    "validation",
    "this model cannot call tools while it streams: use a model that can, or send no tools",
  ],
  [["validation"], /does(n't| not) support tool use/i, "validation", "use a model that can call tools, or send no tools"],
  [
    ["service", "model-output"],
    /invalid sequence as part of tooluse/i,
    "model-output",
    "the model could not write a valid tool call: change the prompt or the tools",
  ],
];

function refine(failure, words, where) {
  const rule = RULES.find(([of, pattern]) => of.includes(failure.kind.tag) && pattern.test(words));
  if (!rule) return failure;
  const [, , kind, hint] = rule;
  const refined = { ...failure, kind: { tag: kind }, retryable: false };
  refined.hint = typeof hint === "string" ? hint : hint(refined, where);
  return refined;
}

// Geographies whose profiles can be asked for: of regions with one of their own, then by the region's first part.
const GEOGRAPHIES = {
  "ap-northeast-1": ["jp", "apac", "global"],
  "ap-northeast-3": ["jp", "apac", "global"],
  "ap-southeast-2": ["au", "apac", "global"],
  "ap-southeast-4": ["au", "apac", "global"],
  "ap-south-1": ["in", "apac", "global"],
  "ap-south-2": ["in", "apac", "global"],
};
const CONTINENTS = { us: ["us", "global"], eu: ["eu", "global"], ap: ["apac", "global"], ca: ["ca", "global"], cn: [] };

/** Ids of inference profiles that may do, by the rule by which Bedrock names its own. The nearest geography comes first. */
function profiles(modelId, region) {
  // Other ARNs than a foundation model's name what is nobody's base model.
  const base = modelId.startsWith("arn:")
    ? (modelId.split(":foundation-model/")[1] ?? "")
    : modelId.replace(/^([a-z]{2}|apac|global|us-gov)\.(?=.*\.)/, "");
  if (base === "") return [];
  const near = region.startsWith("us-gov-") ? ["us-gov"] : own(GEOGRAPHIES, region) ?? own(CONTINENTS, region.split("-")[0]);
  return (near ?? ["global"]).map((geography) => `${geography}.${base}`);
}

// ---- Failures ----------------------------------------------------------------------------------------------------

/** A name or an id, if it can be one: what is longer is none (pi's bound). */
function told(text) {
  const trimmed = (text ?? "").trim();
  return trimmed !== "" && trimmed.length <= 200 ? trimmed : null;
}

/** The bare name of an exception: `x-amzn-errortype` may go on after a colon, `__type` begin with a namespace. */
function exceptionName(code) {
  const name = told((code ?? "").split(":")[0].split("#").pop());
  // The SDKs say so where the service named nothing.
  return name?.toLowerCase() === "unknown" ? null : name;
}

/** An error that the service answered with, by its name, its status and AWS's own words. */
function answered(operation, name, status, message) {
  const known = own(EXCEPTIONS, (name ?? "").toLowerCase()) ?? own(STATUSES, status);
  const [kind, retryable, title, hint] = known ?? [other(name ?? "response"), false, null, null];
  const called = title ?? name ?? (status === null ? `${operation} failed` : `${operation} failed with HTTP ${status}`);
  return plain(kind, message ? `${called}: ${message}` : called, hint, retryable);
}

/** An exception inside a stream. `status` is what the model answered to Bedrock, where that was told. */
export function streamException(code, status, message, modelId) {
  const name = exceptionName(code);
  const failure = { ...answered("ConverseStream", name, null, message), code: name, status };
  // It says whose fault it was: a 400 of the model's comes again for the same request. Who may do what is between Bedrock
  // and the model.
  const row = [401, 403, 404].includes(status) ? undefined : own(STATUSES, status);
  if (failure.kind.tag === "service" && row) {
    const [kind, retryable, , hint] = row;
    Object.assign(failure, { kind: { tag: kind }, retryable, hint });
  }
  return refine(failure, message ?? "", { modelId });
}

const STAGES = {
  "credentials-missing": ({ operation }) =>
    plain(
      "credentials-missing",
      `No AWS credentials were found for ${operation}`,
      "set AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run where an " +
        "instance role is attached; `quarry auth status` shows every source and its state",
      false,
    ),
  "credentials-failed": (error, words) =>
    plain(
      "credentials-missing",
      `The AWS credentials could not be loaded: ${words}`,
      "if they come from SSO, run `aws sso login`; `quarry auth status` shows which source is used",
      false,
    ),
  connect: (error, words) =>
    plain(
      "transport",
      `Could not connect to Bedrock: ${words}`,
      "check the region, the endpoint (baseUrl, AWS_ENDPOINT_URL) and the network, then try again",
      true,
    ),
  timeout: ({ operation, message }) =>
    plain("timeout", `Bedrock did not answer ${operation} in time${message ? `: ${message}` : ""}`, "try again", true),
  unreadable: ({ operation }, words) =>
    plain(
      "damaged",
      `The answer to ${operation} cannot be read: ${words}`,
      "check that the endpoint is Bedrock and not a proxy in front of it",
      false,
    ),
  aborted: () => plain("aborted", "Request was aborted", null, false),
  other: ({ operation, stage }, words) => plain(other(stage.val), `${operation} failed: ${words}`, "try again", false),
};

/** A request that failed before its stream began. */
export function explain(error) {
  const name = exceptionName(error.code);
  const message = (error.message ?? "").trim();
  const status = error.status ?? null;
  const stage = own(STAGES, error.stage.tag);
  const failure = stage
    ? stage({ ...error, message }, message || "no reason was given")
    : answered(error.operation, name, status, message);
  const known = { status, code: name, requestId: told(error.requestId), retryAfterMs: milliseconds(error.retryAfter) };
  return refine({ ...failure, ...known }, message, error);
}

/** `retry-after` in seconds, with a fraction where a proxy writes one. A date says nothing here: there is no clock. */
function milliseconds(header) {
  const [, whole, fraction = ""] = /^(\d+)(?:\.(\d+))?$/.exec((header ?? "").trim()) ?? [];
  if (whole === undefined) return null;
  const value = Number(whole) * 1000 + Number(fraction.padEnd(3, "0").slice(0, 3));
  return Number.isSafeInteger(value) ? value : null;
}
